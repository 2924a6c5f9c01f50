import { useState } from 'react';
import type { ColumnProfile } from '../../../../platform/src/contracts/profile.ts';
import { SelectField, TextField } from '../../widgets/fields.tsx';
import { count } from '../../widgets/format.ts';
import { Panel } from '../../widgets/panel.tsx';
import { useUrlState } from '../../widgets/url-state.ts';
import type { TabProps } from './dataset.tsx';
import { ExportButtons } from './export-buttons.tsx';
import { describe, isTime, type RowFilter, same, sqlOf, useFilters } from './filters.ts';
import { RowsTable } from './rows-table.tsx';
import { SqlPanel } from './sql-panel.tsx';

/** Rows under filters, and the same by SQL. */
export function RowsTab({ snapshot }: TabProps) {
  const [filters, setFilters] = useFilters();
  const [sql, setSql] = useUrlState('sql');
  const [total, setTotal] = useState<number | undefined>(undefined);
  const types = new Map(snapshot.profile.map(({ name, type }) => [name, type]));
  const asSql = sqlOf({ name: snapshot.dataset, version: snapshot.version }, filters, types);
  const toggle = (filter: RowFilter) => {
    setTotal(undefined);
    setFilters(
      filters.some((old) => same(old, filter))
        ? filters.filter((old) => !same(old, filter))
        : [...filters, filter],
    );
  };
  const shown =
    filters.length === 0
      ? `${count(snapshot.rows)} of v${snapshot.version}`
      : `${total === undefined ? '…' : count(total)} of ${count(snapshot.rows)}`;
  return (
    <div className="grid">
      <Panel
        title="Rows"
        meta={`${shown}; a bar filters`}
        right={<ExportButtons sql={asSql} file={`${snapshot.dataset}-v${snapshot.version}`} />}
        flush
      >
        <Chips
          filters={filters}
          profile={snapshot.profile}
          onToggle={toggle}
          onSql={() => setSql(`${asSql}\nlimit 100`)}
        />
        <RowsTable snapshot={snapshot} filters={filters} types={types} onPick={toggle} onTotal={setTotal} />
      </Panel>
      <SqlPanel snapshot={snapshot} sql={sql} onRun={setSql} />
    </div>
  );
}

function Chips(props: {
  readonly filters: readonly RowFilter[];
  readonly profile: readonly ColumnProfile[];
  readonly onToggle: (filter: RowFilter) => void;
  readonly onSql: () => void;
}) {
  const { filters, profile, onToggle, onSql } = props;
  const [adding, setAdding] = useState(false);
  const typeOf = (name: string) => profile.find((column) => column.name === name)?.type;
  return (
    <div className="chips">
      {filters.map((filter) => {
        const words = describe(filter, typeOf(filter.column));
        return (
          <span key={words} className="chip">
            <span>{words}</span>
            <button type="button" aria-label={`Remove the filter: ${words}`} onClick={() => onToggle(filter)}>
              ×
            </button>
          </span>
        );
      })}
      <button type="button" className="button" aria-expanded={adding} onClick={() => setAdding(!adding)}>
        {adding ? 'Close' : 'Add a filter'}
      </button>
      <button type="button" className="button" onClick={onSql}>
        Write as SQL
      </button>
      {adding && (
        <AddFilter
          profile={profile}
          onAdd={(filter) => {
            setAdding(false);
            onToggle(filter);
          }}
        />
      )}
    </div>
  );
}

type Kind = 'value' | 'range' | 'missing';
const KINDS: readonly (readonly [Kind, string])[] = [
  ['value', 'is'],
  ['range', 'lies between'],
  ['missing', 'is missing'],
];

function AddFilter(props: {
  readonly profile: readonly ColumnProfile[];
  readonly onAdd: (filter: RowFilter) => void;
}) {
  const { profile, onAdd } = props;
  const [column, setColumn] = useState(profile[0]?.name ?? '');
  const [kind, setKind] = useState<Kind>('value');
  const [value, setValue] = useState('');
  const [until, setUntil] = useState('');
  const found = profile.find(({ name }) => name === column);
  const read = (text: string) =>
    isTime(found?.type) ? Date.parse(`${text}Z`) || Date.parse(text) : Number(text);
  const ranges = found?.histogram != null;
  const add = () => {
    if (kind === 'missing') onAdd({ column, missing: true });
    else if (kind === 'value') onAdd({ column, value });
    else onAdd({ column, from: read(value), to: read(until), closed: true });
  };
  const lacks = kind !== 'missing' && (value === '' || (kind === 'range' && Number.isNaN(read(until))));
  return (
    <form
      className="fields"
      style={{ flexBasis: '100%', alignItems: 'end' }}
      onSubmit={(event) => {
        event.preventDefault();
        add();
      }}
    >
      <SelectField
        label="Column"
        value={column}
        onChange={setColumn}
        options={profile.map(({ name }) => name)}
      />
      <SelectField
        label="Rows of which it"
        value={ranges || kind !== 'range' ? kind : 'value'}
        onChange={setKind}
        options={ranges ? KINDS : KINDS.filter(([name]) => name !== 'range')}
      />
      {kind !== 'missing' && (
        <TextField
          label={kind === 'range' ? 'From' : 'Value'}
          value={value}
          onChange={setValue}
          offers={found?.top.map((entry) => entry.value) ?? []}
        />
      )}
      {kind === 'range' && <TextField label="To" value={until} onChange={setUntil} />}
      <button type="submit" className="button primary" disabled={lacks}>
        Filter
      </button>
    </form>
  );
}
