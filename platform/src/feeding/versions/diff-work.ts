import type { ColumnDiff, DatasetDiff } from '../../contracts/data-versions.ts';
import { holm } from '../../estimators/statistics/multiple-testing.ts';
import { SlipwayError } from '../../kernel/errors.ts';
import { type Engine, type EngineSession, sqlName } from '../../ports/engine.ts';
import type { SchemaColumn } from '../../tables/table.ts';
import { unknownColumn } from '../queries/rows.ts';
import { type SnapshotSource, sourceSql, textSql } from '../queries/snapshot-source.ts';
import { compareDistributions, type Distance } from './distribution-distance.ts';

export interface DiffWork {
  readonly from: SnapshotSource;
  readonly to: SnapshotSource;
  /** The two have the same rows: known from their fingerprints. */
  readonly identical: boolean;
  readonly key: readonly string[];
  readonly workDir: string;
}

const ROWS_SHOWN = 100;
const SIGNIFICANT = 0.05;

/** Schema, statistics and rows of two snapshots, side by side. */
export async function diffSnapshots(work: DiffWork, engine: Engine): Promise<DatasetDiff> {
  const { from, to, key } = work;
  const session = await engine.open({ workDir: work.workDir, readable: [...from.paths, ...to.paths] });
  try {
    for (const source of [from, to])
      for (const column of key)
        if (!source.schema.columns.some(({ name }) => name === column)) throw unknownColumn(source, column);
    await session.run(`CREATE VIEW before AS ${sourceSql(from)}`);
    await session.run(`CREATE VIEW after AS ${sourceSql(to)}`);
    const common = commonColumns(from, to);
    const rows =
      key.length === 0 ? await wholeRows(session, work, common) : await byKey(session, work, common);
    const columns = await columnDiffs(session, work, rows.cells);
    const { cells: _cells, ...facts } = rows;
    return {
      dataset: to.dataset,
      ...{ from: from.version, to: to.version, identical: work.identical, key: [...key], columns },
      ...facts,
    };
  } finally {
    await session.close();
  }
}

type RowFacts = Pick<
  DatasetDiff,
  'rowsFrom' | 'rowsTo' | 'added' | 'removed' | 'changed' | 'unchanged' | 'rowColumns' | 'rows'
> & {
  /** By column: rows with the same key and another value. */
  readonly cells: ReadonlyMap<string, number>;
};

function commonColumns(from: SnapshotSource, to: SnapshotSource): string[] {
  const names = new Set(from.schema.columns.map(({ name }) => name));
  return to.schema.columns.map(({ name }) => name).filter((name) => names.has(name));
}

async function byKey(
  session: EngineSession,
  { key }: DiffWork,
  common: readonly string[],
): Promise<RowFacts> {
  const keys = key.map(sqlName);
  const [repeated] = await session.rows(
    `SELECT (SELECT count(*) FROM (SELECT 1 FROM before GROUP BY ${keys.join(', ')} HAVING count(*) > 1)) AS a,
            (SELECT count(*) FROM (SELECT 1 FROM after GROUP BY ${keys.join(', ')} HAVING count(*) > 1)) AS b`,
  );
  if (Number(repeated!['a']) + Number(repeated!['b']) > 0) {
    throw new SlipwayError('KEY_NOT_UNIQUE', {
      message: `${key.join(', ')} is no key: ${repeated!['a']} of its values before and ${repeated!['b']} after stand in several rows`,
      fix: 'Name columns that identify a row with --key, or leave it out to compare whole rows.',
      details: { key },
    });
  }
  const others = common.filter((name) => !key.includes(name));
  const same = keys.map((name) => `b.${name} IS NOT DISTINCT FROM a.${name}`).join(' AND ');
  // Different columns of one row are told apart, so that the cells can be counted.
  const differs = others.map((name) => `(b.${sqlName(name)} IS DISTINCT FROM a.${sqlName(name)})`);
  const anyDiffers = differs.length === 0 ? 'false' : differs.join(' OR ');
  const text = (side: string) => `[${common.map((name) => `${side}.${textSql(name)}`).join(', ')}]`;
  await session.run(`CREATE TEMP TABLE pairs AS SELECT
    CASE WHEN a.there IS NULL THEN 'removed' WHEN b.there IS NULL THEN 'added' WHEN ${anyDiffers} THEN 'changed' ELSE 'same' END AS change,
    ${differs.map((test, i) => `${test} AS d${i}`).join(', ')}${differs.length > 0 ? ',' : ''}
    [${keys.map((name) => `coalesce(b.${name}, a.${name})::VARCHAR`).join(', ')}] AS key,
    ${text('b')} AS old, ${text('a')} AS new
    FROM (SELECT *, true AS there FROM before) AS b FULL OUTER JOIN (SELECT *, true AS there FROM after) AS a ON ${same}`);
  const counts = new Map(
    (await session.rows('SELECT change, count(*) AS n FROM pairs GROUP BY change')).map((row) => [
      String(row['change']),
      Number(row['n']),
    ]),
  );
  const [cellRow] =
    differs.length === 0
      ? [{}]
      : await session.rows(
          `SELECT ${differs.map((_, i) => `count(*) FILTER (d${i} AND change = 'changed') AS c${i}`).join(', ')} FROM pairs`,
        );
  const count = (change: string) => counts.get(change) ?? 0;
  return {
    rowsFrom: count('removed') + count('changed') + count('same'),
    rowsTo: count('added') + count('changed') + count('same'),
    ...{
      added: count('added'),
      removed: count('removed'),
      changed: count('changed'),
      unchanged: count('same'),
    },
    rowColumns: [...common],
    rows: await shownRows(session, 'pairs'),
    cells: new Map(
      others.map((name, i) => [name, Number((cellRow as Record<string, unknown>)[`c${i}`] ?? 0)]),
    ),
  };
}

/** Without a key: rows as a multiset. A changed row is one that left and one that came. */
async function wholeRows(
  session: EngineSession,
  work: DiffWork,
  common: readonly string[],
): Promise<RowFacts> {
  const columns = common.map(sqlName).join(', ');
  const schemaSame =
    common.length === work.from.schema.columns.length && common.length === work.to.schema.columns.length;
  const text = `[${common.map(textSql).join(', ')}]`;
  await session.run(`CREATE TEMP TABLE pairs AS SELECT change, [] ::VARCHAR[] AS key, n,
    CASE WHEN change = 'removed' THEN texts END AS old, CASE WHEN change = 'added' THEN texts END AS new FROM (
      SELECT CASE WHEN sum(side) > 0 THEN 'added' WHEN sum(side) < 0 THEN 'removed' ELSE 'same' END AS change,
        abs(sum(side)) AS n, texts FROM (
        SELECT ${text} AS texts, -1 AS side FROM (SELECT ${columns} FROM before)
        UNION ALL SELECT ${text} AS texts, 1 AS side FROM (SELECT ${columns} FROM after)
      ) GROUP BY texts) WHERE change <> 'same'`);
  const [totals] = await session.rows(
    `SELECT (SELECT count(*) FROM before) AS a, (SELECT count(*) FROM after) AS b,
       (SELECT coalesce(sum(n), 0) FROM pairs WHERE change = 'added') AS added,
       (SELECT coalesce(sum(n), 0) FROM pairs WHERE change = 'removed') AS removed`,
  );
  const rowsFrom = Number(totals!['a']);
  const removed = Number(totals!['removed']);
  return {
    rowsFrom,
    rowsTo: Number(totals!['b']),
    ...{
      added: Number(totals!['added']),
      removed,
      changed: 0,
      unchanged: schemaSame ? rowsFrom - removed : 0,
    },
    rowColumns: [...common],
    rows: await shownRows(session, 'pairs'),
    cells: new Map(),
  };
}

async function shownRows(session: EngineSession, table: string): Promise<DatasetDiff['rows']> {
  const rows: DatasetDiff['rows'] = [];
  for (const change of ['changed', 'added', 'removed'] as const) {
    const found = await session.rows(
      `SELECT to_json(key)::VARCHAR AS key, to_json(old)::VARCHAR AS old, to_json(new)::VARCHAR AS new FROM ${table} WHERE change = '${change}' LIMIT ${ROWS_SHOWN}`,
    );
    for (const row of found) {
      const texts = (value: unknown) =>
        value === null || value === undefined
          ? null
          : ((JSON.parse(String(value)) as (string | null)[] | null)?.map((text) => text ?? '') ?? null);
      const [before, after] = [texts(row['old']), texts(row['new'])];
      rows.push({
        change,
        key: texts(row['key']) ?? [],
        before: change === 'added' ? null : before,
        after: change === 'removed' ? null : after,
      });
    }
  }
  return rows;
}

async function columnDiffs(
  session: EngineSession,
  work: DiffWork,
  cells: ReadonlyMap<string, number>,
): Promise<ColumnDiff[]> {
  const { from, to } = work;
  const after = new Map(to.schema.columns.map((column) => [column.name, column]));
  const names = [
    ...from.schema.columns.map(({ name }) => name),
    ...to.schema.columns
      .map(({ name }) => name)
      .filter((name) => !from.schema.columns.some((c) => c.name === name)),
  ];
  const diffs: ColumnDiff[] = [];
  for (const name of names) {
    const old = from.schema.columns.find((column) => column.name === name);
    const now = after.get(name);
    const both = old !== undefined && now !== undefined && old.type === now.type;
    const distance = both && !work.identical ? await compareDistributions(session, now) : undefined;
    diffs.push(
      columnDiff(name, { old, now, distance, cells: cells.get(name) ?? null, identical: work.identical }),
    );
  }
  return corrected(diffs);
}

function columnDiff(
  name: string,
  facts: {
    old: SchemaColumn | undefined;
    now: SchemaColumn | undefined;
    distance: Distance | undefined;
    cells: number | null;
    identical: boolean;
  },
): ColumnDiff {
  const { old, now, distance, cells } = facts;
  const change =
    old === undefined
      ? 'added'
      : now === undefined
        ? 'removed'
        : old.type !== now.type
          ? 'retyped'
          : facts.identical ||
              (distance?.distance === 0 && (cells ?? 0) === 0 && distance.missing[0] === distance.missing[1])
            ? 'same'
            : 'changed';
  return {
    column: name,
    change,
    typeFrom: old?.type ?? null,
    typeTo: now?.type ?? null,
    missingFrom: distance?.missing[0] ?? null,
    missingTo: distance?.missing[1] ?? null,
    meanFrom: distance?.means[0] ?? null,
    meanTo: distance?.means[1] ?? null,
    distance: distance?.distance ?? null,
    p: distance?.p ?? null,
    significant: false,
    cellsChanged: cells,
  };
}

/** p values of all columns together, by Holm's step-down: one table has many chances of a false alarm. */
function corrected(diffs: readonly ColumnDiff[]): ColumnDiff[] {
  const tested = diffs.filter(({ p }) => p !== null);
  const adjusted = holm(tested.map(({ p }) => p!));
  const byColumn = new Map(tested.map(({ column }, i) => [column, adjusted[i]!]));
  return diffs.map((diff) => {
    const p = byColumn.get(diff.column);
    return p === undefined ? diff : { ...diff, p, significant: p < SIGNIFICANT };
  });
}
