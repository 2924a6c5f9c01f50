import type { ContractBody, ContractColumn, ContractMode } from '../../contracts/data-contracts.ts';
import { type EngineSession, sqlName, sqlText } from '../../ports/engine.ts';
import { snapshotSql } from '../../ports/snapshot-part.ts';
import type { LoadJob } from './job.ts';

/** One rule of a contract as SQL over a part's rows. */
export interface Rule {
  readonly column: string;
  /** Stable reason code of what breaks it. */
  readonly reason:
    | 'REQUIRED'
    | 'RANGE'
    | 'VALUES'
    | 'PATTERN'
    | 'REFERENCE'
    | 'UNIQUE'
    | 'KEY_MISSING'
    | 'COLUMN_UNKNOWN';
  readonly message: string;
  readonly mode: ContractMode;
  /** True for rows that break it; `unique` is asked by a query of its own. */
  readonly test: string;
}

/** Rules of the columns that the part has, in the contract's order: the first that a row breaks is its reason. */
export function rulesOf(
  contract: ContractBody,
  references: LoadJob['references'],
  key: readonly string[] = [],
): Rule[] {
  const keyRules = key.map((column): Rule => {
    const test = `${sqlName(column)} IS NULL`;
    return { column, reason: 'KEY_MISSING', message: 'a key has no value', mode: 'quarantine-row', test };
  });
  return [...keyRules, ...contract.columns.flatMap((column) => columnRules(column, contract, references))];
}

function columnRules(
  column: ContractColumn,
  contract: ContractBody,
  references: LoadJob['references'],
): Rule[] {
  const name = sqlName(column.name);
  const mode = column.onViolation ?? contract.rules;
  const rule = (reason: Rule['reason'], message: string, test: string): Rule => ({
    ...{ column: column.name, reason, message, mode, test },
  });
  const found: Rule[] = [];
  if (column.required) found.push(rule('REQUIRED', 'a value is required', `${name} IS NULL`));
  const { min, max, values, pattern } = column;
  if (min !== undefined) found.push(rule('RANGE', `below ${min}`, `${name} < ${boundSql(min)}`));
  if (max !== undefined) found.push(rule('RANGE', `above ${max}`, `${name} > ${boundSql(max)}`));
  if (values !== undefined) {
    const list = values.map(sqlText).join(', ');
    found.push(rule('VALUES', 'not one of the allowed values', `${name}::VARCHAR NOT IN (${list})`));
  }
  if (pattern !== undefined)
    found.push(
      rule('PATTERN', `does not match ${pattern}`, `NOT regexp_full_match(${name}, ${sqlText(pattern)})`),
    );
  const target = references[column.name];
  if (target !== undefined && column.references !== undefined) {
    const known = snapshotSql(
      target.parts.map(({ path }) => path),
      target.schema,
    );
    const list = `SELECT ${sqlName(target.column)}::VARCHAR FROM (${known}) WHERE ${sqlName(target.column)} IS NOT NULL`;
    const { dataset, column: wanted } = column.references;
    found.push(
      rule(
        'REFERENCE',
        `not in ${dataset}.${wanted}`,
        `(${name} IS NOT NULL AND ${name}::VARCHAR NOT IN (${list}))`,
      ),
    );
  }
  return found;
}

function boundSql(bound: number | string): string {
  return typeof bound === 'number'
    ? `${bound}::DOUBLE`
    : `TIMESTAMP ${sqlText(new Date(bound).toISOString().slice(0, 23).replace('T', ' '))}`;
}

/** Rows of a part that break rules, as a temporary table `bad(row, rule)`: `row` from 0, `rule` an index into `rules`. */
export async function findBroken(
  session: EngineSession,
  part: string,
  rules: readonly Rule[],
): Promise<{ broken: number; byRule: number[] }> {
  await session.run('CREATE OR REPLACE TEMP TABLE bad (row BIGINT, rule INTEGER)');
  const checked = rules.filter(({ reason }) => reason !== 'UNIQUE');
  if (checked.length === 0) return { broken: 0, byRule: rules.map(() => 0) };
  const cases = rules.flatMap(({ reason, test }, i) =>
    reason === 'UNIQUE' ? [] : [`WHEN coalesce(${test}, false) THEN ${i}`],
  );
  await session.run(
    `INSERT INTO bad SELECT file_row_number, rule FROM (
       SELECT file_row_number, CASE ${cases.join(' ')} END AS rule FROM read_parquet(${sqlText(part)}, file_row_number = true)
     ) WHERE rule IS NOT NULL`,
  );
  return countBroken(session, rules);
}

/** Adds rows whose value is there already: in an earlier row of the part, or among `known`. */
export async function findRepeated(
  session: EngineSession,
  work: {
    readonly part: string;
    readonly column: string;
    readonly rule: number;
    readonly known: string | null;
  },
): Promise<void> {
  const name = sqlName(work.column);
  const rows = `SELECT file_row_number, ${name} AS v FROM read_parquet(${sqlText(work.part)}, file_row_number = true)
    WHERE ${name} IS NOT NULL AND file_row_number NOT IN (SELECT row FROM bad)`;
  const inside = `SELECT file_row_number FROM (
    SELECT file_row_number, row_number() OVER (PARTITION BY v ORDER BY file_row_number) AS n FROM (${rows})) WHERE n > 1`;
  const before =
    work.known === null
      ? ''
      : ` UNION SELECT file_row_number FROM (${rows}) WHERE v IN (SELECT ${name} FROM (${work.known}) WHERE ${name} IS NOT NULL)`;
  await session.run(`INSERT INTO bad SELECT file_row_number, ${work.rule} FROM (${inside}${before})`);
}

export async function countBroken(
  session: EngineSession,
  rules: readonly Rule[],
): Promise<{ broken: number; byRule: number[] }> {
  const byRule = rules.map(() => 0);
  let broken = 0;
  for (const row of await session.rows('SELECT rule, count(*) AS n FROM bad GROUP BY rule')) {
    byRule[Number(row['rule'])] = Number(row['n']);
    broken += Number(row['n']);
  }
  return { broken, byRule };
}
