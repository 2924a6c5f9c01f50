import { useQuery } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import type { QueryReply } from '../../../../platform/src/contracts/data-query.ts';
import type { SnapshotDetail } from '../../../../platform/src/contracts/datasets.ts';
import { client } from '../../api/api.ts';
import { DataTable } from '../../widgets/data-table.tsx';
import { AreaField } from '../../widgets/fields.tsx';
import { count, seconds } from '../../widgets/format.ts';
import { Failure, Panel } from '../../widgets/panel.tsx';
import { ExportButtons } from './export-buttons.tsx';
import { quoted } from './filters.ts';

const RESULT_HEIGHT = 420;

/** One SELECT over the versions; what was run stands in the address. */
export function SqlPanel(props: {
  readonly snapshot: SnapshotDetail;
  readonly sql: string | undefined;
  readonly onRun: (sql: string) => void;
}) {
  const { snapshot, sql, onRun } = props;
  const table = quoted(`${snapshot.dataset}@v${snapshot.version}`);
  const [text, setText] = useState(sql ?? `select count(*) as rows from ${table}`);
  useEffect(() => {
    if (sql !== undefined) setText(sql);
  }, [sql]);
  const reply = useQuery<QueryReply, Error>({
    queryKey: ['queryData', sql],
    queryFn: ({ signal }) => client.call('queryData', { body: { sql: sql! } }, { signal }),
    enabled: sql !== undefined,
    staleTime: Number.POSITIVE_INFINITY,
    retry: false,
  });
  const run = () => {
    if (text.trim() === '') return;
    if (text === sql) void reply.refetch();
    else onRun(text);
  };
  return (
    <Panel
      title="SQL"
      meta="read-only, over any data set and version"
      right={sql !== undefined && reply.data !== undefined && <ExportButtons sql={sql} file="query" />}
    >
      <form
        className="form"
        onSubmit={(event) => {
          event.preventDefault();
          run();
        }}
      >
        <AreaField
          label="Query"
          mono
          rows={Math.min(12, Math.max(3, text.split('\n').length))}
          value={text}
          onChange={setText}
          onKeyDown={(event) => {
            if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) run();
          }}
          hint={`A data set is a table by its name, a version by ${table}, a tag by "${snapshot.dataset}@tag".`}
        />
        <div className="acts">
          <button type="submit" className="button primary" disabled={reply.isFetching}>
            {reply.isFetching ? 'Running…' : 'Run'} <kbd>⌃Enter</kbd>
          </button>
          {reply.data !== undefined && (
            <span className="dim" role="status">
              {reply.data.truncated ? 'the first ' : ''}
              {count(reply.data.rows.length)} rows in {seconds(reply.data.seconds)}, from{' '}
              {reply.data.snapshots.map(({ dataset, version }) => `${dataset} v${version}`).join(', ')}
            </span>
          )}
        </div>
      </form>
      {reply.error !== null && <Failure error={reply.error} />}
      {reply.data !== undefined && reply.error === null && <Result reply={reply.data} />}
    </Panel>
  );
}

type Row = readonly [index: number, values: readonly unknown[]];
const NUMERIC = /INT|DOUBLE|FLOAT|DECIMAL/;

function Result({ reply }: { readonly reply: QueryReply }) {
  const rows = reply.rows.map((values, index): Row => [index, values]);
  return (
    <div style={{ margin: '12px -12px -12px', borderTop: '1px solid var(--line)' }}>
      <DataTable
        caption="Result of the query"
        rows={rows}
        height={RESULT_HEIGHT}
        keyOf={([index]) => String(index)}
        columns={reply.columns.map((column, place) => ({
          name: column.name,
          numeric: NUMERIC.test(column.type),
          cell: ([, values]: Row) => value(values[place]),
          sort: ([, values]: Row) => values[place] as string | number | null,
        }))}
      />
      {rows.length === 0 && <p className="table-note">The answer has no rows.</p>}
    </div>
  );
}

function value(given: unknown) {
  if (given === null || given === undefined) return <span className="dimmer">null</span>;
  return typeof given === 'object' ? JSON.stringify(given) : String(given);
}
