import type { Page, PageQuery } from '../contracts/common.ts';
import type { MonitorDetail, MonitorSummary } from '../contracts/monitors.ts';
import type { Tx } from '../ports/transaction.ts';
import type { Coercions } from '../tables/coercion.ts';

/** Reference statistics of the training part: what live traffic is compared with. JSON, stored as a blob with the bundle. */
export interface DriftBaseline {
  readonly format: 1;
  readonly rows: number;
  /** What the outputs of a prediction mean: class labels in their order (empty for regression). */
  readonly model: { readonly labels: readonly string[]; readonly positive: string | null };
  readonly features: readonly BaselineFeature[];
  /**
   * Distribution of the model's own predictions on held-out rows: values (regression), the positive class's probability (two
   * classes), or the most probable label (more).
   */
  readonly prediction: BaselineFeature;
  /** Holdout metric that realised performance is compared with. */
  readonly reference: { readonly metric: string; readonly value: number } | null;
}

export type BaselineFeature =
  | {
      readonly kind: 'numeric';
      readonly name: string;
      /** Inner bin edges (quantiles of the training part), ascending, distinct; bins = edges + 1. */
      readonly edges: readonly number[];
      readonly counts: readonly number[];
      readonly missing: number;
      readonly min: number;
      readonly max: number;
    }
  | {
      readonly kind: 'categorical';
      readonly name: string;
      /** Most frequent categories, then one bin 'other' for the rest of the known ones. */
      readonly categories: readonly string[];
      readonly counts: readonly number[];
      /** Known categories that fall into 'other'. */
      readonly others: readonly string[];
      readonly missing: number;
    };

export interface MonitoringService {
  /** Starts watching a revision (in the step's transaction). */
  create(
    tx: Tx,
    monitor: {
      deployment: string;
      version: number;
      revision: number;
      baselineDigest: string;
      coercions: Coercions;
    },
  ): Promise<void>;
  list(query: PageQuery): Promise<Page<MonitorSummary>>;
  /** Throws MONITOR_NOT_FOUND. */
  get(name: string): Promise<MonitorDetail>;
  /** Reads what the prediction log has gained and updates windows; called by a timer and before `get`. */
  catchUp(deployment?: string): Promise<void>;
  /** Prometheus families of all monitors: drift ratio per feature, rows, missing share. */
  metrics(): Promise<
    readonly { name: string; help: string; labels: Record<string, string>; value: number }[]
  >;
  close(): Promise<void>;
}
