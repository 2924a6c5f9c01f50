import { weightOf } from './row-losses.ts';
import type { Predictions, Truth } from './types.ts';

/**
 * Area under the ROC curve: the weighted share of (positive, negative) pairs that are ranked right, ties counting half.
 * NaN unless both classes occur.
 */
export function auc(truth: Truth, predictions: Predictions): number {
  return placements(truth, predictions).auc;
}

/**
 * DeLong's structural components (DeLong, DeLong and Clarke-Pearson 1988) as contributions: Σ cᵢ² is DeLong's variance, and
 * Σ (aᵢ - bᵢ)² that of two models' difference, its covariance included.
 */
export function aucContributions(truth: Truth, predictions: Predictions): Float64Array {
  const { auc: value, of, positives, negatives } = placements(truth, predictions);
  return of.map((placement, i) => {
    const group = truth.target[i] === 1 ? positives : negatives;
    const correction = group.rows > 1 ? Math.sqrt(group.rows / (group.rows - 1)) : Number.NaN;
    return (weightOf(truth, i) * (placement - value) * correction) / group.weight;
  });
}

interface Group {
  readonly rows: number;
  readonly weight: number;
  /** Ascending scores. */
  readonly scores: Float64Array;
  /** cumulative[i] = weight of the first i scores. */
  readonly cumulative: Float64Array;
}

interface Placements {
  readonly auc: number;
  /** Per row: the weighted share of the other class that the row is ranked right against. */
  readonly of: Float64Array;
  readonly positives: Group;
  readonly negatives: Group;
}

function placements(truth: Truth, predictions: Predictions): Placements {
  const positives = groupOf(truth, predictions, 1);
  const negatives = groupOf(truth, predictions, 0);
  const of = new Float64Array(truth.target.length);
  let sum = 0;
  for (let i = 0; i < of.length; i++) {
    const score = predictions[2 * i + 1]!;
    if (truth.target[i] === 1) {
      of[i] = shareBelow(negatives, score);
      sum += weightOf(truth, i) * of[i]!;
    } else {
      of[i] = 1 - shareBelow(positives, score);
    }
  }
  return { auc: negatives.rows === 0 ? Number.NaN : sum / positives.weight, of, positives, negatives };
}

function groupOf(truth: Truth, predictions: Predictions, wanted: number): Group {
  const rows: number[] = [];
  for (let i = 0; i < truth.target.length; i++) if (truth.target[i] === wanted) rows.push(i);
  const own = Float64Array.from(rows, (row) => predictions[2 * row + 1]!);
  const cumulative = new Float64Array(rows.length + 1);
  if (truth.weights === undefined) {
    // Sorting numbers is several times quicker than sorting rows by them.
    own.sort();
    for (let i = 0; i < rows.length; i++) cumulative[i + 1] = i + 1;
    return { rows: rows.length, weight: rows.length, scores: own, cumulative };
  }
  const order = Uint32Array.from(own.keys()).sort((a, b) => own[a]! - own[b]!);
  const scores = Float64Array.from(order, (i) => own[i]!);
  for (let i = 0; i < rows.length; i++)
    cumulative[i + 1] = cumulative[i]! + weightOf(truth, rows[order[i]!]!);
  return { rows: rows.length, weight: cumulative[rows.length]!, scores, cumulative };
}

/** Weighted share of the group's scores below `score`, equal ones counting half. */
function shareBelow({ scores, cumulative, weight }: Group, score: number): number {
  const below = cumulative[firstNotBelow(scores, score)]!;
  const notAbove = cumulative[firstAbove(scores, score)]!;
  return (below + notAbove) / (2 * weight);
}

function firstNotBelow(scores: Float64Array, score: number): number {
  let low = 0;
  let high = scores.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (scores[middle]! < score) low = middle + 1;
    else high = middle;
  }
  return low;
}

function firstAbove(scores: Float64Array, score: number): number {
  let low = 0;
  let high = scores.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (scores[middle]! <= score) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * Average precision: Σ (recallᵢ - recallᵢ₋₁) precisionᵢ over distinct scores, descending (the area under the
 * precision-recall steps, not interpolated). Sorted once; the returned function takes row weights.
 */
export function averagePrecision(truth: Truth, predictions: Predictions): (weights: Float64Array) => number {
  const { target } = truth;
  const scores = Float64Array.from(target, (_, i) => predictions[2 * i + 1]!);
  const order = Uint32Array.from(scores.keys()).sort((a, b) => scores[b]! - scores[a]!);
  return (weights) => {
    let area = 0;
    let hits = 0;
    let seen = 0;
    let pending = 0;
    for (let i = 0; i < order.length; i++) {
      const row = order[i]!;
      const w = weights[row]!;
      seen += w;
      if (target[row] === 1) pending += w;
      if (i + 1 < order.length && scores[order[i + 1]!] === scores[row]) continue;
      hits += pending;
      if (pending > 0) area += pending * (hits / seen);
      pending = 0;
    }
    return area / hits;
  };
}
