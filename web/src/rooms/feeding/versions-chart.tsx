import type { SnapshotSummary } from '../../../../platform/src/contracts/datasets.ts';
import { ChartFrame } from '../../charts/chart-frame.tsx';
import { linear, ticks } from '../../charts/scale.ts';
import { count, many, number } from '../../widgets/format.ts';

const HEIGHT = 176;
const SHOWN = 24;

/** Rows that each load brought upwards, rows it kept back downwards, on the same scale. */
export function VersionsChart(props: {
  readonly versions: readonly SnapshotSummary[];
  readonly current: number;
}) {
  const versions = props.versions
    .filter(({ branch }) => branch === 'main')
    .slice(0, SHOWN)
    .reverse();
  const greatest = Math.max(1, ...versions.map(({ loaded }) => loaded));
  const lowest = Math.max(0, ...versions.map(({ quarantined }) => quarantined));
  const table = {
    columns: ['version', 'loaded', 'quarantined', 'rows'],
    rows: versions.map((v) => [`v${v.version}`, v.loaded, v.quarantined, v.rows]),
  };
  const points = versions.map(
    (v) =>
      `v${v.version}: ${many(v.loaded, 'row')} loaded, ${count(v.quarantined)} quarantined, ${count(v.rows)} in all`,
  );
  return (
    <ChartFrame label="Rows loaded and quarantined by version" height={HEIGHT} table={table} points={points}>
      {(width, cursor, setCursor) => {
        const x = linear(0, versions.length, 48, width);
        const y = linear(-lowest, greatest, HEIGHT - 34, 14);
        const slot = x(1) - x(0);
        const bar = Math.min(44, slot * 0.6);
        return (
          <>
            {ticks(0, greatest, 3).map((tick) => (
              <g key={tick}>
                <path d={`M48 ${y(tick)}H${width}`} stroke={tick === 0 ? 'var(--axis)' : 'var(--grid)'} />
                <text x={42} y={y(tick) + 4} textAnchor="end">
                  {number(tick, 3)}
                </text>
              </g>
            ))}
            {versions.map((v, i) => {
              const middle = x(i) + slot / 2;
              const isOn = v.version === props.current || cursor === i;
              return (
                <g key={v.version} onPointerEnter={() => setCursor(i)}>
                  <rect x={x(i)} y={0} width={slot} height={HEIGHT} fill="transparent" />
                  <rect
                    x={middle - bar / 2}
                    y={y(v.loaded)}
                    width={bar}
                    height={y(0) - y(v.loaded)}
                    fill="var(--c1)"
                    opacity={isOn ? 1 : 0.55}
                  />
                  {v.quarantined > 0 && (
                    <rect
                      x={middle - bar / 2}
                      y={y(0) + 1}
                      width={bar}
                      height={Math.max(3, y(-v.quarantined) - y(0))}
                      fill="var(--warn)"
                    />
                  )}
                  {slot > 34 && (
                    <text className={isOn ? 'key' : ''} x={middle} y={HEIGHT - 8} textAnchor="middle">
                      v{v.version}
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
