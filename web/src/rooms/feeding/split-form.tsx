import { useState } from 'react';
import type { SplitRule } from '../../../../platform/src/contracts/data-query.ts';
import { client } from '../../api/api.ts';
import { useAction } from '../../api/use-action.ts';
import { SelectField, TextField } from '../../widgets/fields.tsx';
import { Failure, Panel } from '../../widgets/panel.tsx';
import type { TabProps } from './dataset.tsx';
import { isTime } from './filters.ts';
import { words } from './load-form.ts';
import { readParts } from './split-parts.ts';

type Method = SplitRule['method'];

const METHODS: readonly (readonly [Method, string])[] = [
  ['random', 'random'],
  ['stratified', 'stratified: parts keep a distribution'],
  ['group', 'group: one value stays together'],
  ['time', 'time: later parts after earlier ones'],
];

const COLUMN: Record<Method, string> = {
  random: '',
  stratified: 'Keep the distribution of',
  group: 'Keep together by',
  time: 'Time of a row',
};

/** Stores a rule and proves it on the version that is looked at. */
export function SplitForm({ data, snapshot }: TabProps) {
  const [name, setName] = useState('');
  const [method, setMethod] = useState<Method>('random');
  const [parts, setParts] = useState('train 80, test 20');
  const [column, setColumn] = useState('');
  const [identity, setIdentity] = useState('');
  const [gap, setGap] = useState('');
  const [seed, setSeed] = useState('');
  const read = readParts(parts);
  const columns = snapshot.profile.filter(({ type }) => method !== 'time' || isTime(type)).map((c) => c.name);
  const chosen = columns.includes(column) ? column : (columns[0] ?? '');
  const same = words(identity);
  const make = useAction(
    () =>
      client.call('createSplit', {
        params: { name: data.name },
        body: {
          name,
          version: snapshot.version,
          rule: {
            method,
            parts: read ?? {},
            ...(method === 'random' ? {} : { column: chosen }),
            ...(same.length === 0 ? {} : { identity: same }),
            ...(gap === '' || method !== 'time' ? {} : { gapSeconds: Number(gap) }),
            ...(seed === '' ? {} : { seed: Number(seed) }),
          },
        },
      }),
    ['listSplits', 'getDataset'],
    () => setName(''),
  );
  const lacks =
    name === ''
      ? 'Give it a name'
      : read === undefined
        ? 'Write parts and shares that add up to 100: train 80, test 20'
        : method !== 'random' && chosen === '' && 'There is no column of this kind';
  return (
    <Panel title="New split" meta={`proven on v${snapshot.version}`}>
      <form
        className="form"
        onSubmit={(event) => {
          event.preventDefault();
          make.mutate(undefined);
        }}
      >
        <div className="fields">
          <TextField label="Name" value={name} onChange={setName} pattern="[a-z0-9][a-z0-9._\-]*" />
          <SelectField label="Method" value={method} onChange={setMethod} options={METHODS} />
          <TextField label="Parts, %" value={parts} onChange={setParts} />
          {method !== 'random' && (
            <SelectField label={COLUMN[method]} value={chosen} onChange={setColumn} options={columns} />
          )}
          {method === 'time' ? (
            <TextField
              label="Gap, seconds"
              type="number"
              value={gap}
              onChange={setGap}
              hint="Rows so shortly before a later part are left out"
            />
          ) : (
            <>
              {method !== 'group' && (
                <TextField
                  label="Rows are equal by"
                  value={identity}
                  onChange={setIdentity}
                  placeholder="all columns"
                  hint="Equal rows get the same part"
                />
              )}
              <TextField label="Seed" type="number" value={seed} onChange={setSeed} placeholder="0" />
            </>
          )}
        </div>
        <div className="acts">
          <button type="submit" className="button primary" disabled={lacks !== false || make.isPending}>
            {make.isPending ? 'Proving…' : 'Create and prove'}
          </button>
          {lacks !== false && <span className="dimmer">{lacks}.</span>}
        </div>
      </form>
      <div aria-live="polite">{make.error !== null && <Failure error={make.error} />}</div>
    </Panel>
  );
}
