import { useState } from 'react';
import type { ColumnType } from '../../../../platform/src/contracts/common.ts';
import type { ContractColumn, ContractMode } from '../../../../platform/src/contracts/data-contracts.ts';
import {
  hasPlainValues,
  readBound,
  readReference,
  readValues,
  withRule,
  writeReference,
  writeValues,
} from './contract-form.ts';
import { MODES } from './contract-whole.tsx';

const TYPES: readonly ColumnType[] = ['string', 'number', 'integer', 'boolean', 'date', 'timestamp'];
const HEADS = [
  'Column',
  'Type',
  'Required',
  'Unique',
  'Least',
  'Greatest',
  'One of',
  'Pattern (RE2)',
  'Occurs in',
  'When broken',
];

/** Rules of every column, a row each. */
export function ContractColumns(props: {
  readonly columns: readonly ContractColumn[];
  readonly saved: readonly ContractColumn[];
  readonly onChange: (columns: readonly ContractColumn[]) => void;
}) {
  const { columns, saved, onChange } = props;
  const before = new Map(saved.map((column) => [column.name, JSON.stringify(column)]));
  return (
    <section
      className="table-frame"
      aria-label="Rules of columns"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: a wide table scrolls, and a keyboard must reach it
      tabIndex={0}
      style={{ maxHeight: 560 }}
    >
      <table className="contract-table">
        <caption className="sr">Rules of every column</caption>
        <thead>
          <tr>
            {HEADS.map((head) => (
              <th key={head}>{head}</th>
            ))}
          </tr>
        </thead>
        <tbody>
          {columns.map((column, index) => (
            <Rules
              key={column.name}
              column={column}
              isEdited={before.get(column.name) !== JSON.stringify(column)}
              onChange={(next) => onChange(columns.map((old, place) => (place === index ? next : old)))}
            />
          ))}
        </tbody>
      </table>
    </section>
  );
}

function Rules(props: {
  readonly column: ContractColumn;
  readonly isEdited: boolean;
  readonly onChange: (column: ContractColumn) => void;
}) {
  const { column, isEdited, onChange } = props;
  const set = <K extends keyof ContractColumn>(rule: K, value: ContractColumn[K] | '' | false) =>
    onChange(withRule(column, rule, value));
  const label = (rule: string) => `${column.name}: ${rule}`;
  return (
    <tr className={isEdited ? 'edited' : ''}>
      <td>
        <b className="strong">{column.name}</b>
      </td>
      <td>
        <select
          className="cell-input"
          style={{ width: 104 }}
          aria-label={label('type')}
          value={column.type}
          onChange={(event) => set('type', event.target.value as ColumnType)}
        >
          {TYPES.map((type) => (
            <option key={type}>{type}</option>
          ))}
        </select>
      </td>
      <Check label={label('required')} on={column.required} onSet={(on) => set('required', on)} />
      <Check label={label('unique')} on={column.unique} onSet={(on) => set('unique', on)} />
      {(['min', 'max'] as const).map((rule) => (
        <td key={rule}>
          <Cell
            label={label(rule === 'min' ? 'least value' : 'greatest value')}
            width={96}
            value={String(column[rule] ?? '')}
            onWrite={(text) => set(rule, readBound(column, text))}
          />
        </td>
      ))}
      <td>
        <Cell
          label={label('one of these values')}
          width={150}
          value={writeValues(column)}
          isFixed={!hasPlainValues(column)}
          onWrite={(text) => set('values', readValues(text))}
        />
      </td>
      <td>
        <Cell
          label={label('pattern')}
          width={130}
          value={column.pattern ?? ''}
          onWrite={(text) => set('pattern', text)}
        />
      </td>
      <td>
        <Cell
          label={label('reference, as data-set:column')}
          width={120}
          value={writeReference(column)}
          onWrite={(text) => set('references', readReference(text))}
        />
      </td>
      <td>
        <select
          className="cell-input"
          style={{ width: 150 }}
          aria-label={label('when broken')}
          value={column.onViolation ?? ''}
          onChange={(event) => set('onViolation', event.target.value as ContractMode | '')}
        >
          <option value="">as the contract says</option>
          {MODES.map(([mode, words]) => (
            <option key={mode} value={mode}>
              {words}
            </option>
          ))}
        </select>
      </td>
    </tr>
  );
}

function Check(props: {
  readonly label: string;
  readonly on: boolean | undefined;
  readonly onSet: (on: boolean) => void;
}) {
  return (
    <td style={{ textAlign: 'center' }}>
      <input
        type="checkbox"
        aria-label={props.label}
        checked={props.on === true}
        onChange={(event) => props.onSet(event.target.checked)}
      />
    </td>
  );
}

/** Text is kept as it is typed; what it means is told at once, and written in its own form when the field is left. */
function Cell(props: {
  readonly label: string;
  readonly width: number;
  readonly value: string;
  readonly isFixed?: boolean;
  readonly onWrite: (text: string) => void;
}) {
  const { label, width, value, isFixed = false, onWrite } = props;
  const [typed, setTyped] = useState<string | undefined>(undefined);
  return (
    <input
      className="cell-input mono"
      style={{ width }}
      aria-label={label}
      value={typed ?? value}
      disabled={isFixed}
      title={isFixed ? 'Values with commas are edited as JSON' : ''}
      spellCheck={false}
      onChange={(event) => {
        setTyped(event.target.value);
        onWrite(event.target.value);
      }}
      onBlur={() => setTyped(undefined)}
    />
  );
}
