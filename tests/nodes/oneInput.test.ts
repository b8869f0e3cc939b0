import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { STANDARD_GRAVITY } from '../../devices/units';
import { oneInputOf } from '../../nodes/encode/oneInput';
import type { ErrorCode } from '../../runtime/errors';
import type { EncoderInput } from '../../runtime/preprocess/input';
import { monoWav } from '../devices/audio/wavBytes';
import { gray16File, pngFile } from '../support/png';
import { refused } from '../support/refused';

type Message = Readonly<Record<string, unknown>>;

async function inputOf(message: Message, asked?: string): Promise<EncoderInput & { readonly modality: string }> {
  const { modality, input } = await oneInputOf(message, asked);
  return { modality, ...input };
}

/** What each message is, by the definitions of the formats and units. */
const TAKEN: readonly (readonly [what: string, message: Message, asked: string | undefined, expected: object])[] = [
  ['text', { payload: 'a dog' }, undefined, { modality: 'text', kind: 'text', text: 'a dog' }],
  [
    'the content of a WAV file',
    { payload: monoWav([0, 16_384, -32_768], 8000) },
    undefined,
    { modality: 'audio', kind: 'sound', sampleRateHz: 8000, channels: [Float32Array.of(0, 0.5, -1)] },
  ],
  [
    'interleaved samples of 16 bits in a Buffer',
    { payload: Buffer.from(Int16Array.of(16_384, -16_384, 0, 8192).buffer), sampleRateHz: '48000', channels: 2 },
    undefined,
    { kind: 'sound', sampleRateHz: 48_000, channels: [Float32Array.of(0.5, 0), Float32Array.of(-0.5, 0.25)] },
  ],
  [
    'samples of 16 bits in their own array',
    { payload: Int16Array.of(16_384, -32_768), sampleRateHz: 16_000 },
    undefined,
    { kind: 'sound', channels: [Float32Array.of(0.5, -1)] },
  ],
  [
    'channels as plain arrays',
    {
      payload: [
        [0, 0.5],
        [1, -1],
      ],
      sampleRateHz: 16_000,
    },
    undefined,
    { kind: 'sound', channels: [Float32Array.of(0, 0.5), Float32Array.of(1, -1)] },
  ],
  [
    'motion in g, sample by sample, of a sensor without a gyroscope',
    { payload: Array.from({ length: 8 }, () => [0, 0, 1]), rateHz: 100, unit: 'g' },
    undefined,
    {
      ...{ modality: 'imu', kind: 'motion', timing: { rateHz: 100 } },
      axes: [0, 0, STANDARD_GRAVITY, 0, 0, 0].map((value) => new Float32Array(8).fill(value)),
    },
  ],
  [
    'motion axis by axis',
    { payload: [0, 0, 9.75, 1, 2, 3].map((value) => Array(10).fill(value)), rateHz: 50 },
    undefined,
    { kind: 'motion', axes: [0, 0, 9.75, 1, 2, 3].map((value) => new Float32Array(10).fill(value)) },
  ],
  [
    'rows of degrees Celsius',
    {
      payload: [
        [20, 21],
        [22, 23],
      ],
      unit: '°C',
    },
    undefined,
    {
      ...{ modality: 'thermal', kind: 'thermal', width: 2, height: 2 },
      kelvin: Float32Array.of(293.15, 294.15, 295.15, 296.15),
    },
  ],
  [
    'depth in millimetres in a typed array',
    { payload: Uint16Array.of(1000, 2000, 0, 500), width: 2, height: 2, unit: 'mm' },
    undefined,
    { modality: 'depth', kind: 'depth', width: 2, height: 2, metres: Float32Array.of(1, 2, 0, 0.5) },
  ],
  [
    'raw words of a thermal camera in a Buffer',
    { payload: Buffer.from(Uint16Array.of(29_315, 30_000).buffer), width: 2, height: 1, unit: 'cK' },
    undefined,
    { modality: 'thermal', kind: 'thermal', width: 2, height: 1, kelvin: Float32Array.of(293.15, 300) },
  ],
  [
    'a PNG of 16 bits, as depth in millimetres',
    { payload: gray16File([1000, 2500], { width: 2, height: 1 }) },
    undefined,
    { modality: 'depth', kind: 'depth', metres: Float32Array.of(1, 2.5) },
  ],
  [
    'a PNG of 16 bits, as heat',
    { payload: gray16File([29_315, 30_000], { width: 2, height: 1 }), unit: 'cK' },
    'thermal',
    { modality: 'thermal', kind: 'thermal', kelvin: Float32Array.of(293.15, 300) },
  ],
  [
    'RGB in a Buffer',
    { payload: Buffer.of(1, 2, 3, 4, 5, 6), width: 2, height: 1 },
    undefined,
    { modality: 'vision', kind: 'picture', frames: [{ rgb: Buffer.of(1, 2, 3, 4, 5, 6), width: 2, height: 1 }] },
  ],
  [
    'a range profile',
    { payload: [1, 0.5, 0.25], binMetres: 0.1 },
    undefined,
    { modality: 'radar', kind: 'profile', strengths: Float32Array.of(1, 0.5, 0.25), binMetres: 0.1 },
  ],
  [
    'what the message calls it',
    { payload: 'a dog', modality: 'words' },
    undefined,
    { modality: 'words', kind: 'text' },
  ],
];

const REFUSED: readonly (readonly [what: string, message: Message, code: ErrorCode, words: RegExp])[] = [
  ['nothing', {}, 'INPUT_UNSUPPORTED', /found nothing \(/],
  ['a number', { payload: 21.5 }, 'INPUT_UNSUPPORTED', /found the number 21\.5/],
  ['an object', { payload: { a: 1, b: 2 } }, 'INPUT_UNSUPPORTED', /found an object with the properties a, b/],
  [
    'bytes',
    { payload: Buffer.of(0x25, 0x50, 0xff, 0) },
    'INPUT_UNSUPPORTED',
    /found a Buffer of 4 bytes that begins with 25 50 FF 00/,
  ],
  ['numbers alone', { payload: Float32Array.of(1, 2) }, 'INPUT_UNSUPPORTED', /found a Float32Array of 2 numbers/],
  ['no numbers', { payload: ['a', 'b'] }, 'INPUT_UNSUPPORTED', /found an array of 2 elements of type string/],
  ['empty text', { payload: ' ' }, 'INPUT_UNSUPPORTED', /found text of 1 characters/],
  ['a hole', { payload: [1, null, 0.5], sampleRateHz: 8000 }, 'INPUT_INVALID', /found null at place 1/],
  [
    'a wrong size',
    { payload: [1, 2, 3], width: 2, height: 2, unit: 'K' },
    'INPUT_INVALID',
    /expected 4 numbers.*found 3/,
  ],
  [
    'no unit',
    {
      payload: [
        [1, 2],
        [3, 4],
      ],
    },
    'INPUT_INVALID',
    /unit of the values.*found none/,
  ],
  ['a rate that is none', { payload: [0, 1], sampleRateHz: 'fast' }, 'INPUT_INVALID', /msg\.sampleRateHz/],
  ['sound in steps of 16 bits', { payload: [0, 12_000], sampleRateHz: 8000 }, 'INPUT_INVALID', /between -1 and 1/],
  ['motion without gravity', { payload: Array(9).fill([0, 0, 0.1]), rateHz: 10 }, 'INPUT_INVALID', /gravity/],
  [
    'a cold wall in centikelvin as K',
    {
      payload: [
        [29_000, 29_100],
        [29_000, 29_100],
      ],
      unit: 'K',
    },
    'INPUT_INVALID',
    /median/,
  ],
];

describe('what a message holds', () => {
  for (const [what, message, asked, expected] of TAKEN) {
    it(`takes ${what}`, async () => {
      assert.partialDeepStrictEqual(await inputOf(message, asked), expected);
    });
  }

  it('leaves pictures to the encoder as they are', async () => {
    const bytes = pngFile({ width: 1, height: 1, bitDepth: 8, colour: 'rgb', data: Uint8Array.of(0, 10, 20, 30) });
    assert.deepEqual(await inputOf({ payload: bytes }), { modality: 'vision', kind: 'pictureFile', bytes });
    const jpeg = Buffer.from('ffd8ffe000104a464946', 'hex');
    assert.deepEqual(await inputOf({ payload: jpeg }, 'thermal'), {
      modality: 'thermal',
      kind: 'pictureFile',
      bytes: jpeg,
    });
  });

  it('says what is missing of a sensor', async () => {
    const { flags } = await oneInputOf({ payload: Array(8).fill([0, 0, 9.8]), rateHz: 100 });
    assert.deepEqual(flags, ['axes-missing']);
  });

  for (const [what, message, code, words] of REFUSED) {
    it(`refuses ${what}, and says what it would take`, async () => {
      await assert.rejects(oneInputOf(message), refused(code, words));
    });
  }
});
