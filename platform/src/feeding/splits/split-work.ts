import type { SplitProof, SplitRule } from '../../contracts/data-query.ts';
import { type Engine, type EngineSession, sqlName } from '../../ports/engine.ts';
import type { Column } from '../../tables/table.ts';
import { type SnapshotSource, sourceSql } from '../queries/snapshot-source.ts';
import { nearDuplicates } from './near-duplicates.ts';
import { splitSql } from './split-sql.ts';

export interface SplitWork {
  readonly source: SnapshotSource;
  readonly rule: SplitRule;
  readonly workDir: string;
}

/** Rows compared for near duplicates; of more, those with the smallest hashes. */
const NEAR_ROWS_MAX = 100_000;
const SIMILARITY_MIN = 0.85;

/** Applies a rule to a snapshot and proves what it gives: sizes, overlap of groups, duplicates across parts, order in time. */
export async function proveSplit(work: SplitWork, engine: Engine): Promise<SplitProof> {
  const { source, rule } = work;
  const session = await engine.open({ workDir: work.workDir, readable: source.paths });
  try {
    await session.run(`CREATE VIEW present AS ${sourceSql(source)}`);
    await session.run(`CREATE TEMP TABLE assigned AS ${splitSql(rule, source.schema)}`);
    const parts = await partFacts(session, work);
    const [left] = await session.rows('SELECT count(*) AS n FROM assigned WHERE part IS NULL');
    const groupsAcross = await acrossGroups(session, rule);
    const columns = source.schema.columns.map(({ name }) => sqlName(name)).join(', ');
    const [equal] = await session.rows(
      `SELECT coalesce(sum(n), 0) AS n FROM (SELECT count(*) AS n FROM assigned WHERE part IS NOT NULL GROUP BY ${columns} HAVING count(DISTINCT part) > 1)`,
    );
    const exactDuplicates = Number(equal!['n']);
    const near = await nearlyEqual(session);
    const stratificationError = rule.method === 'stratified' ? await strataError(session, rule) : null;
    const facts = { parts, groupsAcross, exactDuplicates, rule };
    const reasons = reasonsAgainst(facts);
    return {
      ...{ version: source.version, snapshot: source.snapshot, parts, leftOut: Number(left!['n']) },
      ...{ groupsAcross, exactDuplicates, nearDuplicates: near, stratificationError },
      verdict: reasons.length === 0 ? 'pass' : 'fail',
      reasons,
    };
  } finally {
    await session.close();
  }
}

async function partFacts(session: EngineSession, { rule, source }: SplitWork): Promise<SplitProof['parts']> {
  const column =
    rule.method === 'time' ? source.schema.columns.find(({ name }) => name === rule.column) : undefined;
  const dated = column?.type === 'date' || column?.type === 'timestamp';
  const time =
    column === undefined
      ? 'NULL'
      : dated
        ? `epoch_ms(${sqlName(column.name)}::TIMESTAMP)`
        : sqlName(column.name);
  const cells = source.schema.columns
    .map(({ name }) => `coalesce(${sqlName(name)}::VARCHAR, chr(30))`)
    .join(', ');
  const rows = await session.rows(
    `SELECT part, count(*) AS n, min(${time}) AS low, max(${time}) AS high,
       sum(md5_number_lower(concat_ws(chr(31), ${cells}))::HUGEINT)::VARCHAR AS hash
     FROM assigned WHERE part IS NOT NULL GROUP BY part`,
  );
  const total = rows.reduce((sum, row) => sum + Number(row['n']), 0);
  const byPart = new Map(rows.map((row) => [String(row['part']), row]));
  return Object.keys(rule.parts).map((part) => {
    const row = byPart.get(part);
    const count = Number(row?.['n'] ?? 0);
    const sum = BigInt(String(row?.['hash'] ?? 0)) % (1n << 64n);
    const at = (value: unknown) => (value === null || value === undefined ? null : Math.round(Number(value)));
    return {
      part,
      rows: count,
      share: total === 0 ? 0 : count / total,
      fingerprint: `${count}-${sum.toString(16).padStart(16, '0')}`,
      timeFrom: at(row?.['low']),
      timeTo: at(row?.['high']),
    };
  });
}

async function acrossGroups(session: EngineSession, rule: SplitRule): Promise<number | null> {
  if (rule.method !== 'group') return null;
  const name = sqlName(rule.column!);
  const [row] = await session.rows(
    `SELECT count(*) AS n FROM (SELECT ${name} FROM assigned WHERE part IS NOT NULL AND ${name} IS NOT NULL GROUP BY ${name} HAVING count(DISTINCT part) > 1)`,
  );
  return Number(row!['n']);
}

async function nearlyEqual(session: EngineSession): Promise<SplitProof['nearDuplicates']> {
  const [counted] = await session.rows('SELECT count(*) AS n FROM assigned WHERE part IS NOT NULL');
  const sample =
    Number(counted!['n']) <= NEAR_ROWS_MAX ? '' : ` ORDER BY hash(assigned) LIMIT ${NEAR_ROWS_MAX}`;
  const table = await session.table(`SELECT * FROM assigned WHERE part IS NOT NULL${sample}`);
  const partColumn = table.columns.at(-1)!;
  if (partColumn.type !== 'string') return { pairs: 0, rowsCompared: 0, examples: [] };
  const parts = Array.from(partColumn.codes, (code) => partColumn.dictionary[code]!);
  const columns: readonly Column[] = table.columns.slice(0, -1);
  return nearDuplicates({ rows: table.rows, columns }, parts, {
    similarityMin: SIMILARITY_MIN,
    examplesMax: 5,
  });
}

/** Largest difference of a stratum's share between a part and all rows. */
async function strataError(session: EngineSession, rule: SplitRule): Promise<number> {
  const name = sqlName(rule.column!);
  const [row] = await session.rows(
    `WITH whole AS (SELECT ${name} AS v, count(*)::DOUBLE / sum(count(*)) OVER () AS share FROM assigned WHERE part IS NOT NULL GROUP BY 1),
      inside AS (SELECT part, ${name} AS v, count(*)::DOUBLE / sum(count(*)) OVER (PARTITION BY part) AS share FROM assigned WHERE part IS NOT NULL GROUP BY 1, 2)
     SELECT max(abs(coalesce(inside.share, 0) - whole.share)) AS error FROM whole CROSS JOIN (SELECT DISTINCT part FROM inside) AS p
       LEFT JOIN inside ON inside.part = p.part AND inside.v IS NOT DISTINCT FROM whole.v`,
  );
  return Number(row!['error'] ?? 0);
}

function reasonsAgainst(facts: {
  parts: SplitProof['parts'];
  groupsAcross: number | null;
  exactDuplicates: number;
  rule: SplitRule;
}): string[] {
  const reasons: string[] = [];
  for (const { part, rows } of facts.parts) if (rows === 0) reasons.push(`part ${part} has no rows`);
  if ((facts.groupsAcross ?? 0) > 0)
    reasons.push(`${facts.groupsAcross} groups have rows in more than one part`);
  if (facts.exactDuplicates > 0)
    reasons.push(`${facts.exactDuplicates} rows are equal to a row of another part`);
  if (facts.rule.method === 'time') {
    for (const [i, part] of facts.parts.entries()) {
      const before = facts.parts[i - 1];
      if (before === undefined || before.timeTo === null || part.timeFrom === null) continue;
      if (before.timeTo >= part.timeFrom)
        reasons.push(`${before.part} reaches into the time of ${part.part}`);
    }
  }
  return reasons;
}
