import { Link, useParams } from '@tanstack/react-router';
import type { LeaderboardRow, StudyDetail } from '../../../../platform/src/contracts/studies.ts';
import { useOperation } from '../../api/api.ts';
import { DraftScale } from '../../charts/draft-scale.tsx';
import { Whisker } from '../../charts/mini.tsx';
import { Pareto } from '../../charts/pareto.tsx';
import { linear, niceDomain } from '../../charts/scale.ts';
import { DataTable } from '../../widgets/data-table.tsx';
import { FirstNumber, PageHead } from '../../widgets/first-number.tsx';
import { bytes, count, digitsFor, fixed, number, seconds } from '../../widgets/format.ts';
import { Page } from '../../widgets/page.tsx';
import { Empty, Failure, Loaded, Panel } from '../../widgets/panel.tsx';
import { SEVERITY, StatusOf } from '../../widgets/status.tsx';
import { StudyFacts } from './study-facts.tsx';
import { higherIsBetter, STUDY_STATUS } from './study-status.ts';

export function StudyPage() {
  const { id } = useParams({ strict: false }) as { id: string };
  const study = useOperation('getStudy', { params: { id } });
  return (
    <Page
      crumbs={[{ name: 'Selection', to: '/selection' }, { name: study.data?.name ?? id.slice(0, 8) }]}
      cli={`slipway select show ${id}`}
      keys={[['j k', 'move']]}
    >
      <Loaded query={study} lines={8}>
        {(data) => <Study study={data} />}
      </Loaded>
    </Page>
  );
}

function Study({ study }: { readonly study: StudyDetail }) {
  const rows = ranked(study);
  const best = rows[0];
  const digits = digitsFor(best?.spread ?? 0.001);
  const format = (value: number) => fixed(value, digits);
  return (
    <>
      <PageHead
        title={study.name}
        tags={<StatusOf of={STUDY_STATUS} value={study.status} pill />}
        text={
          <>
            Predict <span className="mono">{study.target}</span> from {study.features.length} columns of{' '}
            <Link className="link" to={`/feeding/${study.dataset}` as never}>
              {study.dataset} v{study.datasetVersion}
            </Link>
            ; {count(study.split.trainRows)} rows in {study.split.folds} folds, {count(study.split.testRows)}{' '}
            test rows kept closed.
          </>
        }
      />
      {study.error !== undefined && <Failure error={new Error(study.error.message)} />}
      <Headline study={study} rows={rows} format={format} />
      <div className="grid">
        <Leaderboard study={study} rows={rows} format={format} />
        <Panel title="Quality against latency" meta="the line: no other is better and faster" span="w4">
          {rows.length === 0 ? (
            <Empty title="No candidate yet">Each finished candidate is drawn here.</Empty>
          ) : (
            <Pareto
              metric={study.metric}
              higherIsBetter={higherIsBetter(study.metric)}
              format={format}
              points={rows.map((row, index) => ({
                name: row.candidate,
                score: row.score,
                spread: row.spread,
                cost: row.p50Us,
                best: index === 0,
              }))}
            />
          )}
        </Panel>
        <Guards study={study} />
        <StudyFacts study={study} />
      </div>
    </>
  );
}

function ranked(study: StudyDetail): LeaderboardRow[] {
  const sign = higherIsBetter(study.metric) ? -1 : 1;
  return [...study.leaderboard].sort((a, b) => sign * (a.score - b.score));
}

/** Tied with the best: the paired difference over folds does not exclude nought. */
function tied(row: LeaderboardRow): boolean {
  return row.againstBest === undefined || (row.againstBest.low <= 0 && row.againstBest.high >= 0);
}

function Headline({
  study,
  rows,
  format,
}: {
  readonly study: StudyDetail;
  readonly rows: readonly LeaderboardRow[];
  readonly format: (value: number) => string;
}) {
  const best = rows[0];
  const linearRow =
    rows.find((row) => row.family === 'linear') ?? rows.find((row) => row.family === 'constant');
  const ties = rows.slice(1).filter(tied).length;
  return (
    <FirstNumber
      label={`Best ${study.metric}, out of fold`}
      value={best === undefined ? '–' : format(best.score)}
      unit={best === undefined ? undefined : `± ${format(best.spread)}`}
      note={
        best === undefined
          ? 'No candidate has finished yet'
          : `${best.candidate}; ${ties === 0 ? 'no other is tied with it' : `${ties} tied with it`}`
      }
      gauge={
        best === undefined ? (
          <div />
        ) : (
          <DraftScale
            label={`Best ${study.metric} ${format(best.score)}, spread ${format(best.spread)}`}
            name="best"
            value={best.score}
            low={best.score - best.spread}
            high={best.score + best.spread}
            format={(value) => number(value, 3)}
            {...(linearRow === undefined || linearRow === best
              ? {}
              : { reference: { value: linearRow.score, name: linearRow.family } })}
          />
        )
      }
      stats={[
        { label: 'Took', value: seconds(study.seconds), note: `budget ${seconds(study.budgetSeconds)}` },
        {
          label: 'Candidates',
          value: count(rows.length),
          note: `schedule ${study.schedule.position} of ${study.schedule.length}${study.schedule.exhausted ? '' : ', budget ended'}`,
        },
        {
          label: 'One row',
          value: best === undefined ? '–' : number(best.p50Us, 3),
          unit: 'µs',
          note: 'median, ONNX, this machine',
        },
        { label: 'First model', value: seconds(study.firstModelSeconds), note: 'exported and checked' },
      ]}
    />
  );
}

const WHISKER_WIDTH = 124;

function Leaderboard({
  study,
  rows,
  format,
}: {
  readonly study: StudyDetail;
  readonly rows: readonly LeaderboardRow[];
  readonly format: (value: number) => string;
}) {
  const close = rows.filter((row) => row.family !== 'constant');
  const domain = niceDomain(
    (close.length > 0 ? close : rows).flatMap((row) => [row.score - row.spread, row.score + row.spread]),
    0.02,
  );
  const x = linear(domain[0], domain[1], 6, WHISKER_WIDTH - 6);
  return (
    <Panel
      title="Leaderboard"
      meta={`${rows.length} candidates; a filled mark ties with the best`}
      span="w8"
      flush
    >
      {rows.length === 0 ? (
        <Empty title="No candidate has finished">Candidates appear as they finish, best first.</Empty>
      ) : (
        <DataTable
          caption="Leaderboard"
          keyboard
          rows={rows}
          keyOf={(row) => row.candidate}
          onSelect={() => undefined}
          columns={[
            { name: '#', numeric: true, width: 34, cell: (row) => rows.indexOf(row) + 1 },
            {
              name: 'Candidate',
              cell: (row) => (
                <>
                  <b className="strong">{row.candidate}</b> <span className="dimmer">{row.family}</span>
                </>
              ),
            },
            {
              name: study.metric,
              numeric: true,
              cell: (row) => <b className="strong">{format(row.score)}</b>,
            },
            {
              name: 'Spread over folds',
              width: WHISKER_WIDTH,
              cell: (row) => (
                <Whisker
                  x={x}
                  width={WHISKER_WIDTH}
                  low={row.score - row.spread}
                  at={row.score}
                  high={row.score + row.spread}
                  zero={rows[0]!.score}
                  hollow={!tied(row)}
                  colour={tied(row) ? 'var(--c1)' : 'var(--ref)'}
                />
              ),
            },
            {
              name: 'Against best',
              cell: (row) =>
                row === rows[0]
                  ? 'best'
                  : tied(row)
                    ? 'tied'
                    : row.againstBest === undefined
                      ? '–'
                      : `${fixed((row.againstBest.low + row.againstBest.high) / 2, 4)} ± ${fixed((row.againstBest.high - row.againstBest.low) / 2, 4)}`,
            },
            { name: '1 row µs', numeric: true, cell: (row) => number(row.p50Us, 3) },
            { name: 'Size', numeric: true, cell: (row) => bytes(row.bytes) },
            { name: 'Fit', numeric: true, cell: (row) => seconds(row.fitSeconds) },
            {
              name: 'Parameters',
              cell: (row) => (
                <span className="dimmer">
                  {Object.entries(row.params)
                    .map(([name, value]) => `${name} ${typeof value === 'number' ? number(value, 3) : value}`)
                    .join(', ')}
                </span>
              ),
            },
          ]}
        />
      )}
    </Panel>
  );
}

function Guards({ study }: { readonly study: StudyDetail }) {
  return (
    <Panel title="Guards" meta="found before any fit" span="w8" flush>
      {study.guards.length === 0 ? (
        <Empty title="Nothing to warn of">
          No identifier, constant, leak, duplicate or rare class was found.
        </Empty>
      ) : (
        <DataTable
          caption="Guards"
          rows={study.guards}
          keyOf={(finding) => `${finding.guard}${finding.columns.join()}${finding.summary}`}
          columns={[
            {
              name: 'Severity',
              cell: (finding) => <StatusOf of={SEVERITY} value={finding.severity} />,
              width: 90,
            },
            { name: 'Guard', cell: (finding) => finding.guard, width: 120 },
            { name: 'Finding', wrap: true, cell: (finding) => finding.summary },
            { name: 'Done', cell: (finding) => finding.action, width: 80 },
          ]}
        />
      )}
    </Panel>
  );
}
