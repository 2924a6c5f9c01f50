import { describe, expect, it } from 'vitest';
import { coerceTable } from '../tables/coercion.ts';
import type { Column } from '../tables/table.ts';
import { planCoercions } from './coercion-plan.ts';
import { signatureOf } from './signature.ts';
import { planTarget } from './target.ts';
import { columnFrom, drawn } from './test-tables.ts';

function featuresOf(column: Column, timeColumn?: string) {
  const rows = column.type === 'string' ? column.codes.length : column.values.length;
  return coerceTable({ rows, columns: [column] }, planCoercions([column], [], timeColumn)).features;
}

function valuesOf(column: Column): number[] {
  const [feature] = featuresOf(column);
  return feature?.kind === 'numeric' ? [...feature.values] : [];
}

describe('numbers', () => {
  it('keep differences that single precision would lose', () => {
    const ids = [1_700_000_000_001, 1_700_000_000_002, 1_700_000_000_003];
    expect(valuesOf(columnFrom('id', ids))).toEqual([0, 1, 2]);
    const degrees = [40.712_801, 40.712_802, 40.712_803];
    const [a, b, c] = valuesOf(columnFrom('latitude', degrees)) as [number, number, number];
    expect(b - a).toBeCloseTo(1e-6, 8);
    expect(c - b).toBeCloseTo(1e-6, 8);
  });

  it('stay as they are when nothing would be lost', () => {
    expect(valuesOf(columnFrom('age', [17, 40, 90]))).toEqual([17, 40, 90]);
    expect(valuesOf(columnFrom('amount', [0, 5, 90_000_000]))).toEqual([0, 5, 90_000_000]);
  });

  it('may be infinite or missing', () => {
    const values = valuesOf(columnFrom('x', [Number.POSITIVE_INFINITY, null, 3, 4]));
    expect(values).toEqual([Number.POSITIVE_INFINITY, Number.NaN, 3, 4]);
    expect(valuesOf(columnFrom('x', [null, null]))).toEqual([Number.NaN, Number.NaN]);
  });
});

describe('dates', () => {
  const day = 86_400_000;
  const dates: Column = {
    name: 'd',
    type: 'date',
    values: Float64Array.of(-400 * day, -399 * day, 30 * day, Number.NaN),
  };

  it('become elapsed days and the parts of the calendar that vary, also before 1970', () => {
    const features = featuresOf(dates);
    expect(features.map((feature) => feature.name)).toEqual([
      'd.elapsedDays',
      'd.month',
      'd.dayOfMonth',
      'd.dayOfWeek',
    ]);
    const elapsed = features[0]!;
    expect(elapsed.kind === 'numeric' && [...elapsed.values]).toEqual([0, 1, 430, Number.NaN]);
    const month = features[1]!;
    expect(month.kind === 'numeric' && [...month.values]).toEqual([11, 11, 1, Number.NaN]);
  });

  it('that order the rows leave out what only grows', () => {
    expect(featuresOf(dates, 'd').map((feature) => feature.name)).not.toContain('d.elapsedDays');
  });
});

describe('names', () => {
  it('of graph outputs and of other columns are not taken', () => {
    const columns = [columnFrom('label', ['a', 'b']), columnFrom('prediction', [1, 2])];
    const emitted = planCoercions(columns, [], undefined).flatMap(({ emits }) =>
      emits.map(({ name }) => name),
    );
    expect(emitted).toEqual(['label_', 'prediction_']);
  });
});

describe('the signature', () => {
  it('offers a typical value that the column reads back, and the known values', () => {
    const rows = 40;
    const target = planTarget(
      columnFrom(
        'y',
        drawn(rows, 1, (_, row) => row % 2),
      ),
      { task: 'auto' },
    );
    const columns: Column[] = [
      columnFrom(
        'age',
        drawn(rows, 1, (_, row) => row),
      ),
      columnFrom(
        'city',
        drawn(rows, 2, (_, row) => (row % 3 === 0 ? null : row % 3 === 1 ? 'Oslo' : 'Bergen')),
      ),
      columnFrom(
        'member',
        drawn(rows, 3, (_, row) => row > 3),
      ),
      { name: 'born', type: 'date', values: new Float64Array(rows).fill(Date.UTC(1969, 6, 20)) },
    ];
    const schema = [{ name: 'born', type: 'date', missingTokens: [], dateFormat: 'mdy' }] as const;
    const { inputs, labels, numericLabels } = signatureOf(
      { name: 'y', plan: target },
      columns,
      planCoercions(columns, schema, undefined),
    );
    expect(inputs).toEqual([
      { name: 'age', type: 'integer', optional: false, example: 19 },
      { name: 'city', type: 'string', optional: true, example: 'Bergen', values: ['Bergen', 'Oslo'] },
      { name: 'member', type: 'boolean', optional: false, example: true },
      { name: 'born', type: 'date', optional: false, example: '07/20/1969' },
    ]);
    expect([labels, numericLabels]).toEqual([['0', '1'], true]);
  });
});
