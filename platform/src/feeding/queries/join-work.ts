import { join } from 'node:path';
import type { JoinRequest } from '../../contracts/data-query.ts';
import { type Engine, sqlName } from '../../ports/engine.ts';
import type { ColumnType, SchemaColumn, TableSchema } from '../../tables/table.ts';
import type { NewPart } from '../loads/job.ts';
import { copySql } from '../part-file.ts';
import { measurePart } from '../statistics.ts';
import { unknownColumn } from './rows.ts';
import { type SnapshotSource, sourceSql } from './snapshot-source.ts';

export interface JoinWork {
  readonly request: Omit<JoinRequest, 'name' | 'left' | 'right'>;
  readonly left: SnapshotSource;
  readonly right: SnapshotSource;
  readonly workDir: string;
}

/**
 * A join as of the time of each left row: of the right rows with its keys that had happened and were known by then, the one that
 * happened last. A right row counts from the later of its two times; the running latest of each key over that order is what was known
 * at any moment, so one ordered join suffices and nothing later than the row can come in.
 */
export async function pointInTimeJoin(
  work: JoinWork,
  engine: Engine,
): Promise<{ part: NewPart; schema: TableSchema; unmatched: number }> {
  const { request, left, right } = work;
  requireColumns(work);
  const session = await engine.open({ workDir: work.workDir, readable: [...left.paths, ...right.paths] });
  try {
    const { schema, taken } = joinedSchema(work);
    const on = request.on.map(sqlName);
    const time = (name: string) => `${sqlName(name)}::TIMESTAMP`;
    const happened = time(request.rightTime);
    const known =
      request.rightKnown === undefined ? happened : `greatest(${happened}, ${time(request.rightKnown)})`;
    await session.run(
      `CREATE TEMP TABLE l AS SELECT *, row_number() OVER () AS slipway_row FROM (${sourceSql(left)})`,
    );
    await session.run(
      `CREATE TEMP TABLE r AS SELECT *, ${happened} AS slipway_event, ${known} AS slipway_known, row_number() OVER () AS slipway_id
       FROM (${sourceSql(right)}) WHERE ${sqlName(request.rightTime)} IS NOT NULL`,
    );
    await session.run(
      `CREATE TEMP TABLE state AS SELECT ${on.join(', ')}, slipway_known,
         arg_max(slipway_id, (slipway_event, slipway_known, slipway_id)) OVER (PARTITION BY ${on.join(', ')} ORDER BY slipway_known, slipway_event, slipway_id
           ROWS UNBOUNDED PRECEDING) AS slipway_best
       FROM r WHERE slipway_known IS NOT NULL QUALIFY row_number() OVER (PARTITION BY ${on.join(', ')}, slipway_known ORDER BY slipway_event DESC, slipway_id DESC) = 1`,
    );
    const keys = on.map((name) => `l.${name} = s.${name}`).join(' AND ');
    const leftTime = `l.${sqlName(request.leftTime)}::TIMESTAMP`;
    const age =
      request.maxAgeSeconds === undefined
        ? ''
        : ` AND r.slipway_event >= ${leftTime} - to_seconds(${Number(request.maxAgeSeconds)})`;
    const own = left.schema.columns.map(({ name }) => `l.${sqlName(name)}`);
    const theirs = taken.map(({ name, as }) => `r.${sqlName(name)} AS ${sqlName(as)}`);
    const path = join(work.workDir, 'joined.parquet');
    await session.run(
      copySql(
        `SELECT ${[...own, ...theirs].join(', ')} FROM l ASOF LEFT JOIN state AS s ON ${keys} AND ${leftTime} >= s.slipway_known
         LEFT JOIN r ON r.slipway_id = s.slipway_best${age} ORDER BY l.slipway_row`,
        path,
      ),
    );
    const statistics = await measurePart(session, path, schema);
    const [row] = await session.rows(
      `SELECT count(*) AS n FROM l ASOF LEFT JOIN state AS s ON ${keys} AND ${leftTime} >= s.slipway_known
       LEFT JOIN r ON r.slipway_id = s.slipway_best${age} WHERE r.slipway_id IS NULL`,
    );
    return { part: { path, rows: statistics.rows, statistics }, schema, unmatched: Number(row!['n']) };
  } finally {
    await session.close();
  }
}

function requireColumns({ request, left, right }: JoinWork): void {
  const has = (source: SnapshotSource, column: string | undefined) => {
    if (column === undefined || source.schema.columns.some(({ name }) => name === column)) return;
    throw unknownColumn(source, column);
  };
  for (const column of [...request.on, request.leftTime]) has(left, column);
  for (const column of [...request.on, request.rightTime, request.rightKnown]) has(right, column);
}

/** All of the left's columns, then the right's without the keys; a name that is taken gets the right data set's name in front. */
function joinedSchema({ request, left, right }: JoinWork): {
  schema: TableSchema;
  taken: { name: string; as: string; type: ColumnType }[];
} {
  const names = new Set(left.schema.columns.map(({ name }) => name));
  const taken = right.schema.columns
    .filter(({ name }) => !request.on.includes(name))
    .map(({ name, type }) => {
      let as = names.has(name) ? `${right.dataset}_${name}` : name;
      for (let copy = 2; names.has(as); copy++) as = `${right.dataset}_${name}_${copy}`;
      names.add(as);
      return { name, as, type };
    });
  const columns: SchemaColumn[] = [
    ...left.schema.columns.map(({ name, type }) => ({ name, type, missingTokens: [] })),
    ...taken.map(({ as, type }) => ({ name: as, type, missingTokens: [] })),
  ];
  return { schema: { columns }, taken };
}
