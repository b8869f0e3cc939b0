import { element, label, SERIES_COLOURS } from './svg';

/** Where the plot lies within its picture. */
export interface Frame {
  readonly width: number;
  readonly height: number;
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

export interface Range {
  readonly low: number;
  readonly high: number;
}

/** Round numbers within a range, about as many as asked for: steps of 1, 2 or 5 times a power of ten. */
export function ticksOf({ low, high }: Range, about: number): readonly number[] {
  const wish = (high - low) / about;
  if (!(wish > 0) || !Number.isFinite(wish)) return [low];
  const power = 10 ** Math.floor(Math.log10(wish));
  const step = power * ([1, 2, 5].find((factor) => factor * power >= wish) ?? 10);
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  // Counted in steps and divided where that is exact: 0.30000000000000004 is no label.
  return Array.from({ length: last - first + 1 }, (_, at) => Number(((first + at) * step).toPrecision(12)));
}

/** The pixel of a value, from left to right. */
export function across({ width, left, right }: Frame, { low, high }: Range): (value: number) => number {
  return (value) => left + ((value - low) / (high - low)) * (width - left - right);
}

/** The pixel of a value, upwards. */
export function upwards({ height, top, bottom }: Frame, { low, high }: Range): (value: number) => number {
  return (value) => height - bottom - ((value - low) / (high - low)) * (height - top - bottom);
}

/** Lines across the plot with their values, and the name of what is measured. */
export function valueAxis(frame: Frame, { range, name }: { readonly range: Range; readonly name: string }): string {
  const y = upwards(frame, range);
  const lines = ticksOf(range, 6).flatMap((tick) => [
    element('line', { class: 'grid', x1: frame.left, x2: frame.width - frame.right, y1: y(tick), y2: y(tick) }),
    label(String(tick), { class: 'small', x: frame.left - 6, y: y(tick) + 4, 'text-anchor': 'end' }),
  ]);
  const middle = (frame.top + frame.height - frame.bottom) / 2;
  const title = label(name, {
    transform: `translate(16 ${middle}) rotate(-90)`,
    'text-anchor': 'middle',
  });
  return [...lines, title].join('');
}

/** Values along the bottom, and the name of what runs there. */
export function stepAxis(frame: Frame, { range, name }: { readonly range: Range; readonly name: string }): string {
  const x = across(frame, range);
  const bottom = frame.height - frame.bottom;
  return [
    element('line', { class: 'axis', x1: frame.left, x2: frame.width - frame.right, y1: bottom, y2: bottom }),
    ...ticksOf(range, 8).map((tick) =>
      label(tick.toLocaleString('en'), { class: 'small', x: x(tick), y: bottom + 16, 'text-anchor': 'middle' }),
    ),
    label(name, { x: (frame.left + frame.width - frame.right) / 2, y: bottom + 34, 'text-anchor': 'middle' }),
  ].join('');
}

const LEGEND_LINE = 18;

/** Names of series with their colours, one below the other, at the right of the plot. */
export function legend(frame: Frame, names: readonly string[]): string {
  const x = frame.width - frame.right + 14;
  return names
    .map((name, at) => {
      const y = frame.top + at * LEGEND_LINE;
      const patch = element('rect', { class: `fill ${seriesClass(at)}`, x, y, width: 12, height: 12, rx: 2 });
      return patch + label(name, { class: 'small', x: x + 18, y: y + 10 });
    })
    .join('');
}

/** Gives elements the colour of a series. */
export function seriesClass(series: number): string {
  return `s${series % SERIES_COLOURS}`;
}
