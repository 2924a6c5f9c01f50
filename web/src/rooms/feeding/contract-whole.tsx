import { useState } from 'react';
import type { ContractBody, ContractMode } from '../../../../platform/src/contracts/data-contracts.ts';
import { AreaField, CheckField, SelectField, TextField } from '../../widgets/fields.tsx';
import { readFresh, writeFresh } from './contract-form.ts';
import { words } from './load-form.ts';

export const MODES: readonly (readonly [ContractMode, string])[] = [
  ['evolve', 'evolve: change the contract'],
  ['freeze', 'freeze: fail the load'],
  ['quarantine-row', 'keep the row back'],
  ['quarantine-value', 'keep the value back'],
];

interface Props {
  readonly body: ContractBody;
  readonly onChange: (part: Partial<ContractBody>) => void;
}

/** What holds for the data set as a whole. */
export function ContractWhole({ body, onChange }: Props) {
  const budget = body.rejectBudget;
  return (
    <div className="form" style={{ padding: 12, borderBottom: '1px solid var(--line)' }}>
      <div className="fields">
        <SelectField
          label="A new or absent column"
          value={body.newColumns}
          onChange={(newColumns) => onChange({ newColumns })}
          options={MODES}
        />
        <SelectField
          label="A value of another type"
          value={body.types}
          onChange={(types) => onChange({ types })}
          options={MODES}
        />
        <SelectField
          label="A value that breaks a rule"
          value={body.rules}
          onChange={(rules) => onChange({ rules })}
          options={MODES}
        />
        <Key body={body} onChange={onChange} />
        <TextField
          label="Reject budget, rows"
          type="number"
          value={String(budget.rows)}
          onChange={(rows) =>
            onChange({ rejectBudget: { ...budget, rows: Math.max(0, Math.round(Number(rows))) } })
          }
          hint="More, and the load fails"
        />
        <TextField
          label="Reject budget, %"
          type="number"
          value={String(Number((budget.share * 100).toPrecision(6)))}
          onChange={(share) =>
            onChange({ rejectBudget: { ...budget, share: Math.min(1, Math.max(0, Number(share) / 100)) } })
          }
          hint="Of the rows of the load"
        />
        <Fresh body={body} onChange={onChange} />
        <CheckField
          label="A load without a row fails"
          checked={body.rowsRequired}
          onChange={(rowsRequired) => onChange({ rowsRequired })}
        />
      </div>
      <AsJson body={body} onChange={onChange} />
    </div>
  );
}

/** Kept as it is typed, so that a comma can be. */
function Key({ body, onChange }: Props) {
  const [text, setText] = useState(body.key.join(', '));
  return (
    <TextField
      label="Key"
      value={words(text).join() === body.key.join() ? text : body.key.join(', ')}
      onChange={(next) => {
        setText(next);
        onChange({ key: words(next) });
      }}
      hint="Columns that identify a row"
    />
  );
}

function Fresh({ body, onChange }: Props) {
  const [text, setText] = useState(writeFresh(body.freshSeconds));
  const write = (next: string) => {
    setText(next);
    try {
      onChange({ freshSeconds: readFresh(next) });
    } catch {
      // Half typed: the field's own pattern says what is meant.
    }
  };
  return (
    <TextField
      label="Stale after"
      value={text}
      onChange={write}
      placeholder="never"
      pattern="\d+[smhd]"
      hint="30m, 12h, 7d"
    />
  );
}

function AsJson({ body, onChange }: Props) {
  const [text, setText] = useState<string | undefined>(undefined);
  const [error, setError] = useState('');
  const apply = () => {
    try {
      onChange(JSON.parse(text ?? '') as ContractBody);
      setText(undefined);
      setError('');
    } catch (problem) {
      setError(`This is not JSON: ${(problem as Error).message}`);
    }
  };
  return (
    <details className="more">
      <summary>The whole as JSON</summary>
      <div className="form">
        <AreaField
          label="Contract"
          rows={14}
          mono
          value={text ?? JSON.stringify(body, null, 2)}
          onChange={setText}
          hint={error === '' ? 'As `slipway data contract` prints it.' : error}
        />
        <div className="acts">
          <button type="button" className="button" disabled={text === undefined} onClick={apply}>
            Take into the form
          </button>
        </div>
      </div>
    </details>
  );
}
