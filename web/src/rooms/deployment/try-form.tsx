import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import type { ModelSignature, SignatureInput } from '../../../../platform/src/contracts/models.ts';
import { queryClient } from '../../api/api.ts';
import { number, percent } from '../../widgets/format.ts';
import { Failure } from '../../widgets/panel.tsx';

type Values = Record<string, string>;

interface Answer {
  readonly label: string | number;
  readonly probabilities?: Record<string, number>;
  readonly id: string;
  readonly ms: number;
}

const MISSING = '';

/** A real request to the deployment, with a field for every input of its signature. Empty = missing. */
export function TryForm({ name, signature }: { readonly name: string; readonly signature: ModelSignature }) {
  const [values, setValues] = useState<Values>(() =>
    Object.fromEntries(
      signature.inputs.map((input) => [input.name, input.example === null ? MISSING : String(input.example)]),
    ),
  );
  const ask = useMutation({
    mutationFn: () => predict(name, signature, values),
    onSuccess: () => queryClient.invalidateQueries({ queryKey: ['listPredictions'] }),
  });
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        ask.mutate();
      }}
    >
      <div className="try">
        {signature.inputs.map((input) => (
          <label key={input.name} htmlFor={`try-${input.name}`}>
            <span>
              {input.name} <span className="dimmer">{input.type}</span>
            </span>
            <Field
              input={input}
              value={values[input.name] ?? ''}
              onChange={(value) => setValues((old) => ({ ...old, [input.name]: value }))}
            />
          </label>
        ))}
      </div>
      <div style={{ display: 'flex', gap: 8, alignItems: 'center', margin: '12px 0' }}>
        <button type="submit" className="button primary" disabled={ask.isPending}>
          Predict {signature.target}
        </button>
        {ask.data !== undefined && (
          <span className="dim">
            answered in {number(ask.data.ms, 3)} ms, logged as{' '}
            <span className="mono">{ask.data.id.slice(-12)}</span>
          </span>
        )}
      </div>
      <div aria-live="polite">
        {ask.error !== null && <Failure error={ask.error} />}
        {ask.data !== undefined && <Result answer={ask.data} target={signature.target} />}
      </div>
    </form>
  );
}

function Field({
  input,
  value,
  onChange,
}: {
  readonly input: SignatureInput;
  readonly value: string;
  readonly onChange: (value: string) => void;
}) {
  if (input.values === undefined && input.type !== 'boolean') {
    return (
      <input
        id={`try-${input.name}`}
        value={value}
        placeholder="missing"
        inputMode={input.type === 'number' || input.type === 'integer' ? 'decimal' : 'text'}
        onChange={(event) => onChange(event.target.value)}
      />
    );
  }
  const options = input.values ?? ['true', 'false'];
  return (
    <select id={`try-${input.name}`} value={value} onChange={(event) => onChange(event.target.value)}>
      <option value={MISSING}>missing</option>
      {options.map((option) => (
        <option key={option} value={option}>
          {option}
        </option>
      ))}
    </select>
  );
}

const SHOWN = 12;

function Result({ answer, target }: { readonly answer: Answer; readonly target: string }) {
  if (answer.probabilities === undefined) {
    return (
      <div className="first-number" style={{ fontSize: 28 }}>
        {number(Number(answer.label), 6)} <small>{target}</small>
      </div>
    );
  }
  const bars = Object.entries(answer.probabilities)
    .sort((a, b) => b[1] - a[1])
    .slice(0, SHOWN);
  return (
    <div className="barlist">
      {bars.map(([label, probability]) => (
        <span key={label} style={{ display: 'contents' }}>
          <span className={label === String(answer.label) ? 'strong' : ''}>{label}</span>
          <span className="track">
            <span className="fill" style={{ display: 'block', width: `${probability * 100}%` }} />
          </span>
          <span>{percent(probability)}</span>
        </span>
      ))}
    </div>
  );
}

async function predict(name: string, signature: ModelSignature, values: Values): Promise<Answer> {
  const record = Object.fromEntries(
    signature.inputs.map((input) => [input.name, values[input.name] === MISSING ? null : values[input.name]]),
  );
  const started = performance.now();
  const reply = await fetch(`/models/${name}/invocations`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ dataframe_records: [record], params: { probabilities: true } }),
  });
  const ms = performance.now() - started;
  const json = (await reply.json()) as {
    predictions?: unknown[];
    prediction_ids?: string[];
    message?: string;
    fix?: string;
  };
  if (!reply.ok)
    throw new Error(
      [json.message, json.fix].filter(Boolean).join('. ') || `the server answered ${reply.status}`,
    );
  const first = json.predictions![0] as
    | number
    | string
    | { label: string | number; probabilities: Record<string, number> };
  const id = json.prediction_ids![0]!;
  return typeof first === 'object' ? { ...first, id, ms } : { label: first, id, ms };
}
