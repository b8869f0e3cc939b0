import type { Micros } from '../../clock';

/** Index of the first of ascending times that is not before `micros`; their number where all are. */
export function firstNotBefore(times: ArrayLike<Micros>, micros: Micros): number {
  let low = 0;
  let high = times.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((times[middle] ?? 0) < micros) low = middle + 1;
    else high = middle;
  }
  return low;
}
