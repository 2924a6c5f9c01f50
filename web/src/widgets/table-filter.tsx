import { useRef } from 'react';
import { count } from './format.ts';
import { useKeys } from './keys.ts';

/** A line above a table: `/` goes to it, Escape empties it and leaves. */
export function TableFilter(props: {
  readonly label: string;
  readonly keyboard: boolean;
  readonly value: string;
  readonly onChange: (text: string) => void;
  readonly matched: number;
  readonly total: number;
}) {
  const input = useRef<HTMLInputElement>(null);
  useKeys(props.keyboard ? { '/': () => input.current?.focus() } : {});
  return (
    <div className="table-filter">
      <label>
        {/* biome-ignore lint/a11y/noAriaHiddenOnFocusable: a key's picture cannot take the focus */}
        {props.keyboard && <kbd aria-hidden="true">/</kbd>}
        <span className="sr">Filter: {props.label}</span>
        <input
          ref={input}
          type="search"
          placeholder="Filter by words"
          value={props.value}
          onChange={(event) => props.onChange(event.target.value)}
          onKeyDown={(event) => {
            if (event.key !== 'Escape') return;
            props.onChange('');
            event.currentTarget.blur();
          }}
        />
      </label>
      <span aria-live="polite">
        {props.value === '' ? '' : `${count(props.matched)} of ${count(props.total)}`}
      </span>
    </div>
  );
}
