import type { Page, PageQuery } from '../contracts/common.ts';
import type { Tx } from '../ports/transaction.ts';
import type { Coercions, DecodedColumn } from '../tables/coercion.ts';

export interface MonitorRow {
  readonly name: string;
  readonly deployment: string;
  readonly version: number;
  readonly revision: number;
  readonly baselineDigest: string;
  readonly coercions: Coercions;
  readonly createdAt: number;
  /** How far the prediction log was read; moves in the same transaction as the window counts. */
  readonly position: string | null;
  readonly feedbackSequence: number;
}

/** Counts of one window: a mergeable sketch, JSON-able. */
export interface WindowCounts {
  readonly start: number;
  readonly end: number;
  readonly rows: number;
  readonly lastSeenAt: number;
  /** Per feature (then the prediction), in baseline order. */
  readonly features: readonly {
    readonly counts: readonly number[];
    readonly missing: number;
    readonly unseen: number;
    readonly invalid: number;
  }[];
  /** Sufficient statistics of realised performance, room-private. */
  readonly labelled?: Readonly<Record<string, unknown>>;
}

export interface MonitorStore {
  upsert(tx: Tx, monitor: Omit<MonitorRow, 'position' | 'feedbackSequence'>): Promise<void>;
  find(name: string): Promise<MonitorRow | undefined>;
  list(query: PageQuery): Promise<Page<MonitorRow>>;
  /** Newest last. */
  windows(name: string, query: { revision: number; since?: number; limit: number }): Promise<WindowCounts[]>;
  /** Writes windows (replacing same start) and the new positions. */
  save(
    tx: Tx,
    name: string,
    change: {
      revision: number;
      windows: readonly WindowCounts[];
      position: string;
      feedbackSequence: number;
    },
  ): Promise<void>;
  remove(tx: Tx, name: string): Promise<void>;
}

/** The prediction log, as the monitor reads it. Served by deployment, wired by app. */
export interface PredictionSource {
  read(
    deployment: string,
    from: string | undefined,
    rowsMax: number,
  ): Promise<{
    readonly batches: readonly {
      readonly revision: number;
      readonly times: Float64Array;
      readonly columns: readonly DecodedColumn[];
      readonly outputs: Float32Array;
      readonly outputsPerRow: number;
    }[];
    readonly next: string;
  }>;
  labelled(
    deployment: string,
    afterSequence: number,
    limit: number,
  ): Promise<{
    readonly items: readonly {
      readonly time: number;
      readonly revision: number;
      readonly prediction: string | number;
      readonly probabilities?: Readonly<Record<string, number>>;
      readonly label: string | number | boolean;
    }[];
    readonly next: number;
  }>;
}
