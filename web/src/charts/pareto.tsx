import { ChartFrame } from './chart-frame.tsx';
import { linear, niceDomain, ticks } from './scale.ts';

export interface ParetoPoint {
  readonly name: string;
  /** In the direction of the metric. */
  readonly score: number;
  readonly spread: number;
  readonly cost: number;
  readonly best: boolean;
}

export interface ParetoProps {
  readonly points: readonly ParetoPoint[];
  readonly metric: string;
  readonly higherIsBetter: boolean;
  readonly format: (value: number) => string;
  readonly height?: number;
}

/** Quality against the time of one row (log scale): what a better score costs in service. */
export function Pareto({ points: all, metric, higherIsBetter, format, height = 220 }: ParetoProps) {
  // A baseline far below would press everything else together; the table beside still shows it.
  const points = withoutOutliers(all);
  const costs = points.map((point) => Math.max(1, point.cost));
  const low = Math.floor(Math.log10(Math.min(...costs, 10)) * 2) / 2;
  const high = Math.ceil(Math.log10(Math.max(...costs, 100)) * 2) / 2;
  const domain = niceDomain(
    points.flatMap((point) => [point.score - point.spread, point.score + point.spread]),
  );
  const front = frontOf(points, higherIsBetter);
  const readouts = points.map(
    (point) => `${point.name}: ${metric} ${format(point.score)}, ${Math.round(point.cost)} µs a row`,
  );
  return (
    <ChartFrame
      label={`${metric} against microseconds for one row, ${points.length} candidates`}
      height={height}
      points={readouts}
      table={{
        columns: ['candidate', metric, 'µs'],
        rows: points.map((p) => [p.name, format(p.score), Math.round(p.cost)]),
      }}
    >
      {(width, cursor, setCursor) => {
        const x = linear(low, high, 52, width - 10);
        const y = linear(domain[0], domain[1], height - 34, 10);
        const place = (point: ParetoPoint) =>
          [x(Math.log10(Math.max(1, point.cost))), y(point.score)] as const;
        return (
          <>
            {ticks(domain[0], domain[1], 4).map((tick) => (
              <g key={tick}>
                <path d={`M52 ${y(tick)}H${width - 10}`} stroke="var(--grid)" />
                <text x={46} y={y(tick) + 4} textAnchor="end">
                  {format(tick)}
                </text>
              </g>
            ))}
            {Array.from({ length: Math.floor(high) - Math.ceil(low) + 1 }, (_, i) => Math.ceil(low) + i).map(
              (power) => (
                <text key={power} x={x(power)} y={height - 18} textAnchor="middle">
                  {(10 ** power).toLocaleString('en-US')}
                </text>
              ),
            )}
            <text x={width - 10} y={height - 4} textAnchor="end">
              µs for one row (log)
            </text>
            <path
              d={front.map((point, i) => `${i === 0 ? 'M' : 'L'}${place(point).join(' ')}`).join('')}
              fill="none"
              stroke="var(--accent)"
              strokeWidth={1.4}
            />
            {points.map((point, i) => {
              const [px, py] = place(point);
              return (
                <g key={point.name} onPointerEnter={() => setCursor(i)}>
                  <path
                    d={`M${px} ${y(point.score - point.spread)}V${y(point.score + point.spread)}`}
                    stroke="var(--line-2)"
                  />
                  <circle
                    cx={px}
                    cy={py}
                    r={cursor === i ? 5.5 : 4}
                    fill={point.best ? 'var(--c1)' : 'var(--surface)'}
                    stroke={point.best ? 'var(--c1)' : 'var(--ref)'}
                    strokeWidth={1.5}
                  />
                  {point.best && (
                    <text className="key" x={px} y={py - 9} textAnchor="middle">
                      {point.name}
                    </text>
                  )}
                </g>
              );
            })}
          </>
        );
      }}
    </ChartFrame>
  );
}

/** Candidates that no other beats in both, cheapest first. */
export function frontOf(points: readonly ParetoPoint[], higherIsBetter: boolean): ParetoPoint[] {
  const sorted = [...points].sort((a, b) => a.cost - b.cost);
  const front: ParetoPoint[] = [];
  for (const point of sorted) {
    const last = front.at(-1);
    if (last === undefined || (higherIsBetter ? point.score > last.score : point.score < last.score))
      front.push(point);
  }
  return front;
}

/** Points whose score is within reach of the best few: the worst outlier is left out while it would take over half of the scale. */
export function withoutOutliers(points: readonly ParetoPoint[]): readonly ParetoPoint[] {
  if (points.length < 3) return points;
  const best = points.find((point) => point.best) ?? points[0]!;
  const distances = points.map((point) => Math.abs(point.score - best.score)).sort((a, b) => a - b);
  const reach = 4 * (distances[Math.floor(distances.length / 2)] ?? 0);
  return reach === 0 ? points : points.filter((point) => Math.abs(point.score - best.score) <= reach);
}
