import { useState } from 'react';
import { client } from '../../api/api.ts';
import { useAction } from '../../api/use-action.ts';
import { SelectField, TextField } from '../../widgets/fields.tsx';
import { Empty, Failure, Panel } from '../../widgets/panel.tsx';
import type { TabProps } from './dataset.tsx';

type Kind = 'tag' | 'branch';

/** Names of versions: tags stay where they are, branches move with their loads. */
export function NamesPanel({ data, snapshot }: TabProps) {
  const [kind, setKind] = useState<Kind>('tag');
  const [name, setName] = useState('');
  const [version, setVersion] = useState(String(snapshot.version));
  const params = { name: data.name };
  const make = useAction(
    async () => {
      const body = { name, version: Number(version) };
      if (kind === 'tag') await client.call('createTag', { params, body });
      else await client.call('createBranch', { params, body });
    },
    ['getDataset'],
    () => setName(''),
  );
  const remove = useAction(
    async (which: { kind: Kind; name: string }) => {
      if (which.kind === 'tag') await client.call('removeTag', { params: { ...params, tag: which.name } });
      else await client.call('removeBranch', { params: { ...params, branch: which.name } });
    },
    ['getDataset'],
  );
  const names = [
    ...data.branches.map((branch) => ({ kind: 'branch' as const, ...branch })),
    ...data.tags.map((tag) => ({ kind: 'tag' as const, ...tag })),
  ];
  return (
    <Panel title="Branches and tags" meta="names of versions" span="w5" flush>
      <div style={{ padding: 12 }}>
        <form
          className="fields"
          style={{ gridTemplateColumns: 'repeat(auto-fill, minmax(110px, 1fr))', alignItems: 'end' }}
          onSubmit={(event) => {
            event.preventDefault();
            make.mutate(undefined);
          }}
        >
          <SelectField label="Make a" value={kind} onChange={setKind} options={['tag', 'branch']} />
          <TextField label="Name" value={name} onChange={setName} pattern="[a-z0-9][a-z0-9._\-]*" required />
          <SelectField
            label="Of version"
            value={version}
            onChange={setVersion}
            options={data.versions.map((row) => [String(row.version), `v${row.version}`] as const)}
          />
          <button
            type="submit"
            className="button"
            style={{ justifySelf: 'start' }}
            disabled={name === '' || make.isPending}
          >
            Create
          </button>
        </form>
      </div>
      {(make.error ?? remove.error) !== null && <Failure error={(make.error ?? remove.error)!} />}
      {names.length === 0 ? (
        <Empty title="Only main">
          A branch takes loads without touching main; propose it when it is good. A tag names a version for
          ever.
        </Empty>
      ) : (
        <div className="table-frame">
          <table>
            <caption className="sr">Branches and tags</caption>
            <thead>
              <tr>
                <th>Name</th>
                <th>Kind</th>
                <th className="num">Version</th>
                <th>
                  <span className="sr">Remove</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {names.map((row) => (
                <tr key={`${row.kind}${row.name}`}>
                  <td>
                    <b className="strong">{row.name}</b>
                  </td>
                  <td>{row.kind === 'branch' ? `branch, began at v${row.base}` : 'tag'}</td>
                  <td className="num">v{row.version}</td>
                  <td className="num">
                    <button
                      type="button"
                      className="row-link link"
                      aria-label={`Remove the ${row.kind} ${row.name}`}
                      onClick={() => remove.mutate({ kind: row.kind, name: row.name })}
                    >
                      Remove
                    </button>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Panel>
  );
}
