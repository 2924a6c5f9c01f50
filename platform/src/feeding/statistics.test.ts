import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDuckdbEngine } from '../adapters/engine-duckdb/index.ts';
import type { EngineSession } from '../ports/engine.ts';
import type { ColumnType } from '../tables/table.ts';
import { measurePart, mergeStatistics, profileOf } from './statistics.ts';
import { ROW_HASH } from './statistics-measure.ts';

const workDir = mkdtempSync(join(tmpdir(), 'slipway-statistics-'));
let session: EngineSession;
beforeAll(async () => {
  session = await createDuckdbEngine().open({ workDir, threads: 1 });
});
afterAll(async () => {
  await session.close();
  rmSync(workDir, { recursive: true });
});

const TYPES: Record<string, ColumnType> = {
  id: 'integer',
  v: 'number',
  city: 'string',
  flag: 'boolean',
  day: 'date',
  at: 'timestamp',
  gap: 'number',
  again: 'string',
};
const SCHEMA = {
  columns: Object.entries(TYPES).map(([name, type]) => ({ name, type, missingTokens: [] })),
};

/** Rows from..to of one endless table. */
function rowsSql(from: number, to: number): string {
  return `SELECT i AS id, sin(i) * 1000 AS v, 'city ' || (i * 7919 % 37) AS city, i % 3 = 0 AS flag,
    DATE '2020-01-01' + (i % 400)::INTEGER AS day, TIMESTAMP '2020-01-01' + to_seconds(i * 61) AS at,
    CASE WHEN i % 5 < 3 THEN NULL ELSE i / 7 END AS gap, 'city ' || (i * 7919 % 37) AS again
    FROM range(${from}, ${to}) AS r(i)`;
}

let parts = 0;
async function measure(sql: string, schema = SCHEMA) {
  const path = join(workDir, `${parts++}.parquet`);
  await session.run(`COPY (${sql}) TO '${path}' (FORMAT parquet)`);
  return measurePart(session, path, schema);
}

describe('the row hash', () => {
  it('is the one that stored fingerprints were made with; when this fails, raise ROW_HASH and say so in the change log', async () => {
    const golden: Record<string, string> = {
      'hash(1::BIGINT)': '4717996019076358352',
      "hash('short')": '8567007751836472638',
      "hash('a text of more than twelve bytes')": '17041401554102627976',
      'hash(1.5::DOUBLE)': '1706605666616485939',
      'hash(-0.0::DOUBLE)': '0',
      'hash(true)': '4717996019076358352',
      "hash(DATE '2020-02-29')": '9824165250514377867',
      "hash(TIMESTAMP '2020-02-29 12:34:56')": '9698399173270338414',
      'hash(NULL::BIGINT)': '13787848793156543929',
      "hash(1::BIGINT, 'b', NULL::DOUBLE)": '17736379796730342013',
    };
    const [row] = await session.rows(
      `SELECT ${Object.keys(golden).map((sql, i) => `${sql}::VARCHAR AS h${i}`)}`,
    );
    const found = Object.fromEntries(Object.keys(golden).map((sql, i) => [sql, row![`h${i}`]]));
    expect({ hash: ROW_HASH, ...found }).toEqual({ hash: 'duckdb-1', ...golden });
  });
});

describe('statistics', () => {
  it('of two small parts are those of the whole, to the last quantile', async () => {
    const whole = await measure(rowsSql(0, 3000));
    const merged = mergeStatistics(await measure(rowsSql(0, 1200)), await measure(rowsSql(1200, 3000)));
    expect(merged.fingerprint).toBe(whole.fingerprint);
    const [a, b] = [profileOf(whole, SCHEMA), profileOf(merged, SCHEMA)];
    for (const [i, column] of a.entries()) {
      const { mean, sd, ...rest } = column;
      const other = b[i]!;
      expect(other).toMatchObject(rest);
      if (mean !== null) expect(Math.abs(other.mean! / mean - 1)).toBeLessThan(1e-12);
      if (sd !== null) expect(Math.abs(other.sd! / sd - 1)).toBeLessThan(1e-9);
    }
  });

  it('of large parts agree in all that is exact, and nearly in the rest', async () => {
    const whole = await measure(rowsSql(0, 300_000));
    const pieces = [
      await measure(rowsSql(0, 10)),
      await measure(rowsSql(10, 120_000)),
      await measure(rowsSql(120_000, 300_000)),
    ] as const;
    const left = mergeStatistics(mergeStatistics(pieces[0], pieces[1]), pieces[2]);
    const right = mergeStatistics(pieces[0], mergeStatistics(pieces[1], pieces[2]));
    expect(left.fingerprint).toBe(whole.fingerprint);
    expect(right.fingerprint).toBe(whole.fingerprint);
    const profiles = [whole, left, right].map((statistics) => profileOf(statistics, SCHEMA));
    const [truth, ...merged] = profiles.map((list) => Object.fromEntries(list.map((c) => [c.name, c])));
    for (const profile of merged) {
      for (const [name, column] of Object.entries(truth!)) {
        const { count, missing, min, max, lengthMin, lengthMax, lengthMean, issues, pii } = column;
        expect(profile[name]).toMatchObject({
          count,
          missing,
          min,
          max,
          lengthMin,
          lengthMax,
          lengthMean,
          issues,
          pii,
        });
      }
      for (const name of ['city', 'flag'])
        expect(profile[name]).toEqual({
          ...truth![name],
          sd: expect.toBeOneOf([null, expect.any(Number)]),
          mean: expect.toBeOneOf([null, expect.any(Number)]),
        });
      expect(profile['day']!.quantiles).toEqual(truth!['day']!.quantiles);
      expect(profile['id']!.distinctExact).toBe(false);
      // Four standard errors of 1.6 %.
      expect(Math.abs(profile['id']!.distinct / 300_000 - 1)).toBeLessThan(0.063);
      expect(profile['id']!.sampledRows).toBe(4096);
      // The median of 4,096 rows: four standard errors of 0.8 % of the rank.
      expect(Math.abs(profile['id']!.quantiles![2]! / 300_000 - 0.5)).toBeLessThan(0.032);
      const binned = profile['id']!.histogram!.counts.reduce((sum, n) => sum + n, 0);
      expect(Math.abs(binned / 300_000 - 1)).toBeLessThan(0.001);
    }
    expect(profileOf(left, SCHEMA)).toEqual(profileOf(left, SCHEMA));
  });

  it('name what is wrong with a column, and which one it repeats', async () => {
    const profile = profileOf(await measure(rowsSql(0, 6000)), SCHEMA);
    const issues = Object.fromEntries(profile.map((column) => [column.name, column.issues]));
    expect(issues).toMatchObject({
      id: [{ issue: 'identifier' }],
      city: [],
      gap: [{ issue: 'mostly-missing' }],
      again: [{ issue: 'duplicate', of: 'city' }],
    });
  });

  it('find personal data by the look of most values, and no dates, addresses of machines or codes', async () => {
    const texts = {
      mail: "'user' || i || '@example.org'",
      phone: "'+49 30 ' || (1000000 + i)",
      // Visa's test number, and one digit wrong.
      card: "CASE WHEN i % 3 > 0 THEN '4111 1111 1111 1111' ELSE '4111 1111 1111 1112' END",
      ssn: "'123-45-' || (1000 + i)",
      day: "'2020-01-' || (10 + i % 20)",
      machine: "'192.168.10.' || (100 + i % 100)",
      code: '(10000000 + i)::VARCHAR',
    };
    const columns = Object.keys(texts).map((name) => ({ name, type: 'string' as const, missingTokens: [] }));
    const sql = Object.entries(texts).map(([name, text]) => `${text} AS ${name}`);
    const statistics = await measure(`SELECT ${sql.join(', ')} FROM range(300) AS r(i)`, { columns });
    const found = Object.fromEntries(profileOf(statistics, { columns }).map(({ name, pii }) => [name, pii]));
    expect(found).toEqual({
      mail: { kind: 'email', share: 1 },
      phone: { kind: 'phone', share: 1 },
      card: { kind: 'card', share: 2 / 3 },
      ssn: { kind: 'national-id', share: 1 },
      day: null,
      machine: null,
      code: null,
    });
  });

  it('stand on no rows, and on a column that only one part has', async () => {
    const none = await measure(rowsSql(0, 0));
    expect(none).toMatchObject({ rows: 0, fingerprint: '0000000000000000' });
    expect(profileOf(none, SCHEMA)[1]).toMatchObject({
      count: 0,
      min: null,
      quantiles: null,
      histogram: null,
    });
    const some = await measure(rowsSql(0, 50));
    expect(profileOf(mergeStatistics(none, some), SCHEMA)).toEqual(profileOf(some, SCHEMA));
    const more = { columns: [{ name: 'id', type: 'integer' as const, missingTokens: [] }] };
    const merged = mergeStatistics(some, await measure('SELECT i AS id FROM range(50, 80) AS r(i)', more));
    const [id, v] = profileOf(merged, SCHEMA);
    expect(id).toMatchObject({ count: 80, missing: 0, distinct: 80, min: 0, max: 79 });
    expect(v).toMatchObject({ count: 50, missing: 30 });
  });

  it('are plain JSON', async () => {
    const statistics = await measure(rowsSql(0, 100));
    expect(JSON.parse(JSON.stringify(statistics))).toEqual(statistics);
  });
});
