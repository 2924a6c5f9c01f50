import { percent } from '../widgets/format.ts';
import { ChartFrame } from './chart-frame.tsx';
import { linear, ticks } from './scale.ts';

export interface BarPair {
  readonly label: string;
  readonly reference: number;
  readonly current: number;
}

/** Two distributions over the same bins: reference grey, current blue. Shares. */
export function BarPairs({
  label,
  bars,
  height = 180,
}: {
  readonly label: string;
  readonly bars: readonly BarPair[];
  readonly height?: number;
}) {
  const top = Math.max(0.05, ...bars.flatMap((bar) => [bar.reference, bar.current]));
  const table = {
    columns: ['bin', 'reference', 'current'],
    rows: bars.map((bar) => [bar.label, percent(bar.reference), percent(bar.current)]),
  };
  const points = bars.map(
    (bar) => `${bar.label}: ${percent(bar.current)} now, ${percent(bar.reference)} in training`,
  );
  return (
    <ChartFrame label={label} height={height} table={table} points={points}>
      {(width, cursor, setCursor) => {
        const x = linear(0, bars.length, 38, width - 4);
        const y = linear(0, top, height - 24, 8);
        const half = (x(1) - x(0)) / 2;
        return (
          <>
            {ticks(0, top, 3).map((tick) => (
              <g key={tick}>
                <path d={`M38 ${y(tick)}H${width - 4}`} stroke="var(--grid)" />
                <text x={32} y={y(tick) + 4} textAnchor="end">
                  {percent(tick, 0)}
                </text>
              </g>
            ))}
            {bars.map((bar, i) => (
              <g
                // biome-ignore lint/suspicious/noArrayIndexKey: bins have no other identity than their place
                key={i}
                onPointerEnter={() => setCursor(i)}
                opacity={cursor === null || cursor === i ? 1 : 0.6}
              >
                <rect x={x(i)} y={8} width={half * 2} height={height - 32} fill="transparent" />
                <rect
                  x={x(i) + 1}
                  y={y(bar.reference)}
                  width={Math.max(1, half - 1.5)}
                  height={height - 24 - y(bar.reference)}
                  fill="var(--ref)"
                />
                <rect
                  x={x(i) + half}
                  y={y(bar.current)}
                  width={Math.max(1, half - 1.5)}
                  height={height - 24 - y(bar.current)}
                  fill="var(--c1)"
                />
                {(bars.length <= 12 || i % Math.ceil(bars.length / 8) === 0) && (
                  <text x={x(i) + half} y={height - 8} textAnchor="middle">
                    {bar.label.length > Math.max(4, half / 3.2)
                      ? `${bar.label.slice(0, Math.max(3, Math.floor(half / 3.2)))}…`
                      : bar.label}
                  </text>
                )}
              </g>
            ))}
          </>
        );
      }}
    </ChartFrame>
  );
}
