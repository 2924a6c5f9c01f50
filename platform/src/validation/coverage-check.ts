import { type Check, type DraftFinding, ledgerEntry, percent } from './evidence.ts';

const CHECK = 'class-coverage';
const SHOWN_MAX = 10;

/** Classes the model can never answer, labels it has never seen, test rows that had no label. */
export const coverageCheck: Check = {
  name: CHECK,
  run: ({ request, test, truth }) => {
    const { unused } = test;
    const labelled = test.table.rows;
    const findings: DraftFinding[] = [];
    const rare = request.classes.filter(({ fitted }) => !fitted);
    if (rare.length > 0) {
      const rows = sumOf(unused.unfitted);
      findings.push({
        check: CHECK,
        weight: 'warns',
        summary: `${names(rare.map(({ label, rows: count }) => [label, count]))} ${rare.length === 1 ? 'has' : 'have'} too few rows to be learnt and will never be predicted (${rows} of ${labelled} test rows)`,
        rows,
        share: rows / labelled,
      });
    }
    if (unused.unknown.size > 0) {
      const rows = sumOf(unused.unknown);
      findings.push({
        check: CHECK,
        weight: 'warns',
        summary: `${rows} test rows (${percent(rows / labelled)}) have a label that training does not have: ${names([...unused.unknown])}`,
        rows,
        share: rows / labelled,
      });
    }
    const left = unused.missing + unused.unreadable;
    if (left > 0) {
      const summary = `${left} test rows have no ${unused.unreadable > 0 ? 'readable ' : ''}target and are left out`;
      findings.push({ check: CHECK, weight: 'notes', summary, rows: left });
    }
    findings.push(...lostClasses(request.champion?.signature.labels, request.candidate.signature.labels));
    if (truth.task === 'regression') return { findings, ledger: [] };
    const unanswerable = sumOf(unused.unfitted) + sumOf(unused.unknown);
    const entry = ledgerEntry({
      check: CHECK,
      subject: 'test rows whose label the model cannot answer',
      metric: 'share',
      rows: labelled,
      effect: unanswerable / labelled,
      outcome: unanswerable > 0 ? 'fail' : 'pass',
    });
    return { findings, ledger: [entry] };
  },
};

function lostClasses(champion: readonly string[] | undefined, labels: readonly string[]): DraftFinding[] {
  const lost = (champion ?? []).filter((label) => !labels.includes(label));
  if (lost.length === 0) return [];
  const shown = lost.slice(0, SHOWN_MAX).map((label) => `'${label}'`);
  const summary = `the version in service answers ${shown.join(', ')}, this model does not`;
  return [{ check: CHECK, weight: 'warns', summary }];
}

function sumOf(counts: ReadonlyMap<string, number>): number {
  return [...counts.values()].reduce((sum, count) => sum + count, 0);
}

function names(counted: readonly (readonly [string, number])[]): string {
  const sorted = [...counted].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
  const shown = sorted.slice(0, SHOWN_MAX).map(([label, rows]) => `'${label.slice(0, 60)}' (${rows})`);
  return sorted.length > SHOWN_MAX
    ? `${shown.join(', ')} and ${sorted.length - SHOWN_MAX} more`
    : shown.join(', ');
}
