import { type DecoderOptions, ReadingsDecoder } from '../../devices/readingsIn/readingsDecoder';
import { isSensebindError, SensebindError } from '../../runtime/errors';
import { FramePool } from '../../runtime/frames';
import { boardMessage, soundMessage } from '../support/board';
import { ManualClock } from '../support/manualClock';
import type { FuzzTarget } from './target';

const KINDS = ['audio', 'imu', 'thermal', 'depth', 'vision'] as const;

/** `readings/1`, as anybody may publish it: to the readings of whichever source it is for. */
export const target: FuzzTarget = {
  name: 'readings-in',
  run(bytes) {
    for (const kind of KINDS) new ReadingsDecoder(optionsOf(kind)).take(bytes, 1000);
  },
  seeds: () => [
    soundMessage({ samples: 8 }),
    boardMessage({ modality: 2, element: 3, channels: 6, rateHz: 100, count: 1, body: Buffer.alloc(24, 1) }),
    boardMessage({
      modality: 3,
      element: 2,
      channels: 1,
      count: 2 + 65_536,
      scale: 1,
      body: Buffer.from([44, 1, 44, 1]),
    }),
    boardMessage({ modality: 4, element: 2, channels: 1, count: 2 + 65_536, scale: 0.001, body: Buffer.alloc(4, 9) }),
    boardMessage({ modality: 5, element: 4, channels: 3, body: Buffer.from([0xff, 0xd8, 0xff]) }),
  ],
};

function optionsOf(kind: DecoderOptions['kind']): DecoderOptions {
  return {
    kind,
    context: {
      source: 'board0',
      clock: new ManualClock(),
      memory: new FramePool({ frames: 4, bytes: 2 ** 24 }),
      // The decoder of JPEG is fuzzed by those who made it.
      decodePicture: async () => Promise.reject(new SensebindError('INPUT_INVALID', 'expected a picture', 'none')),
    },
    sink: {
      reading: (reading) => {
        if (!Number.isFinite(reading.monotonicMicros)) throw new Error('expected a time');
        if (
          reading.modality === 'audio' &&
          !reading.channels.every((channel) => channel.every((v) => Math.abs(v) <= 1))
        )
          throw new Error('expected sound in [-1, 1]');
      },
      lost: () => undefined,
    },
    fail: (error) => {
      if (!isSensebindError(error)) throw error;
    },
  };
}
