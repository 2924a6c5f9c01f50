import { useState } from 'react';
import type { DatasetDetail } from '../../../../platform/src/contracts/datasets.ts';
import { useOperation } from '../../api/api.ts';
import { SelectField, TextField } from '../../widgets/fields.tsx';
import { Empty, Loaded, Panel } from '../../widgets/panel.tsx';
import { DiffView } from './diff-view.tsx';

/** Two versions, chosen by number or name, and what differs between them. */
export function DiffPanel(props: {
  readonly data: DatasetDetail;
  readonly from: string | undefined;
  readonly to: string | undefined;
  readonly setFrom: (version: string) => void;
  readonly setTo: (version: string) => void;
}) {
  const { data, setFrom, setTo } = props;
  const newest = data.versions.find(({ version }) => version === data.version);
  const to = props.to ?? String(data.version);
  const from = props.from ?? (newest?.parent == null ? undefined : String(newest.parent));
  const [key, setKey] = useState('');
  const [asked, setAsked] = useState('');
  const enabled = from !== undefined && from !== to;
  const diff = useOperation(
    'diffDataset',
    {
      params: { name: data.name },
      query: { from: from ?? to, to, ...(asked === '' ? {} : { key: asked }) },
    },
    { enabled },
  );
  const options = data.versions.map(
    ({ version, branch, operation }) =>
      [String(version), `v${version}, ${operation}${branch === 'main' ? '' : ` on ${branch}`}`] as const,
  );
  return (
    <Panel title="Compare" meta={enabled ? `v${from} → v${to}` : 'choose two versions'} flush>
      <form
        className="fields"
        style={{ padding: 12, alignItems: 'start' }}
        onSubmit={(event) => {
          event.preventDefault();
          setAsked(key);
        }}
      >
        <SelectField
          label="From"
          value={from ?? ''}
          onChange={setFrom}
          options={from === undefined ? [['', 'choose'], ...options] : options}
        />
        <SelectField label="To" value={to} onChange={setTo} options={options} />
        <TextField
          label="Key"
          value={key}
          onChange={setKey}
          placeholder="the contract's"
          hint="Columns that identify a row; Enter applies"
        />
      </form>
      {enabled ? (
        <Loaded query={diff} lines={5}>
          {(found) => <DiffView diff={found} />}
        </Loaded>
      ) : (
        <Empty title="Nothing to compare yet">
          The next load makes a second version; then its differences stand here.
        </Empty>
      )}
    </Panel>
  );
}
