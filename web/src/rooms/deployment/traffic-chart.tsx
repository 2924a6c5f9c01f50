import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { useEffect, useRef } from 'react';

const HEIGHT = 190;

/** Requests in each of the last sixty seconds. Drawn by uPlot: it stays cheap when it changes every second. */
export function TrafficChart({ perSecond }: { readonly perSecond: readonly number[] }) {
  const host = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | undefined>(undefined);
  useEffect(() => {
    const element = host.current;
    if (element === null) return;
    const style = getComputedStyle(document.documentElement);
    const colour = (name: string) => style.getPropertyValue(name).trim();
    plot.current = new uPlot(
      {
        width: element.clientWidth,
        height: HEIGHT,
        legend: { show: false },
        cursor: { points: { size: 6 } },
        scales: { x: { time: false }, y: { range: (_self, _min, max) => [0, Math.max(1, max * 1.15)] } },
        axes: [
          {
            stroke: colour('--ink-3'),
            grid: { show: false },
            ticks: { show: false },
            values: (_self, splits) => splits.map((value) => (value === 0 ? 'now' : `${value} s`)),
          },
          { stroke: colour('--ink-3'), grid: { stroke: colour('--grid') }, ticks: { show: false }, size: 44 },
        ],
        series: [
          {},
          {
            stroke: colour('--c1'),
            width: 1.5,
            fill: `color-mix(in srgb, ${colour('--c1')} 16%, transparent)`,
            points: { show: false },
          },
        ],
      },
      [[], []],
      element,
    );
    const observer = new ResizeObserver(() =>
      plot.current?.setSize({ width: element.clientWidth, height: HEIGHT }),
    );
    observer.observe(element);
    return () => {
      observer.disconnect();
      plot.current?.destroy();
    };
  }, []);
  useEffect(() => {
    plot.current?.setData([perSecond.map((_, index) => index - perSecond.length + 1), [...perSecond]]);
  }, [perSecond]);
  const total = perSecond.reduce((sum, value) => sum + value, 0);
  return (
    <div
      ref={host}
      role="img"
      aria-label={`${total} requests in the last minute, at most ${Math.max(0, ...perSecond)} in a second`}
    />
  );
}
