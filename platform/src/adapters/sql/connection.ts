import type { Kysely, Transaction } from 'kysely';
import type { Clock } from '../../kernel/clock.ts';
import { SlipwayError, toSlipwayError } from '../../kernel/errors.ts';
import type { Transactor, Tx } from '../../ports/transaction.ts';
import type { Database } from './schema.ts';

/** What every store of this adapter shares. */
export interface SqlContext {
  /** For reads outside transactions. Inside one it would deadlock on SQLite: use `inTx`. */
  readonly db: Kysely<Database>;
  readonly project: string;
  readonly clock: Clock;
}

/** The Kysely handle behind a room's opaque `Tx`. */
export function inTx(tx: Tx): Transaction<Database> {
  return tx as unknown as Transaction<Database>;
}

/**
 * One writer at a time, in the order of asking, on both databases: the server is the only process that writes, so a queue in memory
 * makes the order of events the order of commits and leaves nothing to deadlock.
 */
export class WriteQueue implements Transactor {
  private tail: Promise<unknown> = Promise.resolve();
  private readonly committedListeners: (() => void)[] = [];
  private closed = false;

  constructor(private readonly db: Kysely<Database>) {}

  transaction<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    if (this.closed)
      return Promise.reject(new SlipwayError('CANCELLED', { message: 'the database is closed' }));
    const result = this.tail.then(() => this.run(work));
    this.tail = result.catch(() => undefined);
    return result;
  }

  onCommit(listener: () => void): void {
    this.committedListeners.push(listener);
  }

  /** Waits for what is queued, then refuses. */
  async close(): Promise<void> {
    this.closed = true;
    await this.tail;
  }

  private async run<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    try {
      const result = await this.db.transaction().execute((tx) => work(tx as unknown as Tx));
      for (const listener of this.committedListeners) listener();
      return result;
    } catch (error) {
      throw databaseError(error);
    }
  }
}

/** Names what the database says; a SlipwayError passes through. */
export function databaseError(error: unknown): SlipwayError {
  const code = String((error as { code?: unknown } | null)?.code ?? '');
  const message = error instanceof Error ? error.message : String(error);
  if (code.startsWith('SQLITE_FULL') || code === '53100' || /database or disk is full/i.test(message)) {
    return new SlipwayError('DISK_FULL', {
      message: `the database cannot grow: ${message}`,
      fix: 'Free space on the disk that holds the database, then run the same command again.',
      cause: error,
    });
  }
  return toSlipwayError(error);
}
