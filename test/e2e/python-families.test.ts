import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { Workplace } from '../slipway-process.ts';

const place = new Workplace();
afterAll(() => place.close());

const python = process.env['SLIPWAY_TEST_PYTHON'] ?? process.env['SLIPWAY_PYTHON'];
const there = hasLibraries(python);
if (!there)
  console.log('skipped: launches with Python families (SLIPWAY_PYTHON names no Python with LightGBM)');

function hasLibraries(interpreter: string | undefined): boolean {
  if (interpreter === undefined) return false;
  try {
    execFileSync(interpreter, ['-c', 'import lightgbm, xgboost, catboost, sklearn'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** 300 rows: a number with gaps, a category, and a price made of both. */
function table(): string {
  const path = join(place.folder, 'prices.csv');
  const rows = Array.from({ length: 300 }, (_, i) => {
    const size = ((i * 37) % 101) / 10;
    const kind = ['red', 'green', 'blue'][(i * 7) % 3]!;
    const price =
      (size > 5 ? 20 + size : 3 * size) + { red: 0, green: 5, blue: 11 }[kind]! + ((i * 13) % 7) / 10;
    return `${i % 9 === 0 ? '' : size},${kind},${price.toFixed(3)}`;
  });
  writeFileSync(path, ['size,kind,price', ...rows].join('\n'));
  return path;
}

const FAMILIES = ['lightgbm', 'xgboost', 'catboost', 'sklearn-hgb', 'sklearn-forest', 'sklearn-extra'];

describe('a launch with --families all', () => {
  it.skipIf(!there)(
    'has the Python families on its leaderboard, and serves whichever wins',
    async () => {
      const args = [
        'launch',
        table(),
        '--target',
        'price',
        '--families',
        'all',
        '--position',
        '12',
        '--json',
        '--exit',
      ];
      const { code, lines, stderr } = await place.run(args, { env: { SLIPWAY_PYTHON: python! } });
      expect(stderr).toBe('');
      expect(code).toBe(0);
      const { leaderboard } = lines.at(-1) as { leaderboard: { candidate: string; family: string }[] };
      expect(leaderboard.map(({ family }) => family)).toEqual(expect.arrayContaining(FAMILIES));
    },
    120_000,
  );

  it('says what is wrong with an interpreter that is none', async () => {
    const { code, lines } = await place.run(
      ['launch', table(), '--target', 'price', '--families', 'all', '--json', '--exit'],
      { env: { SLIPWAY_PYTHON: '/nowhere/python' } },
    );
    expect(lines.at(-1)).toMatchObject({ ok: false, error: { code: 'PYTHON_NOT_FOUND' } });
    expect(code).toBe(2);
  });

  it('goes on without Python, and says what would be gained', async () => {
    const args = [
      'launch',
      table(),
      '--target',
      'price',
      '--families',
      'all',
      '--position',
      '3',
      '--json',
      '--exit',
    ];
    const { code } = await place.run(args);
    expect(code).toBe(0);
  });
});
