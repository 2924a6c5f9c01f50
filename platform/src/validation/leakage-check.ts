import { type Check, type DraftFinding, ledgerEntry, percent } from './evidence.ts';

const CHECK = 'leakage';
/** Repeated rows beyond this share flatter the metrics enough to matter. */
const DUPLICATES_SHARE_MAX = 0.01;

/** Columns that give the target away (as selection's guards found them), and test rows that also stand in the training part. */
export const leakageCheck: Check = {
  name: CHECK,
  run: ({ request, test }) => {
    const leaks = request.guards
      .filter(({ guard }) => guard === 'leak')
      .map(
        ({ action, columns, summary, evidence }): DraftFinding => ({
          check: CHECK,
          weight: action === 'excluded' ? 'warns' : 'fails',
          summary:
            action === 'excluded' ? `${summary}; left out of the model` : `${summary}; the model uses it`,
          columns: [...columns],
          ...(evidence === undefined ? {} : { evidence }),
        }),
      );
    const rows = test.table.rows;
    if (test.duplicates === null) return { findings: leaks, ledger: [] };
    const share = test.duplicates / rows;
    const tooMany = share > DUPLICATES_SHARE_MAX;
    const repeated: DraftFinding = {
      check: CHECK,
      weight: tooMany ? 'warns' : 'notes',
      summary: `${test.duplicates} test rows (${percent(share)}) also stand in the training part, target included`,
      rows: test.duplicates,
      share,
    };
    return {
      findings: test.duplicates === 0 ? leaks : [...leaks, repeated],
      ledger: [
        ledgerEntry({
          check: CHECK,
          subject: 'test rows that also stand in the training part',
          metric: 'share',
          rows,
          effect: share,
          outcome: tooMany ? 'fail' : 'pass',
        }),
      ],
    };
  },
};
