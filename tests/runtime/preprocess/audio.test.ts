import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { describe, it } from 'node:test';
import type { SoundSpec } from '../../../models/bundle/manifest';
import { readFloats } from '../../../runtime/cli/verify/npy';
import { type ErrorCode, isSensebindError } from '../../../runtime/errors';
import { audioPresets } from '../../../runtime/preprocess/audio';
import type { EncoderInput, SoundInput } from '../../../runtime/preprocess/input';
import type { Prepared } from '../../../runtime/preprocess/preset';
import { golden } from '../../support/paths';
import { noise } from './noise';

const IMAGEBIND: SoundSpec = {
  kind: 'sound',
  sampleRateHz: 16_000,
  clipSeconds: 2,
  clips: 3,
  melBins: 128,
  columns: 204,
};
const TOLERANCE = 1e-3;
const SILENCE = -1.27756;
const PADDING = 4.268 / 9.138;

interface AudioCase {
  readonly kind: string;
  readonly input: string;
  readonly output: string;
  readonly sampleRate: number;
}

async function prepare(input: EncoderInput, spec: SoundSpec = IMAGEBIND): Promise<Prepared> {
  const [preset] = audioPresets;
  assert.ok(preset);
  return preset.create(spec, {}).prepare(input);
}

function sound(...channels: Float32Array[]): SoundInput {
  return { kind: 'sound', sampleRateHz: 16_000, channels };
}

function hiss(samples: number, seed = 1): Float32Array {
  return Float32Array.from(noise(samples, seed), (byte) => (byte - 128) / 512);
}

async function refuses(code: ErrorCode, input: EncoderInput, spec?: SoundSpec): Promise<void> {
  await assert.rejects(
    () => prepare(input, spec),
    (error) => isSensebindError(error, code) && error.cure.length > 0,
  );
}

/** The value at a mel bin and column of an item. */
function at(prepared: Prepared, item: number, bin: number, column: number): number {
  return prepared.items[item]?.data[bin * IMAGEBIND.columns + column] ?? Number.NaN;
}

describe('a recording', () => {
  it('becomes the log-mel pictures of the reference (tests/golden)', async (test) => {
    const { cases }: { cases: AudioCase[] } = JSON.parse(await readFile(golden('golden.json'), 'utf8'));
    const audio = cases.filter(({ kind }) => kind === 'audio');
    assert.ok(audio.length >= 6);
    for (const { input, output, sampleRate } of audio) {
      await test.test(input, async () => {
        const { data, shape } = await readFloats(golden(input));
        const [count = 0, samples = 0] = shape;
        const channels = Array.from({ length: count }, (_, row) => data.subarray(row * samples, (row + 1) * samples));
        const { items } = await prepare({ kind: 'sound', sampleRateHz: sampleRate, channels });
        const expected = await readFloats(golden(output));
        const length = IMAGEBIND.melBins * IMAGEBIND.columns;
        for (let clip = 0; clip < IMAGEBIND.clips; clip++) {
          const item = items.length === 1 ? items[0] : items[clip];
          assert.deepEqual(item?.shape, [1, 1, 128, 204]);
          for (const [index, value] of expected.data.subarray(clip * length, (clip + 1) * length).entries()) {
            const difference = Math.abs((item.data[index] ?? Number.NaN) - value);
            assert.ok(difference <= TOLERANCE, `clip ${clip}, value ${index}: ${difference}`);
          }
        }
      });
    }
  });

  it('repeats the mean that the reference subtracts in place where clips overlap', async () => {
    const drifting = Float32Array.from({ length: 80_000 }, (_, index) => {
      const time = index / 16_000;
      return 0.1 * time + 0.05 * Math.sin(2 * Math.PI * 440 * time);
    });
    const prepared = await prepare(sound(drifting));
    // torchaudio 0.13, the same signal: frame 49 of the second clip straddles the end of the first one. Without the
    // repetition the last three would be -1.27756.
    const expected = { 0: 0.0724665, 10: -0.0684822, 40: -0.0631188, 80: 0.0203123, 120: 0.1058969 };
    for (const [bin, value] of Object.entries(expected)) {
      assert.ok(Math.abs(at(prepared, 1, Number(bin), 49) - value) < TOLERANCE, `bin ${bin}`);
    }
    assert.ok(Math.abs(at(prepared, 1, 80, 47) - SILENCE) < TOLERANCE, 'a frame beside the edge');
  });

  it('subtracts the mean over all channels and listens to the first', async () => {
    const [left, right] = [hiss(32_000, 1), hiss(32_000, 2)];
    const mono = (await prepare(sound(left))).items[0]?.data;
    const stereo = (await prepare(sound(left, right))).items[0]?.data;
    assert.ok(mono && stereo);
    for (const [index, value] of mono.entries()) assert.ok(Math.abs(value - (stereo[index] ?? 0)) < TOLERANCE);
  });

  it('is one item when all clips would be the same, padded with 0 in the log-mel domain', async () => {
    const prepared = await prepare(sound(new Float32Array(16_000)));
    assert.equal(prepared.items.length, 1);
    assert.ok(Math.abs(at(prepared, 0, 64, 97) - SILENCE) < 1e-5, 'the last of 98 frames');
    assert.ok(Math.abs(at(prepared, 0, 64, 98) - PADDING) < 1e-6);
    assert.ok(Math.abs(at(prepared, 0, 127, 203) - PADDING) < 1e-6);
  });

  it('does not show what the one before it left behind', async () => {
    const [preset] = audioPresets;
    assert.ok(preset);
    const preprocessor = preset.create(IMAGEBIND, {});
    await preprocessor.prepare(sound(hiss(100_000), hiss(100_000)));
    const { items } = await preprocessor.prepare(sound(hiss(8000)));
    assert.deepEqual(items, (await prepare(sound(hiss(8000)))).items);
  });

  it('may stand on shared memory, and stays as it is', async () => {
    const shared = new Float32Array(new SharedArrayBuffer(80_000 * 4));
    shared.set(hiss(80_000));
    const { items } = await prepare(sound(shared));
    assert.deepEqual(shared.slice(), hiss(80_000));
    assert.deepEqual(items, (await prepare(sound(hiss(80_000)))).items);
    for (const { data } of items) assert.ok(data.buffer instanceof ArrayBuffer);
  });

  it('follows the spec of the bundle', async () => {
    const spec: SoundSpec = { ...IMAGEBIND, clipSeconds: 1, clips: 2, melBins: 64, columns: 50 };
    const { items } = await prepare(sound(hiss(40_000)), spec);
    assert.deepEqual(
      items.map(({ shape }) => shape),
      [
        [1, 1, 64, 50],
        [1, 1, 64, 50],
      ],
    );
  });
});

describe('flags of a recording', () => {
  it('tell a part of a clip', async () => {
    assert.deepEqual((await prepare(sound(hiss(31_999)))).flags, ['partial-window']);
    assert.deepEqual((await prepare(sound(hiss(32_000)))).flags, []);
  });

  it('tell flat tops of three samples at full scale, not of two, and only on one side', async () => {
    for (const [peaks, flags] of [
      [[1, 1, 1], ['clipped']],
      [[-1, -1, -1], ['clipped']],
      [[1, 1, 0], []],
      [[1, -1, 1], []],
      [[0.99, 0.99, 0.99], []],
    ] as const) {
      const samples = hiss(40_000);
      samples.set(peaks, 10_000);
      assert.deepEqual((await prepare(sound(samples))).flags, flags, peaks.join());
    }
  });

  it('tell silence of the channel that is heard, whatever its offset', async () => {
    const oneStep = Float32Array.from(hiss(40_000), (value) => 0.25 + (value > 0 ? 1 / 32_768 : 0));
    for (const silent of [new Float32Array(40_000), oneStep]) {
      assert.deepEqual((await prepare(sound(silent, hiss(40_000)))).flags, ['silent']);
      assert.deepEqual((await prepare(sound(hiss(40_000), silent))).flags, []);
    }
  });
});

describe('sound that is refused', () => {
  it('too short for one frame', async () => {
    await refuses('INPUT_INVALID', sound(hiss(399)));
    await refuses('INPUT_INVALID', { ...sound(hiss(199)), sampleRateHz: 8000 });
    assert.equal((await prepare(sound(hiss(400)))).items.length, 1);
  });

  it('without channels, or of several lengths', async () => {
    await refuses('INPUT_INVALID', sound());
    await refuses('INPUT_INVALID', sound(hiss(32_000), hiss(31_999)));
  });

  it('with values that are no numbers, in any channel', async () => {
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
      const broken = hiss(200_000);
      broken[150_001] = value;
      await refuses('INPUT_NOT_FINITE', sound(hiss(200_000), broken));
    }
  });

  it('beyond an hour or sixteen channels', async () => {
    await refuses('INPUT_TOO_LARGE', { ...sound(new Float32Array(3_600_001)), sampleRateHz: 1000 });
    await refuses('INPUT_TOO_LARGE', sound(...Array.from({ length: 17 }, () => hiss(32_000))));
  });

  it('at rates that are none', async () => {
    for (const sampleRateHz of [0, -8000, 44_100.5, Number.NaN, 1e9]) {
      await refuses('INPUT_UNSUPPORTED', { ...sound(hiss(32_000)), sampleRateHz });
    }
  });

  it('of another kind', async () => {
    await refuses('INPUT_UNSUPPORTED', { kind: 'text', text: 'a dog' });
  });

  it('for a bundle whose numbers make no sense', async () => {
    await refuses('BUNDLE_INVALID', sound(hiss(32_000)), { ...IMAGEBIND, melBins: 2 ** 30 });
    await refuses('BUNDLE_INVALID', sound(hiss(32_000)), { ...IMAGEBIND, clipSeconds: 0.001 });
    const [preset] = audioPresets;
    assert.throws(
      () => preset?.create({ kind: 'tokens', length: 77, vocabulary: 49_408 }, {}),
      (error) => isSensebindError(error, 'PRESET_UNKNOWN'),
    );
  });
});
