import { createRng, type Rng } from '../kernel/rng.ts';
import type { Feature } from '../tables/features.ts';
import type { Task, TrainingSet } from './types.ts';

/** Generated rows for tests and benchmarks: the same options give the same rows on every machine. */
export interface GeneratedOptions {
  readonly task: Task;
  readonly rows: number;
  readonly seed: number;
  /** Numeric features, at least 5; the first five carry the signal. Default 6. */
  readonly numeric?: number;
  /** Add two categorical features that carry signal, too, and some missing values. Default true. */
  readonly mixed?: boolean;
  /** For multiclass. Default 4. */
  readonly classes?: number;
}

const CITIES = ['Athens', 'Bergen', 'Cork', 'Delft', 'Évora', 'Faro', 'Graz', 'Hull', 'Izmir', 'Jena'];

/**
 * score = x0 + x1 x2 + sin(2 x3) + ½ x4² - ½ (+ category effects) + noise, with standard normal x; binary: score > 0,
 * multiclass: its quantile, regression: 10 + 3 score.
 */
export function generateSet(options: GeneratedOptions): TrainingSet {
  const { task, rows, seed, numeric = 6, mixed = true, classes = 4 } = options;
  const rng = createRng(seed);
  const columns = Array.from({ length: numeric }, () => gaussians(rng, rows));
  const scores = new Float64Array(rows);
  const noise = gaussians(rng, rows);
  for (let i = 0; i < rows; i++) {
    const x = (j: number) => columns[j]![i]!;
    scores[i] = x(0) + x(1) * x(2) + Math.sin(2 * x(3)) + 0.5 * x(4) ** 2 - 0.5 + noise[i]!;
  }
  const features: Feature[] = columns.map((values, j) => ({ kind: 'numeric', name: `x${j}`, values }));
  if (mixed) {
    features.push(cities(rng, rows, scores), plans(rng, rows, scores));
    for (const feature of features) dropSome(rng, feature);
  }
  const target = targetOf(task, scores, classes);
  const outputs = task === 'regression' ? 1 : task === 'binary' ? 2 : classes;
  return { features: { rows, features }, target, task, classes: outputs };
}

function gaussians(rng: Rng, count: number): Float32Array {
  const values = new Float32Array(count);
  for (let i = 0; i < count; i++) {
    values[i] = Math.sqrt(-2 * Math.log(1 - rng.next())) * Math.cos(2 * Math.PI * rng.next());
  }
  return values;
}

function cities(rng: Rng, rows: number, scores: Float64Array): Feature {
  const codes = new Int32Array(rows);
  for (let i = 0; i < rows; i++) {
    codes[i] = rng.int(CITIES.length);
    scores[i]! += Math.cos(codes[i]! * 2.5);
  }
  return { kind: 'categorical', name: 'city', codes, categories: CITIES };
}

function plans(rng: Rng, rows: number, scores: Float64Array): Feature {
  const codes = new Int32Array(rows);
  for (let i = 0; i < rows; i++) {
    codes[i] = rng.int(2);
    scores[i]! += codes[i]! - 0.5;
  }
  return { kind: 'categorical', name: 'plan', codes, categories: ['basic', 'plus'] };
}

function dropSome(rng: Rng, feature: Feature): void {
  const length = feature.kind === 'numeric' ? feature.values.length : feature.codes.length;
  for (let i = 0; i < length; i++) {
    if (rng.next() >= 0.05) continue;
    if (feature.kind === 'numeric') feature.values[i] = Number.NaN;
    else feature.codes[i] = -1;
  }
}

function targetOf(task: Task, scores: Float64Array, classes: number): Float64Array {
  if (task === 'regression') return scores.map((score) => 10 + 3 * score);
  if (task === 'binary') return scores.map((score) => (score > 0 ? 1 : 0));
  const sorted = scores.slice().sort();
  const cuts = Array.from(
    { length: classes - 1 },
    (_, k) => sorted[Math.floor(((k + 1) * sorted.length) / classes)]!,
  );
  return scores.map((score) => cuts.filter((cut) => score >= cut).length);
}
