import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ModelSignature } from '../contracts/models.ts';
import { quantileBins } from '../estimators/statistics/quantile-bins.ts';
import { createRng, type Rng } from '../kernel/rng.ts';
import type { ColumnCoercion } from '../tables/coercion.ts';
import type { Column, Table } from '../tables/table.ts';
import { buildBaseline } from './baseline.ts';
import { driftOf, driftRatios, ROWS_MIN, stabilityIndex } from './drift.ts';
import type { DriftBaseline } from './types.ts';
import { createWindowCounter, mergeWindows } from './window-counts.ts';

const HOUR = 3_600_000;
const BINARY: ModelSignature = {
  task: 'binary',
  target: 'y',
  inputs: [],
  labels: ['no', 'yes'],
  numericLabels: false,
  positive: 'yes',
};

function coercion(
  column: string,
  type: ColumnCoercion['type'],
  part: 'value' | 'hour' = 'value',
): ColumnCoercion {
  const kind = type === 'string' ? 'categorical' : 'numeric';
  return {
    column,
    type,
    missingTokens: ['?'],
    dateFormat: 'iso',
    emits: [{ name: column, kind, part, origin: 0 }],
  };
}

function gaussian(rng: Rng): number {
  return Math.sqrt(-2 * Math.log(1 - rng.next())) * Math.cos(2 * Math.PI * rng.next());
}

const CITIES = Array.from({ length: 26 }, (_, i) => `city ${String.fromCharCode(97 + i)}`);
/** Zipf-like: the 26 cities have shares from a quarter down to a hundredth. */
const city = (rng: Rng) => CITIES[Math.floor(26 * rng.next() ** 2)]!;

function trainTable(rows: number, seed: number): Table {
  const rng = createRng(seed);
  const amount = Float64Array.from({ length: rows }, () => (rng.next() < 0.3 ? 0 : 100 + 20 * gaussian(rng)));
  const age = Float64Array.from({ length: rows }, () => (rng.next() < 0.05 ? Number.NaN : gaussian(rng)));
  const names = Array.from({ length: rows }, () => city(rng));
  const dictionary = [...new Set(names)];
  const columns: Column[] = [
    { name: 'amount', type: 'number', values: amount },
    { name: 'age', type: 'number', values: age },
    {
      name: 'city',
      type: 'string',
      codes: Int32Array.from(names, (name) => dictionary.indexOf(name)),
      dictionary,
    },
  ];
  return { rows, columns };
}

const COERCIONS = [coercion('amount', 'number'), coercion('age', 'number'), coercion('city', 'string')];

function scores(rows: number, rng: Rng): Float32Array {
  const outputs = new Float32Array(2 * rows);
  for (let i = 0; i < rows; i++) {
    const p = rng.next();
    outputs.set([1 - p, p], 2 * i);
  }
  return outputs;
}

function baselineOf(rows: number, seed: number): DriftBaseline {
  return buildBaseline({
    table: trainTable(rows, seed),
    coercions: COERCIONS,
    predictions: scores(rows, createRng(seed + 1)),
    signature: BINARY,
    reference: { metric: 'auc', value: 0.9 },
  });
}

interface Live {
  readonly rows: number;
  readonly seed: number;
  readonly ageShift?: number;
  readonly missingAge?: number;
  readonly newCity?: number;
}

function liveBatch({ rows, seed, ageShift = 0, missingAge = 0.05, newCity = 0 }: Live) {
  const rng = createRng(seed);
  return {
    times: Float64Array.from({ length: rows }, (_, i) => i * 1000),
    columns: [
      Float64Array.from({ length: rows }, () => (rng.next() < 0.3 ? 0 : 100 + 20 * gaussian(rng))),
      Float64Array.from({ length: rows }, () =>
        rng.next() < missingAge ? Number.NaN : ageShift + gaussian(rng),
      ),
      Array.from({ length: rows }, () => (rng.next() < newCity ? 'atlantis' : city(rng))),
    ],
    outputs: scores(rows, rng),
    outputsPerRow: 2,
  };
}

function windowOf(baseline: DriftBaseline, live: Live) {
  const counter = createWindowCounter(baseline, 24 * HOUR);
  counter.add(liveBatch(live));
  return mergeWindows(counter.windows())!;
}

describe('quantile bins', () => {
  it('hold about equally many rows, with distinct edges between values', () => {
    const { edges, counts } = quantileBins(
      Float64Array.from({ length: 1000 }, (_, i) => i),
      10,
    );
    expect(counts).toEqual(new Array(10).fill(100));
    expect(edges[0]).toBe(99.5);
  });

  it('give a spike its own bin', () => {
    const values = Float64Array.from({ length: 1000 }, (_, i) => (i < 300 ? 0 : i)).sort();
    const { edges, counts } = quantileBins(values, 10);
    expect(counts[0]).toBe(300);
    expect(edges[0]).toBe(150);
    expect(counts.length).toBeLessThanOrEqual(10);
  });

  it('account for every value, whatever the ties', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 30 }), { maxLength: 300 }), (values) => {
        const sorted = Float64Array.from(values).sort();
        const { edges, counts } = quantileBins(sorted, 10);
        expect(counts.length).toBeLessThanOrEqual(10);
        expect(counts.length).toBe(edges.length + 1);
        const again = new Array(counts.length).fill(0);
        for (const value of sorted) again[edges.filter((edge) => value > edge).length]++;
        expect(again).toEqual([...counts]);
        for (let i = 1; i < edges.length; i++) expect(edges[i]).toBeGreaterThan(edges[i - 1]!);
      }),
    );
  });

  it('of nothing, or of one value, are one bin', () => {
    expect(quantileBins(new Float64Array(0), 10)).toEqual({ edges: [], counts: [0] });
    expect(quantileBins(Float64Array.of(3, 3, 3), 10)).toEqual({ edges: [], counts: [3] });
  });
});

describe('a baseline', () => {
  it('describes each raw column, the missing values and the predictions, as JSON', () => {
    const baseline = baselineOf(5000, 1);
    expect(JSON.parse(JSON.stringify(baseline))).toEqual(baseline);
    expect(baseline.features.map(({ name, kind }) => [name, kind])).toEqual([
      ['amount', 'numeric'],
      ['age', 'numeric'],
      ['city', 'categorical'],
    ]);
    const [, age, cities] = baseline.features;
    expect(age!.missing / 5000).toBeCloseTo(0.05, 1);
    expect(cities!.counts).toHaveLength(21);
    expect(cities!.counts.reduce((a, b) => a + b, 0)).toBe(5000);
    expect(baseline.prediction.counts.reduce((a, b) => a + b, 0)).toBe(5000);
  });

  it('of no rows, and of a column that is all missing, is valid and judges nothing', () => {
    for (const rows of [0, 100]) {
      const table: Table = {
        rows,
        columns: [
          { name: 'amount', type: 'number', values: new Float64Array(rows).fill(Number.NaN) },
          { name: 'age', type: 'number', values: new Float64Array(rows).fill(Number.NaN) },
          { name: 'city', type: 'string', codes: new Int32Array(rows).fill(-1), dictionary: [] },
        ],
      };
      const baseline = buildBaseline({
        table,
        coercions: COERCIONS,
        predictions: new Float32Array(0),
        signature: BINARY,
        reference: null,
      });
      const drift = driftOf(baseline, windowOf(baseline, { rows: 100, seed: 3, missingAge: 1 }));
      expect(drift.every(({ psi }) => psi === null || Number.isFinite(psi))).toBe(true);
      expect(drift[3]!.psi).toBeNull();
      if (rows === 100) expect(drift[1]).toMatchObject({ drifted: false, missing: 1, missingBaseline: 1 });
    }
  });

  it('does not bin a date of which the model sees only the hour: tomorrow is no drift', () => {
    const values = Float64Array.from({ length: 500 }, (_, i) => Date.UTC(2026, 0, 1) + i * HOUR);
    const table: Table = { rows: 500, columns: [{ name: 'at', type: 'timestamp', values }] };
    const build = (part: 'value' | 'hour') =>
      buildBaseline({
        table,
        coercions: [coercion('at', 'timestamp', part)],
        predictions: scores(500, createRng(1)),
        signature: BINARY,
        reference: null,
      }).features[0]!;
    expect(build('hour').counts).toEqual([500]);
    expect(build('value').counts).toHaveLength(10);
  });
});

describe('window counts', () => {
  const baseline = baselineOf(2000, 5);

  it('are the same however the log is cut into batches and merged', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 1999 }), { minLength: 1, maxLength: 6 }), (cuts) => {
        const whole = liveBatch({ rows: 2000, seed: 9, newCity: 0.1 });
        const slices: ReturnType<typeof createWindowCounter>[] = [];
        const edges = [...new Set([0, ...cuts, 2000])].sort((a, b) => a - b);
        for (let i = 1; i < edges.length; i++) {
          const counter = createWindowCounter(baseline, 60_000);
          const [from, to] = [edges[i - 1]!, edges[i]!];
          counter.add({
            times: whole.times.slice(from, to),
            columns: whole.columns.map((column) => column.slice(from, to)),
            outputs: whole.outputs.slice(2 * from, 2 * to),
            outputsPerRow: 2,
          });
          slices.push(counter);
        }
        const one = createWindowCounter(baseline, 60_000);
        one.add(whole);
        const parts = slices.flatMap((counter) => counter.windows());
        expect(mergeWindows(parts)).toEqual(mergeWindows(one.windows()));
        expect(mergeWindows([...parts].reverse())).toEqual(mergeWindows(parts));
      }),
      { numRuns: 30 },
    );
  });

  it('count missing, unseen and unreadable values apart, and each row once', () => {
    const counter = createWindowCounter(baseline, HOUR);
    counter.add({
      times: Float64Array.of(1, 2, 3, 4),
      columns: [
        Float64Array.of(0, Number.NaN, Number.POSITIVE_INFINITY, 1e9),
        Float64Array.of(0, 0, 0, 0),
        ['', 'atlantis', 'city a', 'city z'],
      ],
      outputs: Float32Array.of(0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5),
      outputsPerRow: 2,
    });
    const [amount, , cities] = counter.windows()[0]!.features;
    expect(amount).toMatchObject({ missing: 1, invalid: 1, unseen: 1 });
    expect(amount!.counts.reduce((a, b) => a + b, 0)).toBe(2);
    expect(cities).toMatchObject({ missing: 1, unseen: 1, invalid: 0 });
  });

  it('take a million values a second and more', () => {
    const batch = liveBatch({ rows: 100_000, seed: 4 });
    const counter = createWindowCounter(baseline, HOUR);
    counter.add(batch);
    const started = performance.now();
    counter.add(batch);
    expect(400_000 / ((performance.now() - started) / 1000)).toBeGreaterThan(1e6);
  });
});

describe('drift', () => {
  const baseline = baselineOf(20_000, 11);

  it.each([100, 1000, 20_000])(
    'is not called on %i undrifted rows more than once in a hundred looks',
    (rows) => {
      const looks = rows === 20_000 ? 40 : 200;
      let alarmed = 0;
      for (let look = 0; look < looks; look++) {
        if (driftOf(baseline, windowOf(baseline, { rows, seed: 1000 + look })).some(({ drifted }) => drifted))
          alarmed++;
      }
      // Four features at 1 % together; 5 of 200 has probability .05 at that rate.
      expect(alarmed).toBeLessThanOrEqual(looks === 200 ? 5 : 1);
    },
  );

  it('finds half a standard deviation at 1,000 rows, in that feature only', () => {
    let found = 0;
    for (let look = 0; look < 50; look++) {
      const drift = driftOf(baseline, windowOf(baseline, { rows: 1000, seed: 50 + look, ageShift: 0.5 }));
      if (drift[1]!.drifted) found++;
      expect(drift[0]!.drifted || drift[2]!.drifted).toBe(false);
    }
    expect(found).toBe(50);
  });

  it('finds values that go missing, and categories never seen', () => {
    const missing = driftOf(baseline, windowOf(baseline, { rows: 500, seed: 1, missingAge: 0.4 }));
    expect(missing[1]).toMatchObject({ drifted: true });
    const unseen = driftOf(baseline, windowOf(baseline, { rows: 500, seed: 1, newCity: 0.4 }));
    expect(unseen[2]).toMatchObject({ drifted: true });
    expect(unseen[2]!.unseen).toBeCloseTo(0.4, 1);
  });

  it('is not judged on few rows', () => {
    const drift = driftOf(baseline, windowOf(baseline, { rows: ROWS_MIN - 1, seed: 1, ageShift: 5 }));
    expect(drift.map(({ psi, drifted }) => [psi, drifted])).toEqual(new Array(4).fill([null, false]));
    const window = windowOf(baseline, { rows: 10, seed: 1 });
    expect(driftRatios(baseline, window)).toEqual([null, null, null, null]);
  });

  it('has the textbook index where smoothing does not count', () => {
    const many = stabilityIndex([100_000, 100_000], [60_000, 40_000], 1)!;
    expect(many.psi).toBeCloseTo(0.1 * Math.log(0.6 / 0.5) - 0.1 * Math.log(0.4 / 0.5), 3);
    expect(many.bound).toBe(0.1);
    // χ²(1, .99) = 6.634897
    expect(stabilityIndex([1000, 1000], [50, 50], 1)!.bound).toBeCloseTo(
      Math.max(0.1, 6.634897 * (1 / 2000 + 1 / 100)),
      6,
    );
  });

  it('shares of bins sum to one on both sides', () => {
    for (const { bins } of driftOf(baseline, windowOf(baseline, { rows: 300, seed: 2, newCity: 0.1 }))) {
      expect(bins.reduce((sum, bin) => sum + bin.baseline, 0)).toBeCloseTo(1, 9);
      expect(bins.reduce((sum, bin) => sum + bin.current, 0)).toBeCloseTo(1, 9);
    }
  });
});
