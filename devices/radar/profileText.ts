import { SensebindError } from '../../runtime/errors';

/** More bins than any small radar or sonar has. */
const MOST_VALUES = 65_536;

/**
 * A range profile as text: linear strengths, the nearest first, apart by commas, semicolons or white space.
 *
 * @throws {SensebindError} `INPUT_INVALID` for anything else.
 */
export function readProfileText(bytes: Uint8Array): Float32Array {
  const words = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    .toString('latin1')
    .split(/[\s,;]+/)
    .filter((word) => word !== '');
  const wrong = words.find((word) => !Number.isFinite(Number(word)));
  if (wrong === undefined && words.length > 0 && words.length <= MOST_VALUES) return Float32Array.from(words, Number);
  throw new SensebindError(
    'INPUT_INVALID',
    `Expected 1 to ${MOST_VALUES} numbers of a range profile, found ${wrong === undefined ? words.length : JSON.stringify(wrong.slice(0, 40))}`,
    'Write one number a bin, apart by commas or line ends, without a title.',
  );
}
