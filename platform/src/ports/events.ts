import type { EventRecord } from '../contracts/events.ts';
import type { Tx } from './transaction.ts';

export interface NewEvent {
  readonly type: string;
  readonly subject: string;
  readonly data: Readonly<Record<string, unknown>>;
  /** Default 'system'. */
  readonly actor?: string;
}

/** The audit log and outbox: an event exists if and only if the change it tells of was committed, in commit order. */
export interface EventLog {
  append(tx: Tx, event: NewEvent): Promise<void>;
  /** Events after `sequence`, oldest first, at most `limit`. */
  after(sequence: number, limit: number): Promise<EventRecord[]>;
  /** Newest first, with filters; `before` is a sequence (exclusive). */
  recent(query: {
    readonly before?: number;
    readonly limit: number;
    readonly type?: string;
    readonly subject?: string;
  }): Promise<EventRecord[]>;
  /** Calls `listener` soon after each commit that appended. Returns the unsubscribe function. */
  subscribe(listener: () => void): () => void;
}
