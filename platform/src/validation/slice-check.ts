import { absoluteErrors, zeroOneLosses } from '../estimators/metrics/row-losses.ts';
import { benjaminiHochberg } from '../estimators/statistics/multiple-testing.ts';
import { createRng, seedOf } from '../kernel/rng.ts';
import type { Table } from '../tables/table.ts';
import {
  type Check,
  type CheckOutcome,
  type DraftFinding,
  finite,
  intervalOf,
  ledgerEntry,
  percent,
  short,
} from './evidence.ts';
import { SLICE_LIMITS, sliceColumns } from './slice-columns.ts';
import { enumerateSlices, maskOf, overlapOf, proposePairs, type Slice } from './slice-search.ts';
import { createColumnTester, type RowLosses, type SliceTest, testSlice } from './slice-tests.ts';

const CHECK = 'weak-slice';
const ALPHA = 0.05;
const MARGIN_RATE = 0.05;
const MARGIN_LOSS_SHARE = 0.1;
/** Ranges of a number in pairs with other columns. */
const COARSE_BINS = 5;
/** Ranges of a number that are looked at alone and joined. */
const FINE_BINS = 10;
/** A slice that shares this much with a stronger one tells the same story. */
const SAME_OF_SMALLER = 0.8;
const SAME_JACCARD = 0.5;
/** Two ranges of one column tell one story sooner. */
const SAME_OF_COLUMN = 0.25;
const FINDINGS_MAX = 20;
/** Fewer test rows are not worth searching: nothing could be significant. */
const ROWS_MIN = 100;

/**
 * Where the model is worse than elsewhere: each slice against its complement on errors per row (classes) or absolute errors
 * (regression). A finding needs a difference that matters (5 points; 10 % of the loss) and that Benjamini-Hochberg lets stand over
 * all slices tested. Values and ranges of one column are enumerated and use all rows; pairs of columns are proposed by one half of
 * the rows and tested on the other, for a slice that was sought cannot be judged by the rows that proposed it.
 */
export const sliceCheck: Check = {
  name: CHECK,
  run: ({ table, truth, predictions, request }) => {
    const rowLosses: RowLosses =
      truth.task === 'regression'
        ? { metric: 'mae', losses: absoluteErrors(truth, predictions) }
        : { metric: 'accuracy', losses: zeroOneLosses(truth, predictions) };
    const columns = request.candidate.coercions.map(({ column }) => column);
    const seed = seedOf(request.seed, CHECK);
    return findWeakSlices(table, columns, { rowLosses, seed, margin: request.policy.sliceMargin });
  },
};

export interface SliceQuestion {
  readonly rowLosses: RowLosses;
  readonly seed: number;
  /** Points for accuracy (default .05), share of the complement's loss for mae (default .10). */
  readonly margin?: number | undefined;
}

interface Tested {
  readonly slice: Slice;
  readonly sought: boolean;
  readonly test: SliceTest;
}

/** @param names columns that may name slices */
export function findWeakSlices(
  table: Table,
  names: readonly string[],
  question: SliceQuestion,
): CheckOutcome {
  if (table.rows < ROWS_MIN) return { findings: [], ledger: [tooFew(table.rows, question)] };
  const { rowLosses, seed } = question;
  const margin = question.margin ?? (rowLosses.metric === 'accuracy' ? MARGIN_RATE : MARGIN_LOSS_SHARE);
  const testColumn = createColumnTester(rowLosses, margin);
  const enumerated = enumerateSlices(sliceColumns(table, names, FINE_BINS)).map((slice) => ({
    slice,
    sought: false,
    test: testColumn(slice),
  }));
  const results: Tested[] = [...enumerated, ...soughtPairs(table, names, { rowLosses, seed, margin })];
  const q = benjaminiHochberg(results.map(({ test }) => test.p));
  const weak = results
    .map((result, i) => ({ ...result, q: q[i]! }))
    .filter(({ test, q: adjusted }) => adjusted <= ALPHA && test.value >= test.margin);
  return {
    findings: mergeOverlaps(weak, rowLosses.metric),
    ledger: results.map(({ slice, sought, test }, i) =>
      ledgerEntry({
        check: CHECK,
        subject: slice.label,
        metric: rowLosses.metric,
        rows: test.rows,
        effect: finite(test.value),
        interval: intervalOf(test),
        p: finite(test.p),
        q: finite(q[i]!),
        seed: sought ? seed : null,
        outcome:
          q[i]! <= ALPHA && test.value >= test.margin
            ? 'fail'
            : test.high < test.margin
              ? 'pass'
              : 'insufficient',
      }),
    ),
  };
}

/** Each half of the rows proposes pairs that the other half tests. */
function soughtPairs(
  table: Table,
  names: readonly string[],
  { rowLosses, seed, margin }: { rowLosses: RowLosses; seed: number; margin: number },
): Tested[] {
  const coarse = sliceColumns(table, names, COARSE_BINS);
  const { losses, metric } = rowLosses;
  const least = metric === 'accuracy' ? margin : margin * meanOf(losses);
  const [a, b] = halves(table.rows, seed);
  return [
    { searched: a, tested: b },
    { searched: b, tested: a },
  ].flatMap(({ searched, tested }) =>
    proposePairs(coarse, { losses, searched, margin: least })
      .map((slice) => ({ slice, sought: true, test: testSlice(rowLosses, maskOf(slice), tested, margin) }))
      .filter(({ test }) => test.rows >= SLICE_LIMITS.rowsMin),
  );
}

function tooFew(rows: number, { rowLosses }: SliceQuestion) {
  const subject = `all slices: ${ROWS_MIN} rows are needed`;
  return ledgerEntry({ check: CHECK, subject, metric: rowLosses.metric, rows, outcome: 'insufficient' });
}

function halves(rows: number, seed: number): [Uint8Array, Uint8Array] {
  const rng = createRng(seed);
  const half = new Uint8Array(rows);
  for (let row = 0; row < rows; row++) half[row] = rng.uint32() & 1;
  return [half, half.map((bit) => 1 - bit)];
}

type Weak = Tested & { readonly q: number };

function tellsTheSame(a: { weak: Weak; mask: Uint8Array }, b: { weak: Weak; mask: Uint8Array }): boolean {
  const { ofSmaller, jaccard } = overlapOf(a.mask, b.mask);
  const sameColumns = a.weak.slice.columns.join('\n') === b.weak.slice.columns.join('\n');
  return ofSmaller >= (sameColumns ? SAME_OF_COLUMN : SAME_OF_SMALLER) || jaccard >= SAME_JACCARD;
}

/** The strongest first; a slice that is nearly one already told is listed under it. */
function mergeOverlaps(weak: readonly Weak[], metric: string): DraftFinding[] {
  const ranked = [...weak].sort(
    (a, b) =>
      a.q - b.q ||
      b.test.rows * b.test.value - a.test.rows * a.test.value ||
      (a.slice.label < b.slice.label ? -1 : 1),
  );
  const told: { weak: Weak; mask: Uint8Array; merged: string[] }[] = [];
  for (const one of ranked) {
    const mask = maskOf(one.slice);
    const same = told.find((other) => tellsTheSame(other, { weak: one, mask }));
    if (same !== undefined) same.merged.push(one.slice.label);
    else if (told.length < FINDINGS_MAX) told.push({ weak: one, mask, merged: [] });
  }
  return told.map(({ weak: found, mask, merged }) => findingOf(found, { mask, merged, metric }));
}

function findingOf(
  { slice, sought, test, q }: Weak,
  { mask, merged, metric }: { mask: Uint8Array; merged: readonly string[]; metric: string },
): DraftFinding {
  const rows = mask.reduce((sum, bit) => sum + bit, 0);
  const harm =
    metric === 'accuracy'
      ? `${(100 * test.value).toFixed(1)} points less accurate`
      : `off by ${short(test.value)} more on average`;
  return {
    check: CHECK,
    weight: 'fails',
    summary: `where ${slice.label} (${percent(rows / mask.length)} of the test rows) the model is ${harm} than elsewhere`,
    columns: [...slice.columns],
    rows,
    share: rows / mask.length,
    effect: { metric, value: test.value, interval: { low: test.low, high: test.high }, margin: test.margin },
    adjustedP: q,
    evidence: {
      testedRows: test.rows,
      ...(sought ? { sought: 'proposed by one half of the rows, tested on the other' } : {}),
      ...(merged.length > 0 ? { overlapping: merged } : {}),
    },
  };
}

function meanOf(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
