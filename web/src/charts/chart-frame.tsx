import { type ReactNode, useEffect, useRef, useState } from 'react';

export interface ChartTable {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (string | number)[])[];
}

const TABLE_ROWS = 200;

/**
 * One chart as one focusable surface at its real width: a label, a drawing, and its values as a table for those who don't see it.
 * With `points`, arrow keys move a cursor whose value is read out.
 */
export function ChartFrame(props: {
  readonly label: string;
  readonly height: number;
  readonly table?: ChartTable;
  readonly points?: readonly string[];
  readonly className?: string;
  readonly children: (
    width: number,
    cursor: number | null,
    setCursor: (index: number | null) => void,
  ) => ReactNode;
}) {
  const { label, height, table, points, className = 'chart', children } = props;
  const [ref, width] = useWidth();
  const [cursor, setCursor] = useState<number | null>(null);
  const onKeyDown = (event: React.KeyboardEvent) => {
    if (points === undefined || points.length === 0) return;
    const step = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0;
    if (step === 0) return;
    event.preventDefault();
    setCursor((old) => Math.max(0, Math.min(points.length - 1, (old ?? -1) + step)));
  };
  return (
    <figure className={className} ref={ref}>
      <svg
        role="img"
        aria-label={label}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: the chart's values are reached with the arrow keys
        tabIndex={0}
        viewBox={`0 0 ${width} ${height}`}
        height={height}
        onKeyDown={onKeyDown}
        onBlur={() => setCursor(null)}
        onPointerLeave={() => setCursor(null)}
      >
        <title>{label}</title>
        {width > 0 && children(width, cursor, setCursor)}
      </svg>
      {points !== undefined && (
        <div className="readout" aria-live="polite">
          {cursor === null ? '' : points[cursor]}
        </div>
      )}
      {table !== undefined && <HiddenTable table={table} label={label} />}
    </figure>
  );
}

function HiddenTable({ table, label }: { readonly table: ChartTable; readonly label: string }) {
  return (
    <div className="sr">
      <table>
        <caption>{label}</caption>
        <thead>
          <tr>
            {table.columns.map((column) => (
              <th key={column}>{column}</th>
            ))}
          </tr>
        </thead>
        <tbody>
          {table.rows.slice(0, TABLE_ROWS).map((row) => (
            <tr key={row.join('|')}>
              {row.map((cell, index) => (
                <td key={table.columns[index]}>{cell}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function useWidth(): [React.RefObject<HTMLElement | null>, number] {
  const ref = useRef<HTMLElement>(null);
  const [width, setWidth] = useState(0);
  useEffect(() => {
    const element = ref.current;
    if (element === null) return;
    const observer = new ResizeObserver(([entry]) =>
      setWidth(Math.max(60, Math.round(entry!.contentRect.width))),
    );
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  return [ref, width];
}
