import { setImmediate } from 'node:timers/promises';

/** Numbers that are made at once: well below a millisecond. */
const SLICE = 2 ** 16;

/** Fills an array with what `valueAt` gives, and lets others have a turn in between: messages of a flow can be large. */
export async function fillInSlices<Target extends Float32Array | Uint16Array>(
  target: Target,
  valueAt: (index: number) => number,
): Promise<Target> {
  for (let from = 0; from < target.length; from += SLICE) {
    if (from > 0) await setImmediate();
    const end = Math.min(target.length, from + SLICE);
    for (let index = from; index < end; index++) target[index] = valueAt(index);
  }
  return target;
}
