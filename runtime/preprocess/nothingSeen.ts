import type { EncoderInput } from './input';
import type { Item, Prepared } from './preset';

/** Rounding of a resize; every sensor that works has more noise. In units of an encoder's input. */
const SAME = 1e-6;

/**
 * Adds the flag `silent` where nothing in the input of a sensor changes at all, from pixel to pixel or over time: it is
 * covered, dead or stuck, and no word is true of it (fault row F21 of reference/anchors.md). Sound knows silence by itself.
 */
export function flagNothingSeen(prepared: Prepared, input: EncoderInput): Prepared {
  if (!isNothing(prepared, input)) return prepared;
  return { ...prepared, flags: [...prepared.flags, 'silent'] };
}

function isNothing({ items }: Prepared, input: EncoderInput): boolean {
  switch (input.kind) {
    case 'picture':
    case 'depth':
    case 'thermal':
      return items.every(isOneColour);
    case 'motion':
      // Before the resampling, which swings at the ends of a window.
      return input.axes.every((axis) => isConstant(axis, 0, axis.length));
    default:
      return false;
  }
}

/** Batch of one first, then channels. */
function isOneColour({ data, shape }: Item): boolean {
  const channels = shape[1] ?? 1;
  const each = data.length / channels;
  return Array.from({ length: channels }, (_, channel) => channel * each).every((start) =>
    isConstant(data, start, start + each),
  );
}

/** Ends at the first value that differs. */
function isConstant(values: ArrayLike<number>, start: number, end: number): boolean {
  const first = values[start] ?? 0;
  for (let index = start + 1; index < end; index++) {
    if (Math.abs((values[index] ?? 0) - first) > SAME) return false;
  }
  return true;
}
