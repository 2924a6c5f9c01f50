import { ChartFrame } from './chart-frame.tsx';

export interface HeatMapProps {
  readonly label: string;
  readonly rows: readonly string[];
  readonly columns: readonly string[];
  /** Drift ÷ bound by column, then row; null: too few rows to say. */
  readonly values: readonly (readonly (number | null)[])[];
  readonly selected: string | undefined;
  readonly onSelect: (row: string) => void;
}

const ROW = 20;
const LEFT = 150;
const TOP = 22;
const COLOURS = ['--h0', '--h1', '--h2', '--h3', '--h4', '--h5', '--h6'] as const;

/** Below the bound cells recede, above it they speak and carry a dot, so that colour is not alone. */
export function HeatMap({ label, rows, columns, values, selected, onSelect }: HeatMapProps) {
  const table = {
    columns: ['feature', ...columns],
    rows: rows.map((row, i) => [row, ...columns.map((_, j) => values[j]?.[i]?.toFixed(2) ?? 'too few rows')]),
  };
  return (
    <ChartFrame label={label} height={TOP + rows.length * ROW + 4} table={table}>
      {(width) => {
        const cell = Math.min(26, (width - LEFT - 8) / Math.max(1, columns.length));
        return (
          <>
            {columns.map((column, j) =>
              j % Math.ceil(columns.length / 6) === 0 ? (
                <text key={column} x={LEFT + j * cell} y={12}>
                  {column}
                </text>
              ) : null,
            )}
            {rows.map((row, i) => (
              // biome-ignore lint/a11y/useSemanticElements: a row of an SVG drawing cannot be a button element
              <g
                key={row}
                role="button"
                tabIndex={0}
                aria-label={`Show ${row}`}
                onClick={() => onSelect(row)}
                onKeyDown={(event) => event.key === 'Enter' && onSelect(row)}
                style={{ cursor: 'pointer' }}
              >
                <rect
                  x={0}
                  y={TOP + i * ROW}
                  width={width}
                  height={ROW}
                  fill={row === selected ? 'var(--selected)' : 'transparent'}
                />
                <text className={row === selected ? 'key' : ''} x={4} y={TOP + i * ROW + 14}>
                  {row.length > 22 ? `${row.slice(0, 21)}…` : row}
                </text>
                {columns.map((column, j) => (
                  <Cell
                    key={column}
                    x={LEFT + j * cell}
                    y={TOP + i * ROW}
                    size={cell}
                    value={values[j]?.[i] ?? null}
                  />
                ))}
              </g>
            ))}
          </>
        );
      }}
    </ChartFrame>
  );
}

function Cell({
  x,
  y,
  size,
  value,
}: {
  readonly x: number;
  readonly y: number;
  readonly size: number;
  readonly value: number | null;
}) {
  const side = Math.max(2, size - 2);
  if (value === null)
    return <path d={`M${x + 3} ${y + ROW - 5}L${x + side - 2} ${y + 4}`} stroke="var(--line-2)" />;
  return (
    <>
      <rect x={x} y={y + 1} width={side} height={ROW - 2} rx={1} fill={`var(${colourOf(value)})`} />
      {value > 1 && <circle cx={x + side / 2} cy={y + ROW / 2} r={1.8} fill="var(--surface)" />}
    </>
  );
}

export function colourOf(ratio: number): string {
  if (ratio <= 1) return COLOURS[ratio < 0.34 ? 0 : ratio < 0.67 ? 1 : 2]!;
  return COLOURS[ratio < 1.5 ? 3 : ratio < 2.5 ? 4 : ratio < 4 ? 5 : 6]!;
}
