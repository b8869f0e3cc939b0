import type { ByteDecoder } from '../../devices/streamDriver';
import { isSensebindError } from '../../runtime/errors';
import type { ReadingSink } from '../../runtime/reading';
import { ManualClock } from '../support/manualClock';

/** What a decoder is made with, in a fuzz target. */
export interface DecoderRun {
  readonly source: string;
  readonly clock: ManualClock;
  readonly sink: ReadingSink;
  fail(error: unknown): void;
}

/**
 * Feeds a decoder in two pieces. It may call bytes lost and give up with a typed error; it may not throw, and not call
 * more bytes lost than there were.
 */
export function feed(bytes: Uint8Array, make: (run: DecoderRun) => ByteDecoder): void {
  let lostBytes = 0;
  const decoder = make({
    source: 'source0',
    clock: new ManualClock(),
    sink: {
      reading: () => undefined,
      lost: (reason, amount) => {
        if (reason === 'corrupt-bytes') lostBytes += amount;
      },
    },
    fail: (error) => {
      if (!isSensebindError(error)) throw error;
    },
  });
  const middle = Math.floor(bytes.length / 2);
  decoder.append(bytes.subarray(0, middle), 1000);
  decoder.append(bytes.subarray(middle), 2000);
  decoder.finish?.();
  if (lostBytes > bytes.length) throw new Error(`${lostBytes} bytes lost of ${bytes.length}`);
}
