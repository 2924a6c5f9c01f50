import { join } from 'node:path';
import { type EngineSession, sqlName, sqlText } from '../../ports/engine.ts';
import { snapshotSql } from '../../ports/snapshot-part.ts';
import type { TableSchema } from '../../tables/table.ts';
import { copySql } from '../part-file.ts';
import { measurePart } from '../statistics.ts';
import type { NewPart, PartFile } from './job.ts';

/**
 * Merge by key: of rows with one key in the new parts the last stays; rows of older parts with such a key leave. An older part without
 * any of the keys is kept as it is, so the cost follows what changes, not what there is (beside reading the keys).
 */
export async function mergeByKey(
  session: EngineSession,
  work: {
    readonly workDir: string;
    readonly key: readonly string[];
    readonly schema: TableSchema;
    readonly fresh: readonly NewPart[];
    readonly parent: readonly PartFile[];
  },
): Promise<{ fresh: NewPart; superseded: number; replaced: { digest: string; part: NewPart | null }[] }> {
  const { key, schema, fresh, workDir } = work;
  const keys = key.map(sqlName).join(', ');
  const rows = snapshotSql(
    fresh.map(({ path }) => path),
    schema,
  );
  const columns = schema.columns.map(({ name }) => sqlName(name)).join(', ');
  const merged = join(workDir, 'merged.parquet');
  await session.run(
    `CREATE TEMP TABLE fresh AS SELECT *, row_number() OVER () AS slipway_order FROM (${rows})`,
  );
  await session.run(
    copySql(
      `SELECT ${columns} FROM fresh QUALIFY row_number() OVER (PARTITION BY ${keys} ORDER BY slipway_order DESC) = 1 ORDER BY slipway_order`,
      merged,
    ),
  );
  const statistics = await measurePart(session, merged, schema);
  const read = fresh.reduce((sum, part) => sum + part.rows, 0);
  const replaced: { digest: string; part: NewPart | null }[] = [];
  for (const [index, part] of work.parent.entries()) {
    const left = await withoutKeys(session, { part, index, schema, keys, columns, workDir });
    if (left !== undefined) replaced.push({ digest: part.digest, part: left });
  }
  await session.run('DROP TABLE fresh');
  return {
    fresh: { path: merged, rows: statistics.rows, statistics },
    superseded: read - statistics.rows,
    replaced,
  };
}

interface Older {
  readonly part: PartFile;
  readonly index: number;
  readonly schema: TableSchema;
  readonly keys: string;
  readonly columns: string;
  readonly workDir: string;
}

/** What is left of an older part; undefined when it has none of the keys, null when nothing is left. */
async function withoutKeys(session: EngineSession, older: Older): Promise<NewPart | null | undefined> {
  const { part, schema, keys, columns, workDir } = older;
  const rows = snapshotSql([part.path], schema);
  const [found] = await session.rows(
    `SELECT count(*) AS n FROM (${rows}) WHERE (${keys}) IN (SELECT (${keys}) FROM fresh)`,
  );
  const gone = Number(found!['n']);
  if (gone === 0) return undefined;
  if (gone === part.rows) return null;
  const path = join(workDir, `kept-${older.index}.parquet`);
  await session.run(
    copySql(`SELECT ${columns} FROM (${rows}) WHERE (${keys}) NOT IN (SELECT (${keys}) FROM fresh)`, path),
  );
  const statistics = await measurePart(session, path, schema);
  return { path, rows: statistics.rows, statistics };
}

/** A part without the rows in the temporary table `bad`, or with a value of them missing. */
export async function rewritePart(
  session: EngineSession,
  work: {
    readonly part: string;
    readonly to: string;
    readonly schema: TableSchema;
    /** Rules whose rows leave; the others lose the value of the rule's column. */
    readonly leaving: ReadonlySet<number>;
    readonly blanked: ReadonlyMap<number, string>;
  },
): Promise<NewPart> {
  const { part, to, schema, leaving, blanked } = work;
  const columns = schema.columns.map(({ name }) => {
    const rules = [...blanked].filter(([, column]) => column === name).map(([rule]) => rule);
    const own = `p.${sqlName(name)}`;
    return rules.length === 0
      ? own
      : `CASE WHEN b.rule IN (${rules.join(', ')}) THEN NULL ELSE ${own} END AS ${sqlName(name)}`;
  });
  const stays = leaving.size === 0 ? 'true' : `b.rule IS NULL OR b.rule NOT IN (${[...leaving].join(', ')})`;
  await session.run(
    copySql(
      `SELECT ${columns.join(', ')} FROM read_parquet(${sqlText(part)}, file_row_number = true) AS p
       LEFT JOIN bad AS b ON b.row = p.file_row_number WHERE ${stays} ORDER BY p.file_row_number`,
      to,
    ),
  );
  const statistics = await measurePart(session, to, schema);
  return { path: to, rows: statistics.rows, statistics };
}
