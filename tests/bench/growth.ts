import { median } from './measure';

const LARGEST_GROWTH_MEGABYTES = 1;

/** No more than what minutes cannot tell from caches that fill up once. */
const NOTHING_MEGABYTES = 0.5;

/** In words. */
export const GROWTH_BUDGET = `< ${LARGEST_GROWTH_MEGABYTES} MB an hour, or < ${NOTHING_MEGABYTES} MB in all`;

/** Whether memory that grows by so many megabytes an hour holds the budget, as far as so many hours can tell. */
export function holdsGrowth(megabytesAnHour: number, hours: number): boolean {
  return megabytesAnHour < LARGEST_GROWTH_MEGABYTES || megabytesAnHour * hours < NOTHING_MEGABYTES;
}

/** The median of the slopes between all pairs of points: one that lies apart does not count (Theil, Sen). */
export function slope(points: readonly (readonly [x: number, y: number])[]): number {
  const slopes = points.flatMap(([x, y], index) => points.slice(index + 1).map(([x2, y2]) => (y2 - y) / (x2 - x)));
  return median(slopes);
}
