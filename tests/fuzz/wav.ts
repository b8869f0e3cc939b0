import { WavParser } from '../../devices/audio/wav';
import {
  chunk,
  dataBody,
  extensibleFormatChunk,
  formatChunk,
  monoWav,
  riff,
  wavBytes,
} from '../devices/audio/wavBytes';
import type { FuzzTarget } from './target';

const STEREO = { sampleRateHz: 48_000, channels: 2, format: 'integer', bits: 24 } as const;
const PCM_GUID = '0100000000001000800000aa00389b71';

/** Bytes that come in two pieces, as from a pipe. */
export const target: FuzzTarget = {
  name: 'wav',
  run(bytes) {
    const parser = new WavParser();
    const middle = Math.floor(bytes.length / 2);
    for (const piece of [bytes.subarray(0, middle), bytes.subarray(middle)]) {
      parser.append(piece);
      while (parser.next());
    }
    parser.finish();
    while (parser.next());
  },
  seeds() {
    const values = [
      [1, -2, 3],
      [4, -5, 6],
    ];
    const sizes = Buffer.alloc(28);
    sizes.writeBigUInt64LE(18n, 8);
    const data = dataBody({ ...STEREO, values });
    return [
      monoWav([0, 1, -1, 32_767, -32_768]),
      wavBytes({
        ...STEREO,
        format: 'float',
        bits: 32,
        values: [
          [0.5, -0.5],
          [0.25, -0.25],
        ],
      }),
      riff([chunk('LIST', Buffer.from('odd')), extensibleFormatChunk(STEREO, PCM_GUID), chunk('data', data)]),
      riff([chunk('ds64', sizes), formatChunk(STEREO), chunk('data', data, 0xffff_ffff)], {
        id: 'RF64',
        size: 0xffff_ffff,
      }),
    ];
  },
};
