import { chiSquareUpper } from '../../estimators/statistics/distributions.ts';
import { type EngineSession, sqlName } from '../../ports/engine.ts';
import type { SchemaColumn } from '../../tables/table.ts';

export interface Distance {
  readonly missing: readonly [number, number];
  readonly means: readonly [number | null, number | null];
  /** 0 to 1. */
  readonly distance: number;
  readonly p: number;
}

/** Values of a category that are told apart; the rest is one. */
const CATEGORIES = 100;

/**
 * How far a column's values in `after` are from those in `before`, and how likely such a distance is when nothing changed: the
 * two-sample Kolmogorov–Smirnov statistic for numbers and dates (Smirnov 1948), total variation with a chi-square test for others.
 * Both are taken from all rows.
 */
export async function compareDistributions(session: EngineSession, column: SchemaColumn): Promise<Distance> {
  const ordered = column.type !== 'string' && column.type !== 'boolean';
  const name = sqlName(column.name);
  const value = valueSql(column);
  const [facts] = await session.rows(
    `SELECT b.n AS nb, a.n AS na, b.missing AS mb, a.missing AS ma, b.mean AS meanb, a.mean AS meana FROM
      (SELECT count(${name}) AS n, count(*) - count(${name}) AS missing, ${ordered ? `avg(${value})` : 'NULL'} AS mean FROM before) AS b,
      (SELECT count(${name}) AS n, count(*) - count(${name}) AS missing, ${ordered ? `avg(${value})` : 'NULL'} AS mean FROM after) AS a`,
  );
  const [nb, na] = [Number(facts!['nb']), Number(facts!['na'])];
  const mean = (found: unknown) => (found === null || found === undefined ? null : Number(found));
  const shared = {
    missing: [Number(facts!['mb']), Number(facts!['ma'])] as const,
    means: [mean(facts!['meanb']), mean(facts!['meana'])] as const,
  };
  if (nb === 0 || na === 0) return { ...shared, distance: nb === na ? 0 : 1, p: 1 };
  const measured = ordered
    ? await kolmogorov(session, { value, nb, na })
    : await totalVariation(session, { value: `${name}::VARCHAR`, name, nb, na });
  return { ...shared, ...measured };
}

function valueSql(column: SchemaColumn): string {
  const name = sqlName(column.name);
  return column.type === 'date' || column.type === 'timestamp'
    ? `epoch_ms(${name}::TIMESTAMP)::DOUBLE`
    : `${name}::DOUBLE`;
}

async function kolmogorov(
  session: EngineSession,
  { value, nb, na }: { value: string; nb: number; na: number },
): Promise<{ distance: number; p: number }> {
  const [row] = await session.rows(
    `SELECT max(abs(fb - fa)) AS d FROM (
       SELECT sum(b) OVER (ORDER BY v) / ${nb}::DOUBLE AS fb, sum(a) OVER (ORDER BY v) / ${na}::DOUBLE AS fa FROM (
         SELECT v, sum(b) AS b, sum(a) AS a FROM (
           SELECT ${value} AS v, count(*) AS b, 0 AS a FROM before GROUP BY ALL
           UNION ALL SELECT ${value} AS v, 0 AS b, count(*) AS a FROM after GROUP BY ALL
         ) WHERE v IS NOT NULL GROUP BY v))`,
  );
  const distance = Math.min(1, Number(row!['d'] ?? 0));
  return { distance, p: kolmogorovUpper(distance, (nb * na) / (nb + na)) };
}

/** P(D ≥ d) for an effective size, by Kolmogorov's series with Stephens' correction for small sizes. */
export function kolmogorovUpper(d: number, size: number): number {
  const root = Math.sqrt(size);
  const lambda = (root + 0.12 + 0.11 / root) * d;
  // Below this the series converges slowly, and the probability is 1 to eight digits.
  if (lambda < 0.3) return 1;
  let sum = 0;
  for (let k = 1; k <= 100; k++) {
    const term = Math.exp(-2 * (k * lambda) ** 2);
    sum += k % 2 === 1 ? term : -term;
    if (term < 1e-16) break;
  }
  return Math.min(1, Math.max(0, 2 * sum));
}

async function totalVariation(
  session: EngineSession,
  { value, name, nb, na }: { value: string; name: string; nb: number; na: number },
): Promise<{ distance: number; p: number }> {
  const rows = await session.rows(
    `SELECT sum(b) AS b, sum(a) AS a FROM (
       SELECT CASE WHEN rank <= ${CATEGORIES} THEN v END AS v, b, a FROM (
         SELECT v, sum(b) AS b, sum(a) AS a, row_number() OVER (ORDER BY sum(b) + sum(a) DESC, v) AS rank FROM (
           SELECT ${value} AS v, count(*) AS b, 0 AS a FROM before WHERE ${name} IS NOT NULL GROUP BY ALL
           UNION ALL SELECT ${value} AS v, 0 AS b, count(*) AS a FROM after WHERE ${name} IS NOT NULL GROUP BY ALL
         ) GROUP BY v)) GROUP BY v`,
  );
  let distance = 0;
  let chi = 0;
  for (const row of rows) {
    const [b, a] = [Number(row['b']), Number(row['a'])];
    distance += Math.abs(b / nb - a / na) / 2;
    const expected = (b + a) / (nb + na);
    chi += (b - expected * nb) ** 2 / (expected * nb) + (a - expected * na) ** 2 / (expected * na);
  }
  return { distance, p: rows.length < 2 ? 1 : chiSquareUpper(chi, rows.length - 1) };
}
