import type { Micros } from '../../runtime/clock';

/** What the kernel knows of a picture. */
export interface V4l2Stamp {
  /** Counts every picture of the sensor, those that were dropped too. */
  readonly sequence: number;
  /** Size of the picture: what its header in the stream states too. */
  readonly bytes: number;
  /** Monotonic clock; left out by drivers without time stamps, and by those with another clock. */
  readonly monotonicMicros?: Micros;
}

/** The line that `v4l2-ctl --verbose` writes for each buffer; its tail is another in each version. */
const LINE = /cap dqbuf:.*\bseq: +(\d+) bytesused: (\d+)(?: ts: (\d+\.\d+))?(.*)$/;

/**
 * Reads a line of standard error: what it says of a picture, `none` for a buffer without one (an error, an empty one),
 * or `undefined` for any other line.
 */
export function readV4l2Line(line: string): V4l2Stamp | 'none' | undefined {
  const match = LINE.exec(line);
  if (match === null) return undefined;
  const [, sequence = '0', bytesUsed = '0', seconds, tail = ''] = match;
  if (bytesUsed === '0' || /\berror\b/.test(tail)) return 'none';
  const isMonotonic = seconds !== undefined && /\bts-monotonic\b/.test(tail);
  return {
    sequence: Number(sequence),
    bytes: Number(bytesUsed),
    ...(isMonotonic ? { monotonicMicros: Math.round(Number(seconds) * 1e6) } : {}),
  };
}
