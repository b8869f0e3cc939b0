import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { InputSpec } from '../../../models/bundle/manifest';
import { SoundStream } from '../../../runtime/preprocess/audioStream';
import { Fbank } from '../../../runtime/preprocess/fbank';
import type { EncoderInput } from '../../../runtime/preprocess/input';
import type { Item } from '../../../runtime/preprocess/preset';
import { presets } from '../../../runtime/preprocess/presets';
import { StreamFrames } from '../../../runtime/preprocess/streamFrames';
import { noise } from './noise';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** Bytes of typed arrays that `action` makes, kept or not. */
async function bytesMadeBy(action: () => unknown): Promise<number> {
  collectGarbage();
  const before = process.memoryUsage().arrayBuffers;
  await action();
  return process.memoryUsage().arrayBuffers - before;
}

/** Typed arrays of numbers that preprocessing makes beside its buffers: views, and tables of a few entries. */
const SMALL_CHANGE_BYTES = 4096;

const WIDTH = 320;
const HEIGHT = 240;

function bytes(count: number, seed: number): Uint8Array {
  return noise(count, seed);
}

function floats(count: number, seed: number, scale = 1): Float32Array {
  return Float32Array.from(noise(count, seed), (byte) => (byte / 256 - 0.5) * scale);
}

/** What each modality's readings are, another one each turn. */
const INPUTS: Readonly<Record<string, readonly ((turn: number) => EncoderInput)[]>> = {
  vision: [
    (turn) => ({ kind: 'picture', frames: [{ rgb: bytes(WIDTH * HEIGHT * 3, turn), width: WIDTH, height: HEIGHT }] }),
  ],
  audio: [
    (turn) => ({
      kind: 'soundStream',
      stream: 'mic0/1',
      firstSample: turn * 32_000,
      samples: floats(96_000, turn),
    }),
  ],
  depth: [
    (turn) => ({
      kind: 'depth',
      metres: floats(WIDTH * HEIGHT, turn, 4).map((value) => Math.max(0, value + 1.8)),
      width: WIDTH,
      height: HEIGHT,
    }),
  ],
  thermal: [
    (turn) => ({
      kind: 'thermal',
      kelvin: floats(WIDTH * HEIGHT, turn, 40).map((value) => value + 295),
      width: WIDTH,
      height: HEIGHT,
    }),
    (turn) => ({ kind: 'thermalPicture', gray: bytes(WIDTH * HEIGHT, turn), width: WIDTH, height: HEIGHT }),
  ],
  imu: [
    (turn) => ({
      kind: 'motion',
      axes: Array.from({ length: 6 }, (_, axis) => floats(1000, 6 * turn + axis)),
      timing: { rateHz: 200 },
    }),
    (turn) => ({
      kind: 'motion',
      axes: Array.from({ length: 6 }, (_, axis) => floats(1000, 6 * turn + axis)),
      timing: { timesMicros: Float64Array.from({ length: 1000 }, (_, index) => 5000 * index + (index % 7)) },
    }),
  ],
  radar: [
    (turn) => ({ kind: 'profile', strengths: floats(128, turn, 2).map((value) => Math.abs(value)), binMetres: 0.0625 }),
  ],
};

const SPECS: Readonly<Record<string, InputSpec>> = {
  vision: { kind: 'picture', channels: 3, frames: 2, height: 224, width: 224 },
  audio: { kind: 'sound', sampleRateHz: 16_000, clipSeconds: 2, clips: 3, melBins: 128, columns: 204 },
  depth: { kind: 'picture', channels: 1, height: 224, width: 224 },
  thermal: { kind: 'picture', channels: 1, height: 224, width: 224 },
  imu: { kind: 'series', channels: 6, rateHz: 400, windowSeconds: 5, samples: 2000 },
  radar: { kind: 'profile', bins: 128, binMetres: 0.0625, floor: 0.01, mean: -2, deviation: 1.5 },
};

describe('preprocessing of readings', () => {
  for (const preset of presets.filter(({ modality }) => modality !== 'text')) {
    for (const inputAt of INPUTS[preset.modality]!) {
      const { kind } = inputAt(0);
      // It takes temperatures only, and refuses what is none: kelvin.test.ts.
      if (preset.id === 'kelvin' && kind === 'thermalPicture') continue;
      it(`makes no new memory once it is warm: ${preset.modality} ${preset.id}, ${kind}`, async () => {
        const preprocessor = preset.create(SPECS[preset.modality]!, {});
        const inputs = [0, 1, 2, 3].map(inputAt);
        const warm = (await preprocessor.prepare(inputs[0]!)).items;
        await preprocessor.prepare(inputs[1]!);
        await preprocessor.prepare(inputs[2]!);
        let items: readonly Item[] = [];
        const made = await bytesMadeBy(async () => {
          ({ items } = await preprocessor.prepare(inputs[3]!));
        });
        assert.ok(items.length > 0);
        for (const [index, { data }] of items.entries()) assert.equal(data.buffer, warm[index]?.data.buffer);
        assert.ok(made <= SMALL_CHANGE_BYTES, `${made} bytes`);
      });
    }
  }
});

describe('a running stream of sound', () => {
  it('makes no new memory for its pieces and windows once it is warm', async () => {
    const stream = new SoundStream({ inputRateHz: 44_100, outputRateHz: 16_000, channel: 0, capacitySeconds: 3 });
    const piece = [floats(4410, 1)];
    const target = new Float32Array(32_000);
    for (let count = 0; count < 30; count++) stream.append(piece);
    const made = await bytesMadeBy(() => {
      for (let count = 0; count < 100; count++) stream.append(piece);
      assert.ok(stream.read(stream.producedSamples - target.length, target));
    });
    assert.ok(made <= SMALL_CHANGE_BYTES, `${made} bytes`);
  });

  it('has each filterbank frame computed once, not again for each window that it is looked at through', () => {
    let computed = 0;
    class CountingFbank extends Fbank {
      override frame(samples: Float32Array, start: number): Float32Array {
        computed++;
        return super.frame(samples, start);
      }
    }
    const fbank = new CountingFbank({ sampleRateHz: 16_000, melBins: 128 });
    const frames = new StreamFrames(fbank);
    const sound = floats(160_000, 1);
    const counts = [0, 32_000, 64_000, 64_000].map((firstSample) => {
      computed = 0;
      const window = { firstSample, samples: sound.subarray(firstSample, firstSample + 96_000) };
      for (let start = 0; start + fbank.frameLength <= 96_000; start += fbank.frameShift) {
        frames.of('mic0/1').frame(window, start);
      }
      return computed;
    });
    // 25 ms frames each 10 ms of 6 s, then of the 2 s that are new.
    assert.deepEqual(counts, [598, 200, 200, 0]);
  });
});
