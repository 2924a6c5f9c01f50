import type { SourcePosition } from '../../feeding/ports.ts';
import { BOUNDARY_ROWS_MAX, cursorTooCoarse } from './databases.ts';

/**
 * Reading on by a column that grows, for databases whose rows pass through this process: from the last value on, and of the rows that have
 * it only those that were not read before. They are remembered by digest and how often each came. Values are compared by the database;
 * here they are only told apart.
 */
export class ValueCursor {
  /** The last value of the read before, as the database's own text; undefined: read everything. */
  readonly from: string | undefined;
  private readonly known: Map<string, number>;
  private readonly column: string;
  private last: string | undefined;
  private seen = new Map<string, number>();

  constructor(column: string, position: SourcePosition | null) {
    const before = position as { column?: unknown; last?: unknown; seen?: unknown } | null;
    const same = before?.column === column && typeof before.last === 'string';
    this.column = column;
    this.from = same ? (before.last as string) : undefined;
    this.known = new Map(same ? Object.entries((before.seen ?? {}) as Record<string, number>) : []);
    this.last = this.from;
    this.seen = new Map(this.known);
  }

  /** Rows must come in the order of the cursor. @returns whether the row is new */
  take(value: string | null, digest: () => string): boolean {
    if (value === null) return true;
    if (value === this.from) {
      const key = digest();
      const left = this.known.get(key) ?? 0;
      if (left > 0) {
        this.known.set(key, left - 1);
        return false;
      }
      this.count(key);
      return true;
    }
    if (value !== this.last) {
      this.last = value;
      this.seen = new Map();
    }
    this.count(digest());
    return true;
  }

  private count(key: string): void {
    this.seen.set(key, (this.seen.get(key) ?? 0) + 1);
  }

  /** @throws LIMIT_EXCEEDED when too many rows share the last value */
  get position(): SourcePosition | null {
    if (this.last === undefined) return null;
    if (this.seen.size > BOUNDARY_ROWS_MAX) throw cursorTooCoarse(this.column);
    return { column: this.column, last: this.last, seen: Object.fromEntries(this.seen) };
  }
}
