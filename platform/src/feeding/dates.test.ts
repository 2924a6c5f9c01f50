import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDuckdbEngine } from '../adapters/engine-duckdb/index.ts';
import { type EngineSession, sqlText } from '../ports/engine.ts';
import { type DateFormat, parseDate } from '../tables/dates.ts';
import { dateLayouts } from './column-casts.ts';

let session: EngineSession;
beforeAll(async () => {
  session = await createDuckdbEngine().open({ workDir: '.', threads: 1 });
});
afterAll(() => session.close());

const two = (n: number, pad: boolean) => (pad ? String(n).padStart(2, '0') : String(n));

/** A text that may or may not be a date, in one of the ways people write them. */
const written = fc
  .record({
    format: fc.constantFrom<DateFormat>('iso', 'ymd', 'mdy', 'dmy'),
    year: fc.integer({ min: 1900, max: 2099 }),
    month: fc.integer({ min: 0, max: 13 }),
    day: fc.integer({ min: 0, max: 32 }),
    mark: fc.constantFrom('/', '-', '.'),
    short: fc.boolean(),
    pad: fc.boolean(),
    time: fc.constantFrom(
      '',
      ' 9:05',
      ' 09:05',
      ' 23:59:59',
      'T10:00:00',
      ' 10:00:00.25',
      ' 1:30 PM',
      ' 12:00 AM',
      ' 25:00',
      'T10:00:00Z',
    ),
  })
  .map(({ format, year, month, day, mark, short, pad, time }) => {
    const [y, m, d] = [String(year), two(month, pad), two(day, pad)];
    const shortYear = short ? y.slice(2) : y;
    const last = { mdy: [m, d, shortYear], dmy: [d, m, shortYear] };
    const parts = format === 'iso' || format === 'ymd' ? [y, m, d] : last[format];
    return { format, text: parts.join(format === 'iso' ? '-' : mark) + time };
  });

describe('strptime layouts', () => {
  it('read every date exactly as the parser that serving uses, or are not offered', async () => {
    await fc.assert(
      fc.asyncProperty(written, async ({ format, text }) => {
        const expected = parseDate(text, format);
        const layouts = dateLayouts([text], format);
        if (layouts.length === 0) return;
        const list = layouts.map(sqlText).join(', ');
        const [row] = await session.rows(`SELECT epoch_ms(try_strptime(${sqlText(text)}, [${list}])) AS ms`);
        expect([text, layouts, Number(row!['ms'])]).toEqual([text, layouts, expected]);
      }),
      { numRuns: 400 },
    );
  });

  it('turn down what the parser turns down', async () => {
    const list = dateLayouts(['2020-01-31', '2020-01-31 10:00'], 'iso').map(sqlText).join(', ');
    for (const text of ['2020-02-30', '2020-13-01', 'today', '2020-01-01x', '20-01-01 10:00 PM']) {
      const [row] = await session.rows(`SELECT try_strptime(${sqlText(text)}, [${list}]) AS at`);
      expect([text, row!['at'], parseDate(text, 'iso')]).toEqual([text, null, Number.NaN]);
    }
  });
});
