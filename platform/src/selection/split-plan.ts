import type { SplitRule } from '../estimators/bundle.ts';
import { partRowsOf } from '../estimators/split.ts';
import { SlipwayError } from '../kernel/errors.ts';
import type { Column, Table } from '../tables/table.ts';
import { findColumn } from '../tables/table.ts';
import type { TargetPlan } from './target.ts';
import './errors.ts';

/** Enough test rows for tight intervals; beyond, rows are worth more in training. */
const TEST_ROWS_WANTED = 5000;
const SHARE_MAX = 0.2;
const SHARE_MIN = 0.1;
/** Keys tried until both parts are of a usable size and hold every class. Only few distinct rows need more than one. */
const KEYS_MAX = 16;

export interface SplitPlan {
  readonly rule: SplitRule;
  readonly description: string;
  /** Rows of the table that have a target, ascending. */
  readonly trainRows: Int32Array;
  readonly testRows: Int32Array;
}

export interface SplitRequest {
  readonly table: Table;
  readonly target: TargetPlan;
  /** Columns whose content tells rows apart: inputs that are not identifiers. */
  readonly columns: readonly string[];
  readonly time?: string;
  readonly group?: string;
  readonly seed: number;
  readonly inherited?: SplitRule;
  readonly separateTest: boolean;
}

/**
 * Chooses the rule that tells test rows from training rows: the user's own test file, else over time, else by group, else by a
 * keyed hash of each row's content. A version in service hands its rule down while its columns exist, so that old and new can
 * be compared on rows that neither was trained on; over time the newest rows are always the test.
 *
 * @throws SPLIT_IMPOSSIBLE, TIME_UNSUITABLE
 */
export function planSplit(request: SplitRequest): SplitPlan {
  const { separateTest, time, group } = request;
  if (separateTest) {
    const rule: SplitRule = { method: 'file', key: '', columns: [], testShare: 0 };
    return partsOf(request, rule, 'all rows train; the test set is a file of its own');
  }
  const testShare = testShareOf(usableRows(request.target));
  const inherited = inheritedRule(request);
  if (time !== undefined) return timeSplit(request, time, inherited?.testShare ?? testShare);
  if (inherited !== undefined) {
    const plan = partsOf(request, inherited, `${describe(inherited)}, as for the version in service`);
    if (isUsable(request, plan, inherited.testShare)) return plan;
  }
  const columns = group === undefined ? [...request.columns].sort() : [group];
  return keyedSplit(request, { method: group === undefined ? 'hash' : 'group', columns, testShare });
}

/** 20 % of small tables, falling to 10 % where that is still enough rows. */
export function testShareOf(rows: number): number {
  const share = Math.round((100 * TEST_ROWS_WANTED) / Math.max(1, rows)) / 100;
  return Math.min(SHARE_MAX, Math.max(SHARE_MIN, share));
}

function inheritedRule({ inherited, time, group, table }: SplitRequest): SplitRule | undefined {
  if (inherited === undefined || inherited.method === 'file') return undefined;
  if ((time !== undefined) !== (inherited.method === 'time')) return undefined;
  if (group !== undefined && (inherited.method !== 'group' || inherited.columns[0] !== group))
    return undefined;
  return inherited.columns.every((name) => findColumn(table, name) !== undefined) ? inherited : undefined;
}

function keyedSplit(
  request: SplitRequest,
  { method, columns, testShare }: Pick<SplitRule, 'method' | 'columns' | 'testShare'>,
): SplitPlan {
  let best: SplitPlan | undefined;
  for (let attempt = 0; attempt < KEYS_MAX; attempt++) {
    const rule = { method, key: `split:${request.seed}:${attempt}`, columns, testShare };
    const plan = partsOf(request, rule, describe(rule));
    if (isUsable(request, plan, testShare)) return plan;
    if (plan.testRows.length === 0 || plan.trainRows.length === 0) continue;
    const distance = Math.abs(shareOf(plan) - testShare);
    if (best === undefined || distance < Math.abs(shareOf(best) - testShare)) best = plan;
  }
  if (best !== undefined) return best;
  throw new SlipwayError('SPLIT_IMPOSSIBLE', {
    message:
      method === 'group'
        ? `the column '${columns[0]}' does not form enough groups to hold some back as a test`
        : 'the rows are too much alike to hold some back as a test: equal rows stay in one part',
    fix: 'Give a test set of your own with --test-file, or add columns or rows that differ.',
  });
}

function timeSplit(request: SplitRequest, time: string, testShare: number): SplitPlan {
  const column = findColumn(request.table, time)!;
  const instants = instantsOf(column, request.target);
  const cut = Math.floor(instants.length * (1 - testShare));
  // Rows of one instant stay together, and the oldest instant always trains.
  const testFromMs = instants.find((instant, i) => i >= cut && instant > instants[0]!);
  if (testFromMs === undefined) {
    throw new SlipwayError('TIME_UNSUITABLE', {
      message: `the time column '${time}' does not order the rows: it has ${instants.length === 0 ? 'no values' : 'one value'}`,
      fix: 'Name a column of dates, times or numbers that grow with time.',
      details: { time },
    });
  }
  const rule: SplitRule = { method: 'time', key: '', columns: [time], testShare, testFromMs };
  return partsOf(request, rule, describe(rule, column));
}

function instantsOf(column: Column, target: TargetPlan): Float64Array {
  if (column.type === 'string' || column.type === 'boolean') {
    throw new SlipwayError('TIME_UNSUITABLE', {
      message: `the time column '${column.name}' holds ${column.type === 'string' ? 'texts' : 'booleans'}, not times`,
      fix: `Name a column of dates, or give its type: --types ${column.name}=timestamp.`,
      details: { time: column.name, type: column.type },
    });
  }
  return column.values.filter((value, i) => !Number.isNaN(value) && !Number.isNaN(target.values[i]!)).sort();
}

function partsOf(request: SplitRequest, rule: SplitRule, description: string): SplitPlan {
  const { table, target } = request;
  const usable = (row: number) => !Number.isNaN(target.values[row]!);
  const { train, test } = partRowsOf(table, rule);
  return { rule, description, trainRows: train.filter(usable), testRows: test.filter(usable) };
}

/** Both parts have about the wanted size, and every class has rows in both, most of them in training. */
function isUsable({ target }: SplitRequest, plan: SplitPlan, testShare: number): boolean {
  const share = shareOf(plan);
  if (!(share > 0.5 * testShare && share < 1.6 * testShare)) return false;
  const k = target.labels.length;
  const train = new Float64Array(k);
  const test = new Float64Array(k);
  for (const row of plan.trainRows) train[target.values[row]!]!++;
  for (const row of plan.testRows) test[target.values[row]!]!++;
  return train.every((rows, i) => test[i]! > 0 && rows > test[i]!);
}

function shareOf(plan: SplitPlan): number {
  return plan.testRows.length / (plan.testRows.length + plan.trainRows.length);
}

function usableRows(target: TargetPlan): number {
  let rows = 0;
  for (const value of target.values) if (!Number.isNaN(value)) rows++;
  return rows;
}

function describe(rule: SplitRule, column?: Column): string {
  const percent = `${Math.round(100 * rule.testShare)} %`;
  switch (rule.method) {
    case 'file':
      return 'a file of its own';
    case 'group':
      return `${percent} of the groups of '${rule.columns[0]}', by keyed hash`;
    case 'time': {
      const dated = column?.type === 'date' || column?.type === 'timestamp';
      const from = dated ? new Date(rule.testFromMs!).toISOString() : String(rule.testFromMs);
      return `the newest ${percent}: '${rule.columns[0]}' from ${from}`;
    }
    default:
      return `${percent} of the rows, by keyed hash of their content`;
  }
}
