import { useState } from 'react';
import type { ProposalSummary } from '../../../../platform/src/contracts/data-versions.ts';
import { client, useList } from '../../api/api.ts';
import { useAction } from '../../api/use-action.ts';
import { DataTable } from '../../widgets/data-table.tsx';
import { AreaField, SelectField, TextField } from '../../widgets/fields.tsx';
import { age } from '../../widgets/format.ts';
import { Empty, Failure, Loaded, Panel } from '../../widgets/panel.tsx';
import { Status, type StatusKind } from '../../widgets/status.tsx';
import { useUrlState } from '../../widgets/url-state.ts';
import type { TabProps } from './dataset.tsx';
import { ProposalPanel } from './proposal-panel.tsx';

export const PROPOSAL_STATUS: Record<ProposalSummary['status'], readonly [StatusKind, string]> = {
  open: ['open', 'Open'],
  merged: ['pass', 'Merged'],
  closed: ['off', 'Closed'],
};

/** Branches proposed for main: their difference, their checks, what reviewers say. */
export function ProposalsTab({ data }: TabProps) {
  const proposals = useList('listProposals', { dataset: data.name });
  const [id, setId] = useUrlState('proposal');
  return (
    <Loaded query={proposals}>
      {({ items, more }) => {
        const current = id ?? items.find(({ status }) => status === 'open')?.id ?? items[0]?.id;
        return (
          <div className="grid">
            <Panel title="Proposals" meta="newest first" span="w7" flush>
              {items.length === 0 ? (
                <Empty title="Nothing is proposed">
                  Load into a branch, look at what it changes, and propose it for main.
                </Empty>
              ) : (
                <DataTable
                  caption="Proposals"
                  keyboard
                  rows={items}
                  more={more}
                  keyOf={(item) => item.id}
                  onSelect={(item) => setId(item.id)}
                  {...(current === undefined ? {} : { selected: current })}
                  columns={[
                    { name: 'Title', cell: (item) => <b className="strong">{item.title}</b> },
                    {
                      name: 'Status',
                      cell: (item) => (
                        <Status kind={PROPOSAL_STATUS[item.status][0]}>
                          {PROPOSAL_STATUS[item.status][1]}
                        </Status>
                      ),
                    },
                    { name: 'Branch', cell: (item) => `${item.branch} v${item.head} → main v${item.base}` },
                    { name: 'By', cell: (item) => item.author },
                    {
                      name: 'Changed',
                      numeric: true,
                      cell: (item) => `${age(item.updatedAt, Date.now())} ago`,
                    },
                  ]}
                />
              )}
            </Panel>
            <Propose data={data} onMade={setId} />
            {current !== undefined && <ProposalPanel key={current} id={current} />}
          </div>
        );
      }}
    </Loaded>
  );
}

function Propose(props: { readonly data: TabProps['data']; readonly onMade: (id: string) => void }) {
  const { data, onMade } = props;
  const branches = data.branches.filter(({ name, version, base }) => name !== 'main' && version !== base);
  const [picked, setBranch] = useState('');
  const [title, setTitle] = useState('');
  const [description, setDescription] = useState('');
  const [author, setAuthor] = useState('');
  const branch = picked === '' ? (branches[0]?.name ?? '') : picked;
  const make = useAction(
    () =>
      client.call('createProposal', {
        params: { name: data.name },
        body: { branch, title, description, ...(author === '' ? {} : { author }) },
      }),
    ['listProposals', 'getDataset'],
    (made) => {
      setTitle('');
      setDescription('');
      onMade(made.id);
    },
  );
  return (
    <Panel title="Propose a branch" span="w5">
      {branches.length === 0 ? (
        <Empty title="No branch has anything that main lacks">
          Begin one under Versions and load into it; then it can be proposed.
        </Empty>
      ) : (
        <form
          className="form"
          onSubmit={(event) => {
            event.preventDefault();
            make.mutate(undefined);
          }}
        >
          <div className="fields">
            <SelectField
              label="Branch"
              value={branch}
              onChange={setBranch}
              options={branches.map(({ name, version }) => [name, `${name}, v${version}`] as const)}
            />
            <TextField label="By" value={author} onChange={setAuthor} placeholder="local" />
            <TextField label="Title" wide value={title} onChange={setTitle} />
            <AreaField label="Why" rows={2} value={description} onChange={setDescription} />
          </div>
          <div className="acts">
            <button type="submit" className="button" disabled={title === '' || make.isPending}>
              Propose
            </button>
          </div>
          {make.error !== null && <Failure error={make.error} />}
        </form>
      )}
    </Panel>
  );
}
