import { describe, expect, it } from 'vitest';
import type { LaunchResult } from '../contracts/launch.ts';
import type { ModelSignature } from '../contracts/models.ts';
import { agoText, bytesText, metricText, secondsText } from './format.ts';
import { createPaint } from './io.ts';
import { curlLine, summaryLines } from './launch-summary.ts';
import { factLines, tableLines } from './table.ts';

const plain = createPaint(false);
const columns = [
  { title: 'NAME', value: (row: { name: string; rows: number | null }) => row.name },
  { title: 'ROWS', value: (row: { name: string; rows: number | null }) => row.rows, align: 'right' as const },
];
const rows = [
  { name: 'adult', rows: 48_842 },
  { name: 'a\tb\nc', rows: null },
];

describe('tables', () => {
  it('are aligned on a terminal', () => {
    expect(tableLines(rows, columns, { outIsTerminal: true, paint: plain })).toEqual([
      'NAME    ROWS',
      'adult  48842',
      'a b c',
    ]);
  });
  it('are tab-separated values in a pipe, whatever the values hold', () => {
    expect(tableLines(rows, columns, { outIsTerminal: false, paint: plain })).toEqual([
      'NAME\tROWS',
      'adult\t48842',
      'a b c\t',
    ]);
    expect(factLines([['name', 'x']], { outIsTerminal: false, paint: plain })).toEqual(['name\tx']);
  });
});

describe('numbers and times', () => {
  it.each([
    [metricText(0.92741), '0.9274'],
    [metricText(48_213.4), '48,213'],
    [metricText(null), '–'],
    [bytesText(999), '999 B'],
    [bytesText(84_500), '85 kB'],
    [bytesText(1_250_000), '1.3 MB'],
    [secondsText(4.26), '4.3 s'],
    [secondsText(61), '1 min 1 s'],
    [secondsText(7260), '2 h 1 min'],
    [agoText(0, 30_000), 'just now'],
    [agoText(0, 7_200_000), '2 h ago'],
    [agoText(null, 5), '–'],
  ])('%s', (text, expected) => expect(text).toBe(expected));
});

describe('the summary of a launch', () => {
  const failed: LaunchResult = { type: 'result', ok: false, seconds: 1.25, links: {} };
  it('shows the sections there are', () => {
    const lines = summaryLines(
      { ...failed, dataset: { name: 'd', snapshot: 's', version: 2, rows: 10, quarantined: 3, columns: 4 } },
      { paint: plain },
    );
    expect(lines).toEqual(['data set   d v2: 10 rows, 3 quarantined', 'time       1.3 s']);
  });
  it('ends in a curl command whose quoting survives the example values', () => {
    const signature = {
      inputs: [{ name: "it's", type: 'string', optional: true, example: 'a"b' }],
    } as unknown as ModelSignature;
    expect(curlLine('http://h/models/m/invocations', signature, false)).toBe(
      `curl -s http://h/models/m/invocations -H 'content-type: application/json' -d '{"dataframe_records":[{"it'\\''s":"a\\"b"}]}'`,
    );
  });
});
