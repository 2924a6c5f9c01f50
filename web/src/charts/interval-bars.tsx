import { ChartFrame } from './chart-frame.tsx';
import { linear, ticks } from './scale.ts';

export interface IntervalBar {
  readonly label: string;
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

const ROW = 22;
const LEFT = 132;
const LABEL_CHARS = 19;
const BOTTOM = 34;

/** Values with their intervals, one a row, from 0; a bar whose interval holds 0 recedes. */
export function IntervalBars({
  label,
  xLabel,
  bars,
  format,
}: {
  readonly label: string;
  readonly xLabel: string;
  readonly bars: readonly IntervalBar[];
  readonly format: (value: number) => string;
}) {
  const low = Math.min(0, ...bars.map((bar) => bar.low));
  const high = Math.max(1e-12, ...bars.map((bar) => bar.high));
  const bottom = bars.length * ROW + 6;
  const said = (bar: IntervalBar) => `${format(bar.value)} (${format(bar.low)} to ${format(bar.high)})`;
  const table = { columns: ['column', xLabel], rows: bars.map((bar) => [bar.label, said(bar)]) };
  const points = bars.map((bar) => `${bar.label}: ${said(bar)}`);
  return (
    <ChartFrame label={label} height={bottom + BOTTOM} table={table} points={points}>
      {(width, cursor, setCursor) => {
        const x = linear(low, high, LEFT, width - 12);
        return (
          <>
            {ticks(low, high, width < 420 ? 2 : 4).map((tick) => (
              <g key={tick}>
                <path d={`M${x(tick)} 4V${bottom}`} stroke={tick === 0 ? 'var(--axis)' : 'var(--grid)'} />
                <text x={x(tick)} y={bottom + 14} textAnchor="middle">
                  {format(tick)}
                </text>
              </g>
            ))}
            <text x={width - 12} y={bottom + 30} textAnchor="end">
              {xLabel}
            </text>
            {bars.map((bar, i) => (
              <g key={bar.label} onPointerEnter={() => setCursor(i)}>
                <rect x={0} y={4 + i * ROW} width={width} height={ROW} fill="transparent" />
                <Bar bar={bar} y={4 + i * ROW} x={x} strong={cursor === i} />
              </g>
            ))}
          </>
        );
      }}
    </ChartFrame>
  );
}

function Bar(props: { bar: IntervalBar; y: number; x: (value: number) => number; strong: boolean }) {
  const { bar, y, x, strong } = props;
  const middle = y + ROW / 2;
  const text = bar.label.length > LABEL_CHARS ? `${bar.label.slice(0, LABEL_CHARS - 1)}…` : bar.label;
  return (
    <>
      <text x={LEFT - 8} y={middle + 4} textAnchor="end" className={strong ? 'key' : undefined}>
        {text}
        <title>{bar.label}</title>
      </text>
      <rect
        x={Math.min(x(0), x(bar.value))}
        y={middle - 5}
        width={Math.max(1, Math.abs(x(bar.value) - x(0)))}
        height={10}
        fill="var(--c1)"
        opacity={bar.low <= 0 ? 0.35 : 0.85}
      />
      <path
        d={`M${x(bar.low)} ${middle}H${x(bar.high)}M${x(bar.low)} ${middle - 4}v8M${x(bar.high)} ${middle - 4}v8`}
        stroke="var(--ink-2)"
      />
    </>
  );
}
