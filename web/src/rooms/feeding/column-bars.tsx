import { memo, useRef, useState } from 'react';
import type { ColumnProfile } from '../../../../platform/src/contracts/profile.ts';
import { count, percent } from '../../widgets/format.ts';
import { type RowFilter, same, show } from './filters.ts';

interface Bar {
  readonly label: string;
  readonly count: number;
  readonly filter: RowFilter;
}

const NONE: readonly RowFilter[] = [];

/** Bars of a column: its histogram, or its most frequent values. */
export function barsOf(column: ColumnProfile): readonly Bar[] {
  const { name, type, histogram, top } = column;
  if (histogram === null)
    return top.map(({ value, count: rows }) => ({
      label: value,
      count: rows,
      filter: { column: name, value },
    }));
  return histogram.counts.map((rows, index) => {
    const [from, to] = [histogram.edges[index]!, histogram.edges[index + 1]!];
    const closed = index === histogram.counts.length - 1;
    return {
      label: `${show(type, from)} to ${show(type, to)}`,
      count: rows,
      filter: { column: name, from, to, closed },
    };
  });
}

/**
 * The distribution of a column on a square-root scale. Each bar is a button that asks for its rows; the chart is one stop of the Tab
 * key, and arrows go from bar to bar.
 */
export const ColumnBars = memo(function ColumnBars(props: {
  readonly column: ColumnProfile;
  readonly height: number;
  readonly onPick: (filter: RowFilter) => void;
  readonly picked?: readonly RowFilter[];
}) {
  const { column, height, onPick, picked = NONE } = props;
  const [cursor, setCursor] = useState(0);
  const group = useRef<HTMLFieldSetElement>(null);
  const bars = barsOf(column);
  const greatest = Math.sqrt(Math.max(1, ...bars.map((bar) => bar.count)));
  const onKeyDown = (event: React.KeyboardEvent) => {
    const step = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0;
    if (step === 0) return;
    event.preventDefault();
    const next = Math.max(0, Math.min(bars.length - 1, cursor + step));
    setCursor(next);
    (group.current?.children[next] as HTMLElement | undefined)?.focus();
  };
  if (bars.length === 0) return <span className="dimmer">no values</span>;
  return (
    <fieldset
      ref={group}
      className="bars"
      aria-label={`Distribution of ${column.name}`}
      style={{ height, margin: 0, padding: 0, borderWidth: '0 0 1px' }}
      onKeyDown={onKeyDown}
    >
      {bars.map((bar, index) => {
        const size = bar.count === 0 ? 0 : Math.max(1, (Math.sqrt(bar.count) / greatest) * (height - 3));
        const label = `${bar.label}: ${count(bar.count)} rows, ${percent(bar.count / Math.max(1, column.count))}`;
        return (
          <button
            key={bar.label}
            type="button"
            tabIndex={index === Math.min(cursor, bars.length - 1) ? 0 : -1}
            aria-label={`${column.name} ${label}`}
            aria-pressed={picked.some((filter) => same(filter, bar.filter))}
            title={label}
            onFocus={() => setCursor(index)}
            onClick={(event) => {
              event.stopPropagation();
              onPick(bar.filter);
            }}
          >
            <span style={{ height: size }} />
          </button>
        );
      })}
    </fieldset>
  );
});
