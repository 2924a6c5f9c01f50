import { linear } from './scale.ts';

/** Small drawings inside cells and headers. They repeat what text beside them says, so they are hidden from screen readers. */

export function Whisker(props: {
  readonly x: (value: number) => number;
  readonly width: number;
  readonly low: number;
  readonly at: number;
  readonly high: number;
  readonly zero?: number;
  readonly hollow?: boolean;
  readonly colour?: string;
}) {
  const { x, width, low, at, high, zero, hollow, colour = 'var(--c1)' } = props;
  const clip = (value: number) => Math.max(3, Math.min(width - 3, x(value)));
  return (
    <svg width={width} height={16} viewBox={`0 0 ${width} 16`} aria-hidden="true">
      {zero !== undefined && <path d={`M${clip(zero)} 0v16`} stroke="var(--line-2)" strokeDasharray="2 2" />}
      <path
        d={`M${clip(low)} 8H${clip(high)}M${clip(low)} 5v6M${clip(high)} 5v6`}
        stroke={colour}
        strokeWidth={1.4}
        fill="none"
      />
      <circle
        cx={clip(at)}
        cy={8}
        r={3}
        fill={hollow ? 'var(--surface)' : colour}
        stroke={colour}
        strokeWidth={1.4}
      />
    </svg>
  );
}

/** Bars on a square-root scale, so that small bins can be seen. */
export function MiniHistogram({
  counts,
  width,
  height,
  colour = 'var(--c1)',
}: {
  readonly counts: readonly number[];
  readonly width: number;
  readonly height: number;
  readonly colour?: string;
}) {
  const top = Math.sqrt(Math.max(1, ...counts));
  const bar = width / Math.max(1, counts.length);
  return (
    <svg width={width} height={height} viewBox={`0 0 ${width} ${height}`} aria-hidden="true">
      {counts.map((count, index) => {
        const size = count === 0 ? 0 : Math.max(1, (Math.sqrt(count) / top) * (height - 2));
        const left = index * bar;
        return (
          <rect
            // biome-ignore lint/suspicious/noArrayIndexKey: bins have no other identity than their place
            key={index}
            x={left}
            y={height - 1 - size}
            width={Math.max(1, bar - 1)}
            height={size}
            fill={colour}
            opacity={0.75}
          />
        );
      })}
      <path d={`M0 ${height - 0.5}H${width}`} stroke="var(--line-2)" />
    </svg>
  );
}

export function Spark({
  values,
  width,
  height,
  colour = 'var(--c1)',
}: {
  readonly values: readonly number[];
  readonly width: number;
  readonly height: number;
  readonly colour?: string;
}) {
  if (values.length < 2) return null;
  const x = linear(0, values.length - 1, 1, width - 3);
  const y = linear(Math.min(...values), Math.max(...values), height - 2, 2);
  const path = values
    .map((value, index) => `${index === 0 ? 'M' : 'L'}${x(index).toFixed(1)} ${y(value).toFixed(1)}`)
    .join('');
  return (
    <svg width={width} height={height} viewBox={`0 0 ${width} ${height}`} aria-hidden="true">
      <path d={path} fill="none" stroke={colour} strokeWidth={1.4} />
      <circle cx={x(values.length - 1)} cy={y(values.at(-1)!)} r={2} fill={colour} />
    </svg>
  );
}
