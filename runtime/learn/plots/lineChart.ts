import { across, type Frame, legend, type Range, seriesClass, stepAxis, upwards, valueAxis } from './axes';
import { element, label, svgFile } from './svg';

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface Series {
  readonly name: string;
  readonly points: readonly Point[];
}

export interface LineChart {
  readonly title: string;
  readonly xName: string;
  readonly yName: string;
  readonly series: readonly Series[];
  /** From the smallest to the largest value where it is left out. */
  readonly yRange?: Range;
}

const FRAME: Frame = { width: 900, height: 420, left: 64, right: 150, top: 48, bottom: 52 };

/** More points than this are drawn as means of their neighbours: more would not be seen. */
const MOST_POINTS = 300;

/** Curves over steps, as the text of an SVG file. Points that are not finite are left out. */
export function lineChart({ title, xName, yName, series, yRange }: LineChart): string {
  const curves = series.map(({ points }) => thinned(points.filter(isFinitePoint)));
  const all = curves.flat();
  const xRange = rangeOf(all.map(({ x }) => x));
  const range = yRange ?? rangeOf(all.map(({ y }) => y));
  const x = across(FRAME, xRange);
  const y = upwards(FRAME, range);
  return svgFile({ ...FRAME, title }, [
    label(title, { class: 'title', x: FRAME.left, y: 28 }),
    valueAxis(FRAME, { range, name: yName }),
    stepAxis(FRAME, { range: xRange, name: xName }),
    ...curves.map((points, at) =>
      element('polyline', {
        class: `line ${seriesClass(at)}`,
        points: points.map((point) => `${x(point.x).toFixed(1)},${y(point.y).toFixed(1)}`).join(' '),
      }),
    ),
    legend(
      FRAME,
      series.map(({ name }) => name),
    ),
  ]);
}

function isFinitePoint({ x, y }: Point): boolean {
  return Number.isFinite(x) && Number.isFinite(y);
}

function thinned(points: readonly Point[]): readonly Point[] {
  if (points.length <= MOST_POINTS) return points;
  return Array.from({ length: MOST_POINTS }, (_, bucket) => {
    const start = Math.floor((bucket * points.length) / MOST_POINTS);
    const end = Math.floor(((bucket + 1) * points.length) / MOST_POINTS);
    const part = points.slice(start, end);
    const mean = (of: (point: Point) => number): number =>
      part.reduce((sum, point) => sum + of(point), 0) / part.length;
    return { x: mean(({ x }) => x), y: mean(({ y }) => y) };
  });
}

/** A range with a width, also of one value or of none. */
function rangeOf(values: readonly number[]): Range {
  const low = values.reduce((least, value) => Math.min(least, value), Number.POSITIVE_INFINITY);
  const high = values.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY);
  if (low > high) return { low: 0, high: 1 };
  return low === high ? { low: low - 0.5, high: high + 0.5 } : { low, high };
}
