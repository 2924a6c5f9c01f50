import { ChartFrame } from './chart-frame.tsx';
import { linear, ticks } from './scale.ts';

export interface CurvePoint {
  readonly x: number;
  readonly y: number;
  readonly low?: number;
  readonly high?: number;
}

export interface CurveChartProps {
  readonly label: string;
  readonly points: readonly CurvePoint[];
  readonly xLabel: string;
  readonly yLabel: string;
  readonly xDomain: readonly [number, number];
  readonly yDomain: readonly [number, number];
  /** 'identity' draws y = x; 'zero' draws y = 0: where a perfect (or useless) model would be. */
  readonly guide?: 'identity' | 'zero';
  readonly mark: 'line' | 'dots';
  readonly height?: number;
  readonly format?: (value: number) => string;
}

const LEFT = 42;
const BOTTOM = 34;

/** ROC, precision-recall, calibration, residuals: one pair of axes, one series, whiskers where there are intervals. */
export function CurveChart(props: CurveChartProps) {
  const {
    label,
    points,
    xDomain,
    yDomain,
    mark,
    height = 220,
    format = (value) => String(Number(value.toPrecision(3))),
  } = props;
  const table = {
    columns: [props.xLabel, props.yLabel],
    rows: points.map((point) => [format(point.x), format(point.y)]),
  };
  const readouts = points.map(
    (point) => `${props.xLabel} ${format(point.x)}, ${props.yLabel} ${format(point.y)}`,
  );
  return (
    <ChartFrame label={label} height={height} table={table} points={readouts}>
      {(width, cursor, setCursor) => {
        const x = linear(xDomain[0], xDomain[1], LEFT, width - 8);
        const y = linear(yDomain[0], yDomain[1], height - BOTTOM, 8);
        return (
          <>
            <Axes {...props} width={width} height={height} x={x} y={y} format={format} />
            {props.guide === 'identity' && (
              <path
                d={`M${x(xDomain[0])} ${y(xDomain[0])}L${x(xDomain[1])} ${y(xDomain[1])}`}
                stroke="var(--ref)"
                strokeDasharray="3 3"
              />
            )}
            {props.guide === 'zero' && (
              <path d={`M${LEFT} ${y(0)}H${width - 8}`} stroke="var(--ref)" strokeDasharray="3 3" />
            )}
            {mark === 'line' && (
              <path
                d={points
                  .map(
                    (point, i) => `${i === 0 ? 'M' : 'L'}${x(point.x).toFixed(1)} ${y(point.y).toFixed(1)}`,
                  )
                  .join('')}
                fill="none"
                stroke="var(--c1)"
                strokeWidth={1.6}
              />
            )}
            {points.map((point, i) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: points of a curve have no other identity than their place
              <g key={i} onPointerEnter={() => setCursor(i)}>
                {point.low !== undefined && (
                  <path d={`M${x(point.x)} ${y(point.low)}V${y(point.high!)}`} stroke="var(--c1)" />
                )}
                {mark === 'dots' && (
                  <circle
                    cx={x(point.x)}
                    cy={y(point.y)}
                    r={point.low === undefined ? 1.8 : 3}
                    fill="var(--c1)"
                    opacity={point.low === undefined ? 0.5 : 1}
                  />
                )}
                {mark === 'line' && <circle cx={x(point.x)} cy={y(point.y)} r={5} fill="transparent" />}
              </g>
            ))}
            {cursor !== null && points[cursor] !== undefined && (
              <circle
                cx={x(points[cursor].x)}
                cy={y(points[cursor].y)}
                r={4}
                fill="none"
                stroke="var(--ink)"
                strokeWidth={1.5}
              />
            )}
          </>
        );
      }}
    </ChartFrame>
  );
}

function Axes(
  props: CurveChartProps & {
    width: number;
    x: (v: number) => number;
    y: (v: number) => number;
    format: (v: number) => string;
    height: number;
  },
) {
  const { xDomain, yDomain, width, height, x, y, format } = props;
  return (
    <>
      {ticks(yDomain[0], yDomain[1], 4).map((tick) => (
        <g key={tick}>
          <path d={`M${LEFT} ${y(tick)}H${width - 8}`} stroke="var(--grid)" />
          <text x={LEFT - 6} y={y(tick) + 4} textAnchor="end">
            {format(tick)}
          </text>
        </g>
      ))}
      {ticks(xDomain[0], xDomain[1], 4).map((tick) => (
        <text key={tick} x={x(tick)} y={height - BOTTOM + 16} textAnchor="middle">
          {format(tick)}
        </text>
      ))}
      <path d={`M${LEFT} ${height - BOTTOM}H${width - 8}`} stroke="var(--axis)" />
      <text x={width - 8} y={height - 4} textAnchor="end">
        {props.xLabel}
      </text>
      <text x={LEFT + 4} y={14} className="key">
        {props.yLabel}
      </text>
    </>
  );
}
