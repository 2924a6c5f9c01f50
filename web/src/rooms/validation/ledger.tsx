import type { ReportDetail } from '../../../../platform/src/contracts/validations.ts';
import { DataTable } from '../../widgets/data-table.tsx';
import { count, number } from '../../widgets/format.ts';
import { Panel } from '../../widgets/panel.tsx';
import { Glyph } from '../../widgets/status.tsx';

const LEDGER_SHOWN = 200;

export function Ledger({ report }: { readonly report: ReportDetail }) {
  const rows = [...report.ledger].sort((a, b) => (a.q ?? 2) - (b.q ?? 2)).slice(0, LEDGER_SHOWN);
  const kinds = { pass: 'pass', fail: 'fail', insufficient: 'open', error: 'fail' } as const;
  return (
    <Panel
      title="Ledger"
      meta={`${report.ledger.length} tests, smallest q first${report.ledger.length > LEDGER_SHOWN ? `, ${LEDGER_SHOWN} shown` : ''}`}
      flush
    >
      <div style={{ maxHeight: 420, display: 'grid' }}>
        <DataTable
          caption="Every test made"
          rows={rows}
          keyOf={(entry) => `${entry.check}${entry.subject}${entry.metric}`}
          columns={[
            {
              name: 'Outcome',
              width: 40,
              cell: (entry) => (
                <span className={`status ${kinds[entry.outcome]}`}>
                  <Glyph kind={kinds[entry.outcome]} /> {entry.outcome}
                </span>
              ),
            },
            { name: 'Check', cell: (entry) => entry.check },
            { name: 'Subject', cell: (entry) => entry.subject },
            { name: 'Metric', cell: (entry) => entry.metric },
            { name: 'Rows', numeric: true, cell: (entry) => count(entry.rows) },
            { name: 'Effect', numeric: true, cell: (entry) => number(entry.effect, 3) },
            {
              name: 'Interval',
              numeric: true,
              cell: (entry) =>
                entry.interval === null
                  ? '–'
                  : `${number(entry.interval.low, 3)} – ${number(entry.interval.high, 3)}`,
            },
            { name: 'p', numeric: true, cell: (entry) => number(entry.p, 2) },
            { name: 'q', numeric: true, cell: (entry) => number(entry.q, 2) },
          ]}
        />
      </div>
    </Panel>
  );
}
