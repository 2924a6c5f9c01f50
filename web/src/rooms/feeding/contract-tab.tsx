import { useState } from 'react';
import type {
  ContractBody,
  ContractDetail,
  ContractTrial,
  DataContract,
} from '../../../../platform/src/contracts/data-contracts.ts';
import { client, useOperation } from '../../api/api.ts';
import { useAction } from '../../api/use-action.ts';
import { DataTable } from '../../widgets/data-table.tsx';
import { age, count, many } from '../../widgets/format.ts';
import { Failure, Loaded, Panel } from '../../widgets/panel.tsx';
import { Status } from '../../widgets/status.tsx';
import { ContractColumns } from './contract-columns.tsx';
import { lackOf } from './contract-form.ts';
import { ContractWhole } from './contract-whole.tsx';
import type { TabProps } from './dataset.tsx';

/** What the next load is checked by: edit, try on the present rows, save. */
export function ContractTab({ data }: TabProps) {
  const contract = useOperation('getContract', { params: { name: data.name } });
  return (
    <Loaded query={contract} lines={8}>
      {(detail) => <Editor key={detail.current.version} name={data.name} detail={detail} />}
    </Loaded>
  );
}

function Editor({ name, detail }: { readonly name: string; readonly detail: ContractDetail }) {
  const { current, history } = detail;
  const [body, setBody] = useState<ContractBody>(current.body);
  const params = { name };
  const attempt = useAction(() => client.call('tryContract', { params, body }));
  const save = useAction(
    () => client.call('editContract', { params, body: { body, basedOn: current.version } }),
    ['getContract', 'getDataset'],
  );
  const isChanged = JSON.stringify(body) !== JSON.stringify(current.body);
  const lack = lackOf(body);
  const change = (part: Partial<ContractBody>) => {
    attempt.reset();
    setBody((old) => ({ ...old, ...part }));
  };
  return (
    <div className="grid">
      <Panel
        title="Contract"
        meta={`v${current.version}, ${current.origin}; every load is checked by it`}
        right={isChanged ? <Status kind="open">not saved</Status> : undefined}
        flush
      >
        <ContractWhole body={body} onChange={change} />
        <ContractColumns
          columns={body.columns}
          saved={current.body.columns}
          onChange={(columns) => change({ columns: [...columns] })}
        />
        <div className="acts" style={{ padding: 12, borderTop: '1px solid var(--line)' }}>
          <button
            type="button"
            className="button"
            disabled={attempt.isPending || lack !== undefined}
            onClick={() => attempt.mutate(undefined)}
          >
            {attempt.isPending ? 'Trying…' : 'Try on the present rows'}
          </button>
          <button
            type="button"
            className="button primary"
            disabled={!isChanged || save.isPending || lack !== undefined}
            onClick={() => save.mutate(undefined)}
          >
            Save as v{current.version + 1}
          </button>
          <button
            type="button"
            className="button"
            disabled={!isChanged}
            onClick={() => {
              attempt.reset();
              setBody(current.body);
            }}
          >
            Undo changes
          </button>
          {lack !== undefined && <span className="dim">{lack}.</span>}
        </div>
        <div aria-live="polite">
          {(attempt.error ?? save.error) !== null && <Failure error={(attempt.error ?? save.error)!} />}
          {attempt.data !== undefined && <Trial trial={attempt.data} />}
        </div>
      </Panel>
      <History history={history} />
    </div>
  );
}

function Trial({ trial }: { readonly trial: ContractTrial }) {
  const { violations, rows } = trial;
  const broken = violations.reduce((sum, violation) => sum + violation.rows, 0);
  if (violations.length === 0)
    return (
      <div className="notice pass" style={{ margin: '0 12px 12px' }}>
        All {count(rows)} rows keep this contract.
      </div>
    );
  return (
    <>
      <div className="notice warn" style={{ margin: '0 12px 12px' }}>
        {many(broken, 'violation')} in {count(rows)} rows. What is loaded stays; the next load is checked.
      </div>
      <DataTable
        caption="What would break the contract"
        rows={violations}
        keyOf={(row) => `${row.column}${row.rule}`}
        columns={[
          { name: 'Column', cell: (row) => <b className="strong">{row.column}</b> },
          { name: 'Rule', cell: (row) => row.rule },
          { name: 'Rows', numeric: true, cell: (row) => count(row.rows), sort: (row) => row.rows },
          {
            name: 'Examples',
            cell: (row) => <span className="mono">{row.examples.slice(0, 5).join('  ') || 'missing'}</span>,
          },
        ]}
      />
    </>
  );
}

const ORIGIN: Record<DataContract['origin'], string> = {
  inferred: 'of the first load',
  evolved: 'by a load',
  edited: 'by a person',
};

function History({ history }: { readonly history: readonly DataContract[] }) {
  return (
    <Panel title="History" meta={`${many(history.length, 'version')}, newest first`} flush>
      <DataTable
        caption="Versions of the contract"
        rows={history}
        keyOf={(row) => String(row.version)}
        columns={[
          { name: 'Version', width: 70, cell: (row) => <b className="strong">v{row.version}</b> },
          { name: 'How', width: 110, cell: (row) => ORIGIN[row.origin] },
          { name: 'What changed', wrap: true, cell: (row) => row.changes.join('; ') },
          { name: 'When', numeric: true, cell: (row) => `${age(row.createdAt, Date.now())} ago` },
        ]}
      />
    </Panel>
  );
}
