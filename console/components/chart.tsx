import 'uplot/dist/uPlot.min.css';
import { useEffect, useRef } from 'react';
import uPlot from 'uplot';
import { usePreferences } from '../session/preferences.tsx';
import { useLocale } from '../texts/texts.ts';

export interface ChartSeries {
  label: string;
  /** A custom property of tokens.css. */
  color: `--${string}`;
  values: readonly (number | null)[];
}

interface ChartProps {
  /** Says what the chart shows; the numbers must stand beside it as text. */
  label: string;
  /** Begins of the intervals. */
  times: readonly string[];
  /** Bars stand in front of each other, lowest last; lines beside each other. */
  kind: 'bars' | 'lines';
  series: readonly ChartSeries[];
}

const HEIGHT = 180;

export function Chart({ label, times, kind, series }: ChartProps) {
  const box = useRef<HTMLDivElement>(null);
  const locale = useLocale();
  const { theme } = usePreferences();
  // biome-ignore lint/correctness/useExhaustiveDependencies: the theme changes what the custom properties are
  useEffect(() => {
    if (box.current === null) return;
    const element = box.current;
    const plot = new uPlot(
      optionsOf(element, locale, kind, times, series),
      [times.map((at) => Date.parse(at) / 1_000), ...series.map(({ values }) => [...values])],
      element,
    );
    const resizing = new ResizeObserver(() => plot.setSize({ width: element.clientWidth, height: HEIGHT }));
    resizing.observe(element);
    const scheme = matchMedia('(prefers-color-scheme: dark)');
    const redraw = () => plot.redraw();
    scheme.addEventListener('change', redraw);
    return () => {
      scheme.removeEventListener('change', redraw);
      resizing.disconnect();
      plot.destroy();
    };
  }, [locale, theme, kind, series, times]);
  return (
    <figure className="chart" aria-label={label}>
      <figcaption>
        {label}
        <span className="legend">
          {series.map((one) => (
            <span key={one.label}>
              <i className={`swatch swatch${one.color}`} />
              {one.label}
            </span>
          ))}
        </span>
      </figcaption>
      <div ref={box} aria-hidden="true" />
    </figure>
  );
}

function optionsOf(
  element: HTMLElement,
  locale: string,
  kind: ChartProps['kind'],
  times: readonly string[],
  series: readonly ChartSeries[],
): uPlot.Options {
  const color = (name: string) => getComputedStyle(element).getPropertyValue(name);
  const bars = uPlot.paths.bars?.({ size: [0.75, 40], align: 1 });
  const axis = {
    stroke: () => color('--ink-soft'),
    grid: { stroke: () => color('--line'), width: 1 },
    ticks: { show: false },
    font: '12px "Instrument Sans Variable", sans-serif',
  };
  const interval = (Date.parse(times[1] ?? '') - Date.parse(times[0] ?? '')) / 1_000 || 3_600;
  const numbers = new Intl.NumberFormat(locale, { notation: 'compact' });
  return {
    width: element.clientWidth,
    height: HEIGHT,
    legend: { show: false },
    cursor: { show: false },
    scales: {
      x: { range: (_, first, last) => [first, last + (kind === 'bars' ? interval : 0)] },
      y: { range: (_, __, most) => [0, Math.max(4, most * 1.1)] },
    },
    axes: [
      { ...axis, grid: { show: false }, values: (_, seconds) => timeLabels(seconds, locale) },
      { ...axis, size: 56, values: (_, values) => values.map((one) => numbers.format(one)) },
    ],
    series: [
      {},
      ...series.map((one) => ({
        label: one.label,
        stroke: () => color(one.color),
        ...(kind === 'bars'
          ? { fill: () => color(one.color), ...(bars && { paths: bars }), points: { show: false } }
          : { width: 2 }),
      })),
    ],
  };
}

/** Hours within a day or two, days beyond. */
function timeLabels(seconds: readonly number[], locale: string): string[] {
  const isShort = (seconds.at(-1) ?? 0) - (seconds[0] ?? 0) <= 2 * 86_400;
  const format = new Intl.DateTimeFormat(
    locale,
    isShort ? { hour: '2-digit', minute: '2-digit' } : { day: 'numeric', month: 'short' },
  );
  return seconds.map((one) => format.format(one * 1_000));
}
