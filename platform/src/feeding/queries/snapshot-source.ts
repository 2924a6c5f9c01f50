import { type EngineSession, sqlName } from '../../ports/engine.ts';
import { snapshotSql } from '../../ports/snapshot-part.ts';
import type { TableSchema } from '../../tables/table.ts';

/** A snapshot as a child process is given it: files it may read, and what they hold. */
export interface SnapshotSource {
  readonly dataset: string;
  readonly version: number;
  readonly snapshot: string;
  readonly paths: readonly string[];
  readonly schema: TableSchema;
}

export function sourceSql(source: SnapshotSource, columns?: readonly string[]): string {
  const schema =
    columns === undefined
      ? source.schema
      : { columns: source.schema.columns.filter(({ name }) => columns.includes(name)) };
  return snapshotSql(source.paths, schema);
}

/** A column as text the way people see it: dates in ISO form, missing as NULL. */
export function textSql(name: string): string {
  return `${sqlName(name)}::VARCHAR`;
}

export async function createView(
  session: EngineSession,
  name: string,
  source: SnapshotSource,
): Promise<void> {
  await session.run(`CREATE VIEW ${sqlName(name)} AS ${sourceSql(source)}`);
}
