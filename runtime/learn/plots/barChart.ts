import { type Frame, legend, seriesClass, upwards, valueAxis } from './axes';
import { element, label, svgFile } from './svg';

/** A bar with the interval of its value; both ends are the value where there is none. */
export interface Bar {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

export interface BarChart {
  readonly title: string;
  readonly yName: string;
  /** Bars of one colour, one a group. */
  readonly series: readonly string[];
  /** Bars side by side, one a series; `undefined` leaves a place free. */
  readonly groups: readonly { readonly name: string; readonly bars: readonly (Bar | undefined)[] }[];
  /** Upper end of the scale, which starts at zero. */
  readonly most: number;
  /** A dashed line across. */
  readonly mark?: { readonly name: string; readonly value: number };
}

const FRAME: Frame = { width: 960, height: 420, left: 64, right: 200, top: 48, bottom: 44 };

/** Share of a group's width that is left free. */
const GAP = 0.2;

/** Grouped bars with their intervals, as the text of an SVG file. */
export function barChart({ title, yName, series, groups, most, mark }: BarChart): string {
  const range = { low: 0, high: most };
  const y = upwards(FRAME, range);
  const groupWidth = (FRAME.width - FRAME.left - FRAME.right) / Math.max(1, groups.length);
  const barWidth = (groupWidth * (1 - GAP)) / Math.max(1, series.length);
  const bottom = FRAME.height - FRAME.bottom;
  const drawn = groups.flatMap(({ name, bars }, group) => {
    const start = FRAME.left + groupWidth * (group + GAP / 2);
    return [
      label(name, { x: FRAME.left + groupWidth * (group + 0.5), y: bottom + 20, 'text-anchor': 'middle' }),
      ...bars.map((bar, at) => (bar === undefined ? '' : drawBar(bar, { x: start + at * barWidth, barWidth, at, y }))),
    ];
  });
  return svgFile({ ...FRAME, title }, [
    label(title, { class: 'title', x: FRAME.left, y: 28 }),
    valueAxis(FRAME, { range, name: yName }),
    ...drawn,
    element('line', { class: 'axis', x1: FRAME.left, x2: FRAME.width - FRAME.right, y1: bottom, y2: bottom }),
    ...(mark === undefined ? [] : [markLine(mark, y(mark.value))]),
    legend(FRAME, series),
  ]);
}

interface BarPlace {
  readonly x: number;
  readonly barWidth: number;
  readonly at: number;
  readonly y: (value: number) => number;
}

function drawBar({ value, low, high }: Bar, { x, barWidth, at, y }: BarPlace): string {
  const middle = x + barWidth / 2;
  const height = Math.max(0, y(0) - y(value));
  return [
    element('rect', { class: `fill ${seriesClass(at)}`, x, y: y(value), width: barWidth * 0.9, height }),
    ...(low < high ? [element('line', { class: 'whisker', x1: middle, x2: middle, y1: y(low), y2: y(high) })] : []),
  ].join('');
}

function markLine({ name }: { readonly name: string }, y: number): string {
  const right = FRAME.width - FRAME.right;
  return (
    element('line', { class: 'mark', x1: FRAME.left, x2: right, y1: y, y2: y }) +
    label(name, { class: 'small', x: right + 14, y: y + 4 })
  );
}
