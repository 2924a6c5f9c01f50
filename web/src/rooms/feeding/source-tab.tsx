import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import type { DatasetSource, LoadResult } from '../../../../platform/src/contracts/data-loads.ts';
import type { DatasetDetail } from '../../../../platform/src/contracts/datasets.ts';
import { client, useList } from '../../api/api.ts';
import { useAction } from '../../api/use-action.ts';
import { CheckField, TextField } from '../../widgets/fields.tsx';
import { age, count, seconds, time } from '../../widgets/format.ts';
import { Empty, Failure, Loaded, Panel } from '../../widgets/panel.tsx';
import { RUN_STATUS, Status, StatusOf } from '../../widgets/status.tsx';
import type { TabProps } from './dataset.tsx';
import { readEvery, writeEvery } from './load-form.ts';
import { LoadPanel } from './load-panel.tsx';
import { LoadProgress } from './load-progress.tsx';
import { useLoadResults } from './load-results.ts';

/** Where the rows come from, when the next load is, and how the last ones went. */
export function SourceTab({ data }: TabProps) {
  return (
    <div className="grid">
      {data.feed === null ? <NoSource /> : <Feed name={data.name} feed={data.feed} />}
      {data.pushed.pendingRows > 0 && <Pushed data={data} />}
      <Loads name={data.name} />
      <LoadPanel into={data.name} />
    </div>
  );
}

function NoSource() {
  return (
    <Panel title="Source">
      <Empty title="No source is stored">
        This data set was loaded from a file. Load it below from a source that can be read again, and it may
        feed by itself.
      </Empty>
    </Panel>
  );
}

function Feed({ name, feed }: { readonly name: string; readonly feed: DatasetSource }) {
  const run = useAction(
    () => client.call('loadDataset', { params: { name }, body: {} }),
    ['listRuns', 'getDataset'],
  );
  const { spec, options, schedule, nextLoadAt, lastLoadAt } = feed;
  return (
    <Panel
      title="Source"
      meta="stored with the data set"
      right={
        <button
          type="button"
          className="button primary"
          disabled={run.isPending}
          onClick={() => run.mutate(undefined)}
        >
          Load now
        </button>
      }
    >
      <div className="two">
        <dl className="facts" style={{ alignContent: 'start' }}>
          <dt>From</dt>
          <dd className="mono">{spec.uri}</dd>
          {spec.table !== undefined && (
            <>
              <dt>Table</dt>
              <dd className="mono">{spec.table}</dd>
            </>
          )}
          {spec.query !== undefined && (
            <>
              <dt>Query</dt>
              <dd className="mono">{spec.query}</dd>
            </>
          )}
          {spec.cursor !== undefined && (
            <>
              <dt>Cursor</dt>
              <dd className="mono">{spec.cursor}</dd>
            </>
          )}
          <dt>Mode</dt>
          <dd>
            {options.mode ?? 'replace'}
            {options.key === undefined ? '' : ` by ${options.key.join(', ')}`}
            {options.branch === undefined ? '' : ` on ${options.branch}`}
          </dd>
          <dt>Credentials</dt>
          <dd>
            {Object.entries(spec.credentials ?? {})
              .map(([key, from]) => `${key} = ${from}`)
              .join(', ') || 'none'}
          </dd>
          <dt>Last load</dt>
          <dd>
            {lastLoadAt === null ? 'none yet' : `${time(lastLoadAt)} UTC, ${age(lastLoadAt, Date.now())} ago`}
          </dd>
          <dt>Next load</dt>
          <dd>
            {nextLoadAt === null
              ? schedule?.paused === true
                ? 'paused'
                : 'only when asked'
              : `${time(nextLoadAt)} UTC, in ${age(Date.now(), nextLoadAt)}`}
          </dd>
          {feed.failures > 0 && (
            <>
              <dt>Fails</dt>
              <dd>
                <Status kind="fail">
                  {feed.failures === 1 ? 'once' : `${feed.failures} times in a row`}
                </Status>{' '}
                {feed.lastError}
              </dd>
            </>
          )}
        </dl>
        <Schedule name={name} feed={feed} />
      </div>
      <div aria-live="polite">
        {run.error !== null && <Failure error={run.error} />}
        {run.data !== undefined && <LoadProgress runId={run.data.runId} name={name} />}
      </div>
    </Panel>
  );
}

function Schedule({ name, feed }: { readonly name: string; readonly feed: DatasetSource }) {
  const { schedule } = feed;
  const [every, setEvery] = useState(
    schedule === null ? '' : writeEvery(schedule.everySeconds).replace('min', 'm'),
  );
  const [paused, setPaused] = useState(schedule?.paused === true);
  const save = useAction(() => {
    const everySeconds = readEvery(every);
    const body = { schedule: everySeconds === null ? null : { everySeconds, paused } };
    return client.call('setSchedule', { params: { name }, body });
  }, ['getDataset', 'listDatasets']);
  return (
    <form
      className="form"
      style={{ alignContent: 'start' }}
      onSubmit={(event) => {
        event.preventDefault();
        save.mutate(undefined);
      }}
    >
      <div className="fields" style={{ alignItems: 'end' }}>
        <TextField
          label="Load again every"
          value={every}
          onChange={setEvery}
          placeholder="only when asked"
          hint="30s, 5m, 1h, 1d; empty stops it"
        />
        <CheckField label="Paused" checked={paused} onChange={setPaused} />
      </div>
      <div className="acts">
        <button type="submit" className="button" disabled={save.isPending}>
          Save the schedule
        </button>
      </div>
      {save.error !== null && <Failure error={save.error} />}
    </form>
  );
}

function Pushed({ data }: { readonly data: DatasetDetail }) {
  const flush = useAction(
    () => client.call('flushPushed', { params: { name: data.name } }),
    ['getDataset', 'listDatasets'],
  );
  return (
    <Panel title="Pushed rows" meta={`${count(data.pushed.pendingRows)} on disk, not yet in a version`}>
      <button
        type="button"
        className="button"
        disabled={flush.isPending}
        onClick={() => flush.mutate(undefined)}
      >
        Make a version of them now
      </button>
      {flush.error !== null && <Failure error={flush.error} />}
    </Panel>
  );
}

const SHOWN = 10;

function Loads({ name }: { readonly name: string }) {
  const runs = useList('listRuns', { pipeline: 'load' });
  return (
    <Panel title="Last loads" meta="source rows = loaded + quarantined" flush>
      <Loaded query={runs} lines={4}>
        {({ items }) => {
          const own = items.filter((run) => run.name === name).slice(0, SHOWN);
          return own.length === 0 ? (
            <Empty title="No load of it is recorded">
              Launches and pushes load without a run of their own.
            </Empty>
          ) : (
            <LoadTable runs={own} />
          );
        }}
      </Loaded>
    </Panel>
  );
}

type Run = { readonly id: string; readonly status: keyof typeof RUN_STATUS; readonly createdAt: number };

function LoadTable({ runs }: { readonly runs: readonly Run[] }) {
  const results = useLoadResults(runs.map(({ id }) => id));
  return (
    <div className="table-frame">
      <table>
        <caption className="sr">Last loads with their accounting</caption>
        <thead>
          <tr>
            <th>When</th>
            <th>Status</th>
            <th>Result</th>
            <th className="num">Source rows</th>
            <th className="num">= loaded</th>
            <th className="num">+ quarantined</th>
            <th className="num">Took</th>
            <th>What happened</th>
          </tr>
        </thead>
        <tbody>
          {runs.map((run) => (
            <LoadRow key={run.id} run={run} result={results.get(run.id)} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function LoadRow({ run, result }: { readonly run: Run; readonly result: LoadResult | undefined }) {
  const isDone = result !== undefined && result.error === undefined;
  return (
    <tr>
      <td>
        <Link className="link" to={`/pipelines/${run.id}` as never}>
          {age(run.createdAt, Date.now())} ago
        </Link>
      </td>
      <td>
        <StatusOf of={RUN_STATUS} value={run.status} />
      </td>
      <td>
        {isDone && (result.unchanged ? 'unchanged' : result.version === null ? '–' : `v${result.version}`)}
      </td>
      <td className="num">{isDone && count(result.sourceRows)}</td>
      <td className="num">{isDone && count(result.loaded)}</td>
      <td className="num">{isDone && count(result.quarantined)}</td>
      <td className="num">{result !== undefined && seconds(result.seconds)}</td>
      <td className="wrap">
        {result?.error === undefined
          ? result?.reasons.map((entry) => `${count(entry.count)} ${entry.reason}`).join(', ')
          : `${result.error.message} [${result.error.code}]`}
      </td>
    </tr>
  );
}
