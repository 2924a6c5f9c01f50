import type { SplitRule } from '../../contracts/data-query.ts';
import { SlipwayError } from '../../kernel/errors.ts';
import { sqlName, sqlText } from '../../ports/engine.ts';
import type { TableSchema } from '../../tables/table.ts';

/**
 * A rule as SQL: adds the column `part` (NULL: in no part) to the rows of a view `present`.
 *
 * A row's place is the first 64 bits of the MD5 of its identity as a share of 2^64: the same row gets the same place in every version
 * and on every machine, and equal rows stay together. Shares are cut from that place (random, group), from its rank within the stratum
 * (stratified), or from the rank in time.
 *
 * @throws SPLIT_INVALID, COLUMN_NOT_FOUND
 */
export function splitSql(rule: SplitRule, schema: TableSchema): string {
  const parts = Object.entries(rule.parts);
  const total = parts.reduce((sum, [, share]) => sum + share, 0);
  if (parts.length < 2 || Math.abs(total - 1) > 1e-6) {
    throw invalid(
      `the parts' shares add up to ${total}, not to 1`,
      'Give shares such as {"train": 0.8, "test": 0.2}.',
    );
  }
  const names = schema.columns.map(({ name }) => name);
  for (const column of [...(rule.identity ?? []), ...(rule.column === undefined ? [] : [rule.column])])
    if (!names.includes(column)) throw unknown(column, names);
  if (rule.method !== 'random' && rule.column === undefined)
    throw invalid(`a ${rule.method} split needs a column`, 'Name it with --column.');
  switch (rule.method) {
    case 'random':
      return cutBy(rule, placeSql(rule, rule.identity ?? names));
    case 'group':
      return cutBy(
        rule,
        `CASE WHEN ${sqlName(rule.column!)} IS NOT NULL THEN ${placeSql(rule, [rule.column!])} END`,
      );
    case 'stratified':
      return stratified(rule, rule.identity ?? names);
    case 'time':
      return byTime(rule, schema);
  }
}

function placeSql(rule: SplitRule, identity: readonly string[]): string {
  const cells = identity.map((name) => `coalesce(${sqlName(name)}::VARCHAR, chr(30))`);
  const text = `concat_ws(chr(31), ${sqlText(String(rule.seed ?? 0))}, ${cells.join(', ')})`;
  return `(md5_number_upper(${text})::DOUBLE / 18446744073709551616::DOUBLE)`;
}

/** Upper bound of each part, the last one open. */
function bounds(rule: SplitRule): { part: string; to: number }[] {
  let sum = 0;
  return Object.entries(rule.parts).map(([part, share]) => {
    sum += share;
    return { part, to: sum };
  });
}

function caseSql(rule: SplitRule, place: string): string {
  const all = bounds(rule);
  const cases = all.map(({ part, to }, i) =>
    i === all.length - 1 ? `ELSE ${sqlText(part)}` : `WHEN ${place} < ${to}::DOUBLE THEN ${sqlText(part)}`,
  );
  return `CASE WHEN ${place} IS NULL THEN NULL ${cases.join(' ')} END`;
}

function cutBy(rule: SplitRule, place: string): string {
  return `SELECT * EXCLUDE (slipway_place), ${caseSql(rule, 'slipway_place')} AS part FROM (SELECT *, ${place} AS slipway_place FROM present)`;
}

/** Within a stratum rows stand in the order of their places; equal rows share one, so they share a part. */
function stratified(rule: SplitRule, identity: readonly string[]): string {
  const column = sqlName(rule.column!);
  const window = `OVER (PARTITION BY ${column} ORDER BY slipway_hash)`;
  const rank = `(rank() ${window} - 1 + 0.5)::DOUBLE / count(*) OVER (PARTITION BY ${column})`;
  return `SELECT * EXCLUDE (slipway_place, slipway_hash), ${caseSql(rule, 'slipway_place')} AS part FROM (
    SELECT *, CASE WHEN ${column} IS NOT NULL THEN ${rank} END AS slipway_place FROM (SELECT *, ${placeSql(rule, identity)} AS slipway_hash FROM present))`;
}

function byTime(rule: SplitRule, schema: TableSchema): string {
  const column = schema.columns.find(({ name }) => name === rule.column)!;
  if (column.type === 'string' || column.type === 'boolean')
    throw invalid(`${column.name} is a ${column.type}, no time`, 'Name a date, timestamp or number column.');
  const name = sqlName(column.name);
  const dated = column.type === 'date' || column.type === 'timestamp';
  // Seconds, so that a gap means the same for dates; a plain number is taken as it is.
  const time = dated ? `epoch_ms(${name}::TIMESTAMP)::DOUBLE / 1000` : `${name}::DOUBLE`;
  // Equal times share a place, so that they share a part.
  const place = `CASE WHEN ${name} IS NOT NULL THEN (rank() OVER (ORDER BY ${name}) - 1)::DOUBLE / count(${name}) OVER () END`;
  const cut = `SELECT *, ${caseSql(rule, 'slipway_place')} AS slipway_part FROM (SELECT *, ${place} AS slipway_place, ${time} AS slipway_time FROM present)`;
  const gap = Number(rule.gapSeconds ?? 0);
  const order = Object.keys(rule.parts).map(sqlText).join(', ');
  const begins = `(SELECT min(n.slipway_time) FROM cut AS n WHERE list_position([${order}], n.slipway_part) > list_position([${order}], cut.slipway_part))`;
  return `WITH cut AS (${cut}), begins AS (SELECT slipway_part, ${begins.replaceAll('cut.slipway_part', 'b.slipway_part')} AS next FROM (SELECT DISTINCT slipway_part FROM cut WHERE slipway_part IS NOT NULL) AS b)
    SELECT cut.* EXCLUDE (slipway_place, slipway_time, slipway_part),
      CASE WHEN ${gap}::DOUBLE > 0 AND begins.next IS NOT NULL AND cut.slipway_time > begins.next - ${gap}::DOUBLE THEN NULL ELSE cut.slipway_part END AS part
    FROM cut LEFT JOIN begins ON begins.slipway_part = cut.slipway_part`;
}

function invalid(message: string, fix: string): SlipwayError {
  return new SlipwayError('SPLIT_INVALID', { message, fix });
}

function unknown(column: string, names: readonly string[]): SlipwayError {
  return new SlipwayError('COLUMN_NOT_FOUND', {
    message: `there is no column '${column}' to split by`,
    fix: `The columns are ${names.slice(0, 20).join(', ')}${names.length > 20 ? ', …' : ''}.`,
    details: { column },
  });
}
