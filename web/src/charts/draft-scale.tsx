import { ChartFrame } from './chart-frame.tsx';
import { linear, niceDomain, ticks } from './scale.ts';

export interface DraftScaleProps {
  readonly label: string;
  /** The estimate with its interval. */
  readonly value: number;
  readonly low: number;
  readonly high: number;
  readonly name?: string;
  /** Drawn as a ring in grey. */
  readonly reference?: { readonly value: number; readonly name: string };
  /** Drawn as a red dashed line. */
  readonly limit?: { readonly value: number; readonly name: string };
  readonly format: (value: number) => string;
}

const HEIGHT = 62;
const BASE = 30;

/** The ruler beside a first number, like the marks on a hull: band = interval, notch = estimate, ring = reference, dashes = limit. */
export function DraftScale(props: DraftScaleProps) {
  const { label, value, low, high, reference, limit, format } = props;
  const domain = niceDomain([value, low, high, reference?.value ?? value, limit?.value ?? value], 0.15);
  return (
    <ChartFrame label={label} height={HEIGHT} className="gauge">
      {(width) => {
        const x = linear(domain[0], domain[1], 8, width - 8);
        return (
          <>
            <Ruler domain={domain} width={width} x={x} format={format} />
            <rect
              x={x(low)}
              y={BASE - 12}
              width={Math.max(2, x(high) - x(low))}
              height={8}
              rx={1}
              fill="var(--c1)"
              opacity={0.3}
            />
            <path d={`M${x(low)} ${BASE - 13}v10M${x(high)} ${BASE - 13}v10`} stroke="var(--c1)" />
            <path
              d={`M${x(value) - 4} ${BASE - 15}h8l-4 6zM${x(value)} ${BASE - 9}v7`}
              fill="var(--c1)"
              stroke="var(--c1)"
              strokeWidth={1.5}
            />
            {props.name !== undefined && (
              <text className="key" x={x(value)} y={BASE - 20} textAnchor="middle">
                {props.name}
              </text>
            )}
            {reference !== undefined && (
              <>
                <circle
                  cx={x(reference.value)}
                  cy={BASE - 8}
                  r={3.5}
                  fill="var(--surface)"
                  stroke="var(--ref)"
                  strokeWidth={1.8}
                />
                {Math.abs(x(reference.value) - x(value)) > 60 && (
                  <text x={x(reference.value)} y={BASE - 20} textAnchor="middle">
                    {reference.name}
                  </text>
                )}
              </>
            )}
            {limit !== undefined && (
              <path
                d={`M${x(limit.value)} ${BASE - 14}v23`}
                stroke="var(--fail)"
                strokeWidth={1.5}
                strokeDasharray="3 2"
              />
            )}
          </>
        );
      }}
    </ChartFrame>
  );
}

function Ruler(props: {
  domain: [number, number];
  width: number;
  x: (value: number) => number;
  format: (value: number) => string;
}) {
  const { domain, width, x, format } = props;
  const big = ticks(domain[0], domain[1], 4);
  const step = (big[1] ?? domain[1]) - (big[0] ?? domain[0]);
  const small = ticks(domain[0], domain[1], Math.round(((domain[1] - domain[0]) / step) * 5));
  return (
    <>
      <path d={`M8 ${BASE}H${width - 8}`} stroke="var(--line-3)" />
      {small.map((tick) => (
        <path key={tick} d={`M${x(tick)} ${BASE}v5`} stroke="var(--line-2)" />
      ))}
      {big.map((tick) => (
        <g key={tick}>
          <path d={`M${x(tick)} ${BASE}v9`} stroke="var(--line-3)" />
          <text x={Math.max(14, Math.min(width - 14, x(tick)))} y={BASE + 21} textAnchor="middle">
            {format(tick)}
          </text>
        </g>
      ))}
    </>
  );
}
