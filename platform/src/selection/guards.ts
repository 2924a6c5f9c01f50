import type { GuardFinding } from '../contracts/studies.ts';
import { SlipwayError } from '../kernel/errors.ts';
import { type Column, findColumn, type Table } from '../tables/table.ts';
import { factsOf, guardColumn } from './column-guards.ts';
import { findDuplicateColumns } from './duplicate-columns.ts';
import { findDuplicateRows } from './duplicate-rows.ts';
import { findLeaks } from './leaks.ts';
import { CLASS_ROWS_MIN, type TargetPlan } from './target.ts';
import type { StudyRequest } from './types.ts';
import './errors.ts';

export interface Guarded {
  readonly findings: readonly GuardFinding[];
  /** Columns to learn from, in the table's order. */
  readonly columns: readonly Column[];
}

type GuardRequest = Pick<StudyRequest, 'target' | 'exclude' | 'time' | 'group' | 'leaks' | 'seed'>;

/**
 * Everything that is looked at before anything is fitted: which columns cannot or must not be used, which rows repeat, which
 * classes are too rare.
 *
 * @throws LEAK_FOUND when a column gives the target away and `leaks` is 'fail'; NO_FEATURES when no column is left.
 */
export function runGuards(table: Table, target: TargetPlan, request: GuardRequest): Guarded {
  const left = new Set([request.target, ...request.exclude]);
  if (request.group !== undefined) left.add(request.group);
  const offered = table.columns.filter((column) => !left.has(column.name));
  const facts = new Map(offered.map((column) => [column, factsOf(column)]));
  const unusable = new Map<Column, GuardFinding>();
  for (const column of offered) {
    const finding = guardColumn(column, facts.get(column)!);
    if (finding !== undefined) unusable.set(column, finding);
  }
  const usable = offered.filter((column) => !unusable.has(column));
  const leaks = leaksAmong(table, target, request, { usable, unusable });
  const leaking = new Set(leaks.flatMap((finding) => finding.columns));
  const columns = usable.filter((column) => request.leaks === 'keep' || !leaking.has(column.name));
  const findings = [
    ...targetFindings(request.target, target),
    ...structureFindings(request),
    ...[...unusable].filter(([column]) => !leaking.has(column.name)).map(([, finding]) => finding),
    ...leaks,
    ...findDuplicateColumns(columns, (column) => facts.get(column)!.distinct),
    ...findDuplicateRows(table),
  ];
  if (columns.length === 0) throw noFeatures(request.target, findings);
  return { findings, columns };
}

function leaksAmong(
  table: Table,
  target: TargetPlan,
  request: GuardRequest,
  { usable, unusable }: { usable: readonly Column[]; unusable: ReadonlyMap<Column, GuardFinding> },
): GuardFinding[] {
  // A number copied as text looks like a code or free text; that it is the target is the more useful thing to say.
  const texts = [...unusable.keys()].filter(
    (column) => column.type === 'string' && unusable.get(column)!.guard !== 'constant',
  );
  const rows = rowsWithTarget(target.values);
  const leaks = findLeaks({
    table,
    rows,
    columns: [...usable, ...texts],
    task: target.task,
    classes: Math.max(1, target.labels.length),
    target: target.values,
    seed: request.seed,
    action: request.leaks === 'keep' ? 'kept' : 'excluded',
  });
  if (leaks.length > 0 && request.leaks === 'fail') throw leakFound(request.target, leaks);
  return leaks;
}

function rowsWithTarget(values: Float64Array): Int32Array {
  const rows = new Int32Array(values.length);
  let count = 0;
  for (let i = 0; i < values.length; i++) if (!Number.isNaN(values[i]!)) rows[count++] = i;
  return rows.subarray(0, count);
}

function targetFindings(name: string, target: TargetPlan): GuardFinding[] {
  const findings: GuardFinding[] = [];
  const noted = (guard: string, action: GuardFinding['action'], summary: string) =>
    findings.push({ guard, severity: 'warning', columns: [name], action, summary });
  if (target.missingRows > 0) {
    noted('missing-target', 'excluded', `${target.missingRows} rows without a target are left out`);
  }
  if (target.unusableRows > 0) {
    noted(
      'missing-target',
      'excluded',
      `${target.unusableRows} rows whose target is not finite are left out`,
    );
  }
  const rare = target.classes.filter(({ fitted }) => !fitted);
  if (rare.length > 0) {
    const shown = rare.slice(0, 10).map(({ label, rows }) => `'${label}' (${rows})`);
    const more = rare.length > 10 ? ` and ${rare.length - 10} more` : '';
    noted(
      'rare-class',
      'excluded',
      `${rare.length === 1 ? 'one class has' : `${rare.length} classes have`} fewer than ${CLASS_ROWS_MIN} rows and can never be predicted: ${shown.join(', ')}${more}`,
    );
  }
  return findings;
}

function structureFindings({ time, group, exclude }: GuardRequest): GuardFinding[] {
  const findings: GuardFinding[] = [];
  if (group !== undefined) {
    const summary = `rows of one '${group}' stay in one part, and '${group}' itself is not learnt from`;
    findings.push({ guard: 'group', severity: 'info', columns: [group], action: 'excluded', summary });
  }
  if (time !== undefined) {
    const used = exclude.includes(time) ? '' : '; only its calendar parts are learnt from';
    const summary = `'${time}' orders the rows: the newest are the test${used}`;
    findings.push({ guard: 'time', severity: 'info', columns: [time], action: 'noted', summary });
  }
  return findings;
}

function leakFound(target: string, leaks: readonly GuardFinding[]): SlipwayError {
  const columns = leaks.flatMap((finding) => finding.columns);
  return new SlipwayError('LEAK_FOUND', {
    message: `the target '${target}' is given away: ${leaks.map((finding) => finding.summary).join('; ')}`,
    fix: `Leave the column out (--exclude ${columns.join(',')}), or use --leaks exclude.`,
    details: { columns, findings: leaks },
  });
}

function noFeatures(target: string, findings: readonly GuardFinding[]): SlipwayError {
  const reasons = findings.filter(({ action, columns }) => action === 'excluded' && columns.length > 0);
  return new SlipwayError('NO_FEATURES', {
    message: `no column is left to predict '${target}' from${reasons.length > 0 ? `: ${reasons.map(({ summary }) => summary).join('; ')}` : ''}`,
    fix: 'Add columns that describe the rows, or exclude fewer.',
    details: { findings },
  });
}

/** @throws COLUMN_NOT_FOUND */
export function requireColumns(
  table: Table,
  named: readonly { readonly name: string; readonly role: string }[],
  nearest: (text: string, names: readonly string[]) => string | undefined,
): void {
  const names = table.columns.map((column) => column.name);
  for (const { name, role } of named) {
    if (findColumn(table, name) !== undefined) continue;
    const near = nearest(name, names);
    throw new SlipwayError('COLUMN_NOT_FOUND', {
      message: `there is no column '${name}' (named as ${role})`,
      fix: near === undefined ? `Columns: ${names.slice(0, 20).join(', ')}.` : `Did you mean '${near}'?`,
      details: {
        column: name,
        role,
        ...(near === undefined ? {} : { nearest: near }),
        columns: names.slice(0, 100),
      },
    });
  }
}
