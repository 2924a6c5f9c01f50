import { type ReactNode, useId } from 'react';

/** Fields of a form: label above, hint below, all of one height. The hint is read out with the field. */
interface FieldProps {
  readonly label: string;
  readonly hint?: ReactNode;
  /** The whole width of the form. */
  readonly wide?: boolean;
}

function Frame(props: FieldProps & { readonly id: string; readonly children: ReactNode }) {
  const { id, label, hint, wide = false, children } = props;
  return (
    <div className={wide ? 'field wide' : 'field'}>
      <label htmlFor={id}>{label}</label>
      {children}
      {hint !== undefined && <small id={`${id}-hint`}>{hint}</small>}
    </div>
  );
}

const described = (id: string, hint: ReactNode) =>
  hint === undefined ? {} : { 'aria-describedby': `${id}-hint` };

export function TextField(
  props: FieldProps & {
    readonly value: string;
    readonly onChange: (value: string) => void;
    readonly placeholder?: string;
    readonly required?: boolean;
    readonly mono?: boolean;
    readonly type?: 'text' | 'number';
    readonly pattern?: string;
    /** Completions that the browser offers. */
    readonly offers?: readonly string[];
  },
) {
  const id = useId();
  const { label, hint, wide, value, onChange, mono = false, offers, ...rest } = props;
  return (
    <Frame id={id} label={label} hint={hint} {...(wide === undefined ? {} : { wide })}>
      <input
        {...rest}
        {...described(id, hint)}
        id={id}
        className={mono ? 'mono' : ''}
        value={value}
        spellCheck={false}
        autoComplete="off"
        {...(rest.type === 'number' ? { step: 'any' } : {})}
        {...(offers === undefined ? {} : { list: `${id}-offers` })}
        onChange={(event) => onChange(event.target.value)}
      />
      {offers !== undefined && (
        <datalist id={`${id}-offers`}>
          {offers.map((offer) => (
            <option key={offer} value={offer} />
          ))}
        </datalist>
      )}
    </Frame>
  );
}

export function AreaField(
  props: FieldProps & {
    readonly value: string;
    readonly onChange: (value: string) => void;
    readonly rows: number;
    readonly mono?: boolean;
    readonly onKeyDown?: (event: React.KeyboardEvent<HTMLTextAreaElement>) => void;
  },
) {
  const id = useId();
  const { label, hint, wide = true, value, onChange, rows, mono = false, onKeyDown } = props;
  return (
    <Frame id={id} label={label} hint={hint} wide={wide}>
      <textarea
        {...described(id, hint)}
        id={id}
        className={mono ? 'mono' : ''}
        rows={rows}
        value={value}
        spellCheck={false}
        onKeyDown={onKeyDown}
        onChange={(event) => onChange(event.target.value)}
      />
    </Frame>
  );
}

export type Option<T extends string> = T | readonly [value: T, label: string];

export function SelectField<T extends string>(
  props: FieldProps & {
    readonly value: T;
    readonly onChange: (value: T) => void;
    readonly options: readonly Option<T>[];
  },
) {
  const id = useId();
  const { label, hint, wide, value, onChange, options } = props;
  return (
    <Frame id={id} label={label} hint={hint} {...(wide === undefined ? {} : { wide })}>
      <select
        {...described(id, hint)}
        id={id}
        value={value}
        onChange={(event) => onChange(event.target.value as T)}
      >
        {options.map((option) => {
          const [key, name] = typeof option === 'string' ? [option, option] : option;
          return (
            <option key={key} value={key}>
              {name}
            </option>
          );
        })}
      </select>
    </Frame>
  );
}

export function CheckField({
  label,
  checked,
  onChange,
}: {
  readonly label: string;
  readonly checked: boolean;
  readonly onChange: (checked: boolean) => void;
}) {
  const id = useId();
  return (
    <div className="check">
      <input id={id} type="checkbox" checked={checked} onChange={(event) => onChange(event.target.checked)} />
      <label htmlFor={id}>{label}</label>
    </div>
  );
}
