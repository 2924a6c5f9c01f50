import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { createDuckdbEngine } from '../adapters/engine-duckdb/index.ts';
import { sqlText } from '../ports/engine.ts';
import type { Table } from '../tables/table.ts';
import { runGuards } from './guards.ts';
import { planTarget } from './target.ts';

const vega = fileURLToPath(new URL('../../../node_modules/vega-datasets/data/', import.meta.url));
/** A folder with public tables that are not part of this repository. */
const more = process.env['SLIPWAY_TEST_DATA'];
const folder = mkdtempSync(join(tmpdir(), 'slipway-tables-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function read(path: string): Promise<Table> {
  const session = await createDuckdbEngine().open({ workDir: folder });
  const reader = path.endsWith('.json') ? 'read_json' : 'read_csv';
  const options = path.endsWith('.json') ? '' : ", nullstr = ['', '?', ' ']";
  const table = await session.table(`SELECT * FROM ${reader}(${sqlText(path)}${options})`);
  await session.close();
  return table;
}

async function guard(path: string, target: string, exclude: readonly string[] = []) {
  const table = await read(path);
  const plan = planTarget(table.columns.find((column) => column.name === target)!, { task: 'auto' });
  const { findings } = runGuards(table, plan, { target, exclude, leaks: 'exclude', seed: 1 });
  const excluded = findings.filter(
    (finding) => finding.action === 'excluded' && finding.columns[0] !== target,
  );
  return { plan, excluded: excluded.map((finding) => [finding.guard, ...finding.columns]) };
}

describe('on real tables', { timeout: 30_000 }, () => {
  it('birdstrikes: nothing is excluded but what is asked for; None is a class; the class of one row is rare', async () => {
    const costs = ['Cost Total $', 'Cost Repair', 'Cost Other'];
    const { plan, excluded } = await guard(join(vega, 'birdstrikes.csv'), 'Effect Amount of damage', costs);
    expect(plan.task).toBe('multiclass');
    expect(plan.labels).toContain('None');
    expect(plan.classes.filter((one) => !one.fitted).map((one) => one.rows)).toEqual([1]);
    expect(excluded).toEqual([]);
  });

  it('movies: titles are text, and takings abroad are no leak of the rating', async () => {
    const { plan, excluded } = await guard(join(vega, 'movies.json'), 'IMDB Rating');
    expect(plan.task).toBe('regression');
    expect(plan.missingRows).toBeGreaterThan(0);
    expect(excluded).toEqual([['text', 'Title']]);
  });

  it('flights: nothing is excluded', async () => {
    expect((await guard(join(vega, 'flights-200k.json'), 'delay')).excluded).toEqual([]);
  });

  it.skipIf(more === undefined).each<[string, string, string[][]]>([
    ['adult.csv', 'income', []],
    ['california_housing.csv', 'median_house_value', []],
    ['diamonds.csv', 'price', []],
    ['taxis.csv', 'fare', [['leak', 'total']]],
    ['telco_churn.csv', 'Churn', [['identifier', 'customerID']]],
    [
      'titanic.csv',
      'Survived',
      [
        ['identifier', 'PassengerId'],
        ['text', 'Name'],
      ],
    ],
    ['penguins.csv', 'species', []],
    ['letter.csv', 'letter', []],
    ['hotel_rates.csv', 'avg_price_per_room', [['identifier', 'rownames']]],
  ])('%s: exactly what must be excluded is', async (file, target, expected) => {
    expect((await guard(join(more!, file), target)).excluded).toEqual(expected);
  });
});
