import type { Curves } from '../contracts/validations.ts';
import type { Predictions, Truth } from '../estimators/metrics/types.ts';
import { wilsonInterval } from '../estimators/statistics/proportions.ts';
import { confusionCells } from './macro-f1.ts';

const POINTS_MAX = 200;
const CALIBRATION_BINS = 10;
/** Classes shown in a confusion matrix; the rest are one row and column. */
const LABELS_MAX = 40;

export interface CurveRows {
  /** Rows whose label the model knows. */
  readonly truth: Truth;
  readonly predictions: Predictions;
  readonly all: { readonly truth: Truth; readonly predictions: Predictions };
  readonly labels: readonly string[];
}

/** Points to draw, thinned to at most 200 each; what is left out lies between neighbours that are drawn. */
export function drawCurves(rows: CurveRows): Curves {
  switch (rows.truth.task) {
    case 'binary':
      return {
        ...rankingCurves(rows.truth, rows.predictions),
        calibration: calibrationCurve(rows.truth, rows.predictions),
        confusion: confusion(rows),
      };
    case 'multiclass':
      return { confusion: confusion(rows) };
    case 'regression':
      return { residuals: residuals(rows.truth, rows.predictions) };
  }
}

function rankingCurves(truth: Truth, predictions: Predictions): Pick<Curves, 'roc' | 'precisionRecall'> {
  const { target } = truth;
  const scores = Float64Array.from(target, (_, row) => predictions[2 * row + 1]!);
  const order = Uint32Array.from(scores.keys()).sort((a, b) => scores[b]! - scores[a]!);
  const positives = target.reduce((sum, y) => sum + y, 0);
  const negatives = target.length - positives;
  if (positives === 0 || negatives === 0) return {};
  const roc = [{ x: 0, y: 0 }];
  const precisionRecall: { x: number; y: number }[] = [];
  let hits = 0;
  for (let i = 0; i < order.length; i++) {
    hits += target[order[i]!]!;
    if (i + 1 < order.length && scores[order[i + 1]!] === scores[order[i]!]) continue;
    roc.push({ x: (i + 1 - hits) / negatives, y: hits / positives });
    precisionRecall.push({ x: hits / positives, y: hits / (i + 1) });
  }
  return { roc: thinned(roc), precisionRecall: thinned(precisionRecall) };
}

/** Keeps the first, the last, and points about equally far apart along the curve. */
function thinned(points: readonly { x: number; y: number }[]): { x: number; y: number }[] {
  if (points.length <= POINTS_MAX) return points.map(rounded);
  const lengths = new Float64Array(points.length);
  for (let i = 1; i < points.length; i++) {
    const [a, b] = [points[i - 1]!, points[i]!];
    lengths[i] = lengths[i - 1]! + Math.abs(b.x - a.x) + Math.abs(b.y - a.y);
  }
  const step = lengths.at(-1)! / (POINTS_MAX - 2);
  const kept = [points[0]!];
  let next = step;
  for (let i = 1; i + 1 < points.length && kept.length < POINTS_MAX - 1; i++) {
    if (lengths[i]! < next) continue;
    kept.push(points[i]!);
    next = lengths[i]! + step;
  }
  return [...kept, points.at(-1)!].map(rounded);
}

/** Six digits are beyond any screen, and keep reports small. */
function rounded({ x, y }: { x: number; y: number }): { x: number; y: number } {
  return { x: Number(x.toPrecision(6)), y: Number(y.toPrecision(6)) };
}

function calibrationCurve({ target }: Truth, predictions: Predictions): NonNullable<Curves['calibration']> {
  const scores = Float64Array.from(target, (_, row) => predictions[2 * row + 1]!);
  const order = Uint32Array.from(scores.keys()).sort((a, b) => scores[a]! - scores[b]!);
  const points: NonNullable<Curves['calibration']> = [];
  for (let from = 0, bin = 1; from < order.length && bin <= CALIBRATION_BINS; bin++) {
    let to = Math.max(from + 1, Math.round((bin * order.length) / CALIBRATION_BINS));
    // Equal scores stay together: they cannot be told apart.
    while (to < order.length && scores[order[to]!] === scores[order[to - 1]!]) to++;
    let predicted = 0;
    let hits = 0;
    for (let i = from; i < to; i++) {
      predicted += scores[order[i]!]!;
      hits += target[order[i]!]!;
    }
    const rows = to - from;
    const { value, low, high } = wilsonInterval({ hits, rows });
    points.push({ predicted: predicted / rows, observed: value, low, high, rows });
    from = to;
  }
  return points;
}

/** Truth in rows, answers in columns. */
function confusion({ all, labels }: CurveRows): NonNullable<Curves['confusion']> {
  const size = labels.length + 1;
  const cells = confusionCells(all.truth, all.predictions);
  const actual = Array.from({ length: size }, (_, k) =>
    cells.subarray(k * size, (k + 1) * size).reduce((sum, count) => sum + count, 0),
  );
  const frequent = [...labels.keys()].sort((a, b) => actual[b]! - actual[a]! || a - b).slice(0, LABELS_MAX);
  const shown = labels.length <= LABELS_MAX ? [...labels.keys()] : frequent.sort((a, b) => a - b);
  const hasOther = shown.length < labels.length || actual[size - 1]! > 0;
  const place = new Map(shown.map((label, index) => [label, index]));
  const counts = Array.from({ length: shown.length + (hasOther ? 1 : 0) }, () =>
    new Array<number>(shown.length + (hasOther ? 1 : 0)).fill(0),
  );
  for (let cell = 0; cell < cells.length; cell++) {
    if (cells[cell] === 0) continue;
    const row = place.get(Math.floor(cell / size)) ?? shown.length;
    const column = place.get(cell % size) ?? shown.length;
    counts[row]![column]! += cells[cell]!;
  }
  return { labels: [...shown.map((label) => labels[label]!), ...(hasOther ? ['(other)'] : [])], counts };
}

/** Predicted value and residual (truth − prediction), rows spread evenly over the order of predictions. */
function residuals({ target }: Truth, predictions: Predictions): NonNullable<Curves['residuals']> {
  const order = Uint32Array.from(target.keys()).sort((a, b) => predictions[a]! - predictions[b]! || a - b);
  const points = Math.min(POINTS_MAX, order.length);
  return Array.from({ length: points }, (_, i) => {
    const row = order[Math.floor(((i + 0.5) * order.length) / points)]!;
    return rounded({ x: predictions[row]!, y: target[row]! - predictions[row]! });
  });
}
