import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { detectDateFormat, parseDate } from './dates.ts';

const utc = Date.UTC;

describe('parseDate', () => {
  it.each([
    ['2026-03-04', 'iso', utc(2026, 2, 4)],
    ['2026-3-4 5:06', 'iso', utc(2026, 2, 4, 5, 6)],
    ['2026-03-04T05:06:07.1239Z', 'iso', utc(2026, 2, 4, 5, 6, 7, 123)],
    ['2026-03-04T05:06:07+02:30', 'iso', utc(2026, 2, 4, 2, 36, 7)],
    ['2026-03-04 05:06:07 UTC', 'iso', utc(2026, 2, 4, 5, 6, 7)],
    ['2026/03/04', 'ymd', utc(2026, 2, 4)],
    ['3/4/2026', 'mdy', utc(2026, 2, 4)],
    ['3/4/2026', 'dmy', utc(2026, 3, 3)],
    ['03.04.26', 'dmy', utc(2026, 3, 3)],
    ['1/8/90 0:00', 'mdy', utc(1990, 0, 8)],
    ['1/8/68', 'mdy', utc(2068, 0, 8)],
    ['1/8/69', 'mdy', utc(1969, 0, 8)],
    ['1/8/2020 12:30 AM', 'mdy', utc(2020, 0, 8, 0, 30)],
    ['1/8/2020 12:30 pm', 'mdy', utc(2020, 0, 8, 12, 30)],
    ['2024-02-29', 'iso', utc(2024, 1, 29)],
    ['0099-01-01', 'iso', new Date('0099-01-01T00:00:00Z').getTime()],
  ] as const)('reads %s as %s', (text, format, ms) => {
    expect(parseDate(text, format)).toBe(ms);
  });

  it.each([
    ['2026-02-30', 'iso'],
    ['2023-02-29', 'iso'],
    ['2026-00-10', 'iso'],
    ['2026-01-00', 'iso'],
    ['2026-01-01 24:00', 'iso'],
    ['13/1/2020', 'mdy'],
    ['1/2/2020 13:00 PM', 'mdy'],
    ['10/11/12', 'ymd'],
    ['1/2/202', 'mdy'],
    ['123/1/20', 'mdy'],
    ['1/2-2020', 'mdy'],
    ['1.2.3', 'dmy'],
    ['', 'iso'],
    ['today', 'iso'],
    ['20200101', 'iso'],
  ] as const)('does not read %s as %s', (text, format) => {
    expect(parseDate(text, format)).toBeNaN();
  });

  it('reads back what toISOString writes', () => {
    fc.assert(
      fc.property(
        fc.date({ min: new Date('0001-01-01'), max: new Date('9999-12-31'), noInvalidDate: true }),
        (date) => {
          expect(parseDate(date.toISOString(), 'iso')).toBe(date.getTime());
        },
      ),
    );
  });
});

describe('detectDateFormat', () => {
  it('takes the first format that reads all samples, and none when there is none', () => {
    expect(detectDateFormat(['1/2/2020', '3/4/2020'])).toBe('mdy');
    expect(detectDateFormat(['1/2/2020', '13/4/2020'])).toBe('dmy');
    expect(detectDateFormat(['2020-01-02'])).toBe('iso');
    expect(detectDateFormat(['2020/01/02'])).toBe('ymd');
    expect(detectDateFormat(['1/2/2020', 'x'])).toBeUndefined();
    expect(detectDateFormat([])).toBeUndefined();
  });
});
