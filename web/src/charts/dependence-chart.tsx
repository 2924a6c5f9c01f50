import { ChartFrame } from './chart-frame.tsx';
import { linear, ticks } from './scale.ts';

export interface DependenceChartProps {
  readonly label: string;
  readonly values: readonly (number | string)[];
  readonly mean: readonly number[];
  readonly lines: readonly (readonly number[])[];
  readonly yDomain: readonly [number, number];
  /** Of a number on the x axis. */
  readonly formatX: (value: number) => string;
  readonly formatY: (value: number) => string;
}

const HEIGHT = 180;
const LEFT = 40;
const BOTTOM = 20;
const NAMES = 86;
const NAME_CHARS = 14;

/** Mean prediction over a column's values, and single rows faintly behind it: curves over numbers, one line a category else. */
export function DependenceChart(props: DependenceChartProps) {
  const { label, values, mean, formatX, formatY } = props;
  const name = (value: number | string) => (typeof value === 'number' ? formatX(value) : value);
  const table = {
    columns: ['value', 'mean prediction'],
    rows: values.map((value, i) => [name(value), formatY(mean[i]!)]),
  };
  const points = values.map((value, i) => `${name(value)}: ${formatY(mean[i]!)} on average`);
  const numbers = values.every((value) => typeof value === 'number');
  return (
    <ChartFrame label={label} height={HEIGHT} table={table} points={points}>
      {(width, cursor, setCursor) =>
        numbers ? (
          <Curves {...props} width={width} cursor={cursor} setCursor={setCursor} />
        ) : (
          <Categories {...props} width={width} cursor={cursor} setCursor={setCursor} />
        )
      }
    </ChartFrame>
  );
}

interface Drawing extends DependenceChartProps {
  readonly width: number;
  readonly cursor: number | null;
  readonly setCursor: (index: number | null) => void;
}

function Curves({ values, mean, lines, yDomain, formatX, formatY, width, cursor, setCursor }: Drawing) {
  const at = values as readonly number[];
  const x = linear(at[0]!, at.at(-1)!, LEFT, width - 8);
  const y = linear(yDomain[0], yDomain[1], HEIGHT - BOTTOM, 8);
  const path = (curve: readonly number[]) =>
    curve.map((value, i) => `${i === 0 ? 'M' : 'L'}${x(at[i]!).toFixed(1)} ${y(value).toFixed(1)}`).join('');
  return (
    <>
      {ticks(yDomain[0], yDomain[1], 3).map((tick) => (
        <g key={tick}>
          <path d={`M${LEFT} ${y(tick)}H${width - 8}`} stroke="var(--grid)" />
          <text x={LEFT - 6} y={y(tick) + 4} textAnchor="end">
            {formatY(tick)}
          </text>
        </g>
      ))}
      <path d={`M${LEFT} ${HEIGHT - BOTTOM}H${width - 8}`} stroke="var(--axis)" />
      <text x={LEFT} y={HEIGHT - 5}>
        {formatX(at[0]!)}
      </text>
      <text x={width - 8} y={HEIGHT - 5} textAnchor="end">
        {formatX(at.at(-1)!)}
      </text>
      {lines.map((line, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: sampled rows have no other identity than their place
        <path key={i} d={path(line)} fill="none" stroke="var(--ref)" opacity={0.45} />
      ))}
      <path d={path(mean)} fill="none" stroke="var(--c1)" strokeWidth={2} />
      {at.map((value, i) => (
        <circle
          key={value}
          cx={x(value)}
          cy={y(mean[i]!)}
          r={cursor === i ? 4 : 2}
          fill="var(--c1)"
          onPointerEnter={() => setCursor(i)}
        />
      ))}
    </>
  );
}

function Categories({ values, mean, lines, yDomain, formatY, width, cursor, setCursor }: Drawing) {
  const x = linear(yDomain[0], yDomain[1], NAMES, width - 8);
  const row = Math.min(22, (HEIGHT - BOTTOM - 4) / values.length);
  const bottom = 4 + row * values.length;
  return (
    <>
      {ticks(yDomain[0], yDomain[1], 3).map((tick) => (
        <g key={tick}>
          <path d={`M${x(tick)} 4V${bottom}`} stroke="var(--grid)" />
          <text x={x(tick)} y={bottom + 14} textAnchor="middle">
            {formatY(tick)}
          </text>
        </g>
      ))}
      {values.map((value, i) => {
        const text = String(value);
        const middle = 4 + row * (i + 0.5);
        return (
          <g key={text} onPointerEnter={() => setCursor(i)}>
            <rect x={0} y={middle - row / 2} width={width} height={row} fill="transparent" />
            <text x={NAMES - 6} y={middle + 4} textAnchor="end" className={cursor === i ? 'key' : undefined}>
              {text.length > NAME_CHARS ? `${text.slice(0, NAME_CHARS - 1)}…` : text}
              <title>{text}</title>
            </text>
            <path
              d={lines.map((line) => `M${x(line[i]!).toFixed(1)} ${middle - 3}v6`).join('')}
              stroke="var(--ref)"
              opacity={0.6}
            />
            <circle cx={x(mean[i]!)} cy={middle} r={cursor === i ? 5 : 4} fill="var(--c1)" />
          </g>
        );
      })}
    </>
  );
}
