import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { SoundSpec } from '../../../models/bundle/manifest';
import { isSensebindError } from '../../../runtime/errors';
import { audioPresets } from '../../../runtime/preprocess/audio';
import { SoundStream } from '../../../runtime/preprocess/audioStream';
import type { Prepared, Preprocessor } from '../../../runtime/preprocess/preset';
import { resample } from '../../../runtime/preprocess/resample';
import { noise } from './noise';

const IMAGEBIND: SoundSpec = {
  kind: 'sound',
  sampleRateHz: 16_000,
  clipSeconds: 2,
  clips: 3,
  melBins: 128,
  columns: 204,
};

function hiss(samples: number, seed = 1): Float32Array {
  return Float32Array.from(noise(samples, seed), (byte) => (byte - 128) / 512);
}

function newPreprocessor(): Preprocessor {
  const [preset] = audioPresets;
  assert.ok(preset);
  return preset.create(IMAGEBIND, {});
}

async function window(
  preprocessor: Preprocessor,
  [stream, samples]: readonly [string, Float32Array],
  [start, end]: readonly [number, number],
): Promise<Prepared> {
  const { items, flags } = await preprocessor.prepare({
    kind: 'soundStream',
    stream,
    firstSample: start,
    samples: samples.subarray(start, end),
  });
  return { items: items.map((item) => ({ ...item, data: item.data.slice() })), flags };
}

describe('windows of a stream', () => {
  it('of one clip are one item, named by its place in the stream', async () => {
    const { items, flags } = await window(newPreprocessor(), ['mic0/1', hiss(40_000)], [8000, 40_000]);
    assert.deepEqual(
      items.map(({ cacheKey, shape }) => ({ cacheKey, shape })),
      [{ cacheKey: 'mic0/1:8000:32000', shape: [1, 1, 128, 204] }],
    );
    assert.deepEqual(flags, []);
  });

  it('hand out each clip under one name as they slide', async () => {
    const preprocessor = newPreprocessor();
    const samples = hiss(160_000);
    const keys: (string | undefined)[][] = [];
    for (const start of [0, 32_000, 64_000]) {
      const { items } = await window(preprocessor, ['mic0/1', samples], [start, start + 96_000]);
      keys.push(items.map(({ cacheKey }) => cacheKey?.split(':')[1]));
    }
    assert.deepEqual(keys, [
      ['0', '32000', '64000'],
      ['32000', '64000', '96000'],
      ['64000', '96000', '128000'],
    ]);
  });

  it('give the same item under the same name, whatever window and stream came before', async () => {
    const sliding = newPreprocessor();
    const samples = hiss(120_000);
    for (const start of [0, 1600, 8000, 8037, 24_000]) {
      for (const length of [32_000, 64_123, 96_000]) {
        await window(sliding, ['other', hiss(120_000, 2)], [start, start + length]);
        const found = await window(sliding, ['mic0/1', samples], [start, start + length]);
        assert.deepEqual(found, await window(newPreprocessor(), ['mic0/1', samples], [start, start + length]));
      }
    }
  });

  it('are right when a stream is longer than what is kept of it', async () => {
    const sliding = newPreprocessor();
    const samples = hiss(360_000);
    // 1024 frames of 160 samples apart, so that each window falls on the places of the one before.
    for (const start of [0, 163_840, 327_680, 0]) {
      const found = await window(sliding, ['mic0', samples], [start, start + 32_000]);
      assert.deepEqual(found, await window(newPreprocessor(), ['mic0', samples], [start, start + 32_000]));
    }
  });

  it('are forgotten, the longest unused stream first', async () => {
    const sliding = newPreprocessor();
    for (let stream = 0; stream < 9; stream++) await window(sliding, [`mic${stream}`, hiss(32_000)], [0, 32_000]);
    const other = hiss(32_000, 2);
    assert.deepEqual(
      await window(sliding, ['mic0', other], [0, 32_000]),
      await window(newPreprocessor(), ['mic0', other], [0, 32_000]),
    );
  });

  it('differ from a recording by rounding only, though no mean of the clip is subtracted', async () => {
    for (const offset of [0, 0.1, 0.5]) {
      const samples = hiss(32_000).map((value) => value + offset);
      const streamed = await window(newPreprocessor(), ['mic0', samples], [0, 32_000]);
      const { items } = await newPreprocessor().prepare({ kind: 'sound', sampleRateHz: 16_000, channels: [samples] });
      for (const [index, value] of (items[0]?.data ?? []).entries()) {
        const difference = Math.abs(value - (streamed.items[0]?.data[index] ?? Number.NaN));
        assert.ok(difference <= 1e-3, `${difference} at ${index} with an offset of ${offset}`);
      }
    }
  });

  it('are flagged and refused like recordings', async () => {
    const preprocessor = newPreprocessor();
    assert.deepEqual((await window(preprocessor, ['a', hiss(16_000)], [0, 16_000])).flags, ['partial-window']);
    assert.deepEqual((await window(preprocessor, ['b', new Float32Array(32_000)], [0, 32_000])).flags, ['silent']);
    assert.deepEqual((await window(preprocessor, ['c', hiss(32_000).fill(1, 5, 8)], [0, 32_000])).flags, ['clipped']);
    await assert.rejects(
      () => window(preprocessor, ['d', hiss(399)], [0, 399]),
      (error) => isSensebindError(error, 'INPUT_INVALID'),
    );
    await assert.rejects(
      () => window(preprocessor, ['e', hiss(32_000).fill(Number.NaN, 9, 10)], [0, 32_000]),
      (error) => isSensebindError(error, 'INPUT_NOT_FINITE'),
    );
    for (const firstSample of [-1, 0.5, Number.NaN]) {
      await assert.rejects(
        async () => preprocessor.prepare({ kind: 'soundStream', stream: 'f', firstSample, samples: hiss(32_000) }),
        (error) => isSensebindError(error, 'INPUT_INVALID'),
      );
    }
  });
});

describe('the ring of a source', () => {
  const options = { inputRateHz: 44_100, outputRateHz: 16_000, channel: 1, capacitySeconds: 1 };

  function feed(stream: SoundStream, samples: Float32Array, pieceLength: number): void {
    for (let start = 0; start < samples.length; start += pieceLength) {
      const piece = samples.subarray(start, start + pieceLength);
      stream.append([new Float32Array(piece.length), piece]);
    }
  }

  it('holds its channel at the rate of the encoder, wherever a window lies', () => {
    const samples = hiss(132_300);
    const expected = resample(samples, options);
    for (const pieceLength of [441, 1023, 132_300]) {
      const stream = new SoundStream(options);
      feed(stream, samples, pieceLength);
      assert.ok(expected.length - stream.producedSamples < 20);
      const target = new Float32Array(5000);
      for (const start of [
        stream.producedSamples - 16_000,
        stream.producedSamples - 9999,
        stream.producedSamples - 5000,
      ]) {
        assert.ok(stream.read(start, target));
        assert.deepEqual(target, expected.subarray(start, start + 5000));
      }
      assert.equal(stream.overruns, 0);
    }
  });

  it('refuses what is overwritten, and counts it; and what is not there yet', () => {
    const stream = new SoundStream(options);
    feed(stream, hiss(88_200), 4410);
    const target = new Float32Array(10).fill(7);
    assert.equal(stream.read(stream.producedSamples - 16_001, target), false);
    assert.equal(stream.overruns, 1);
    assert.equal(stream.read(stream.producedSamples - 9, target), false);
    assert.equal(new SoundStream(options).read(-1, target), false);
    assert.equal(stream.overruns, 1);
    assert.deepEqual(target, new Float32Array(10).fill(7));
  });

  it('begins anew after reset', () => {
    const stream = new SoundStream(options);
    feed(stream, hiss(44_100, 2).fill(1, 100, 110), 441);
    stream.reset();
    assert.equal(stream.producedSamples, 0);
    assert.equal(stream.clipped(0, 16_000), false);
    feed(stream, hiss(22_050), 441);
    const target = new Float32Array(5000);
    assert.ok(stream.read(0, target));
    assert.deepEqual(target, resample(hiss(22_050), options).subarray(0, 5000));
  });

  it('knows where the device clipped, also when a flat top is cut in two', () => {
    const samples = hiss(132_300);
    samples.fill(1, 88_198, 88_203);
    for (const pieceLength of [441, 88_200]) {
      const stream = new SoundStream(options);
      feed(stream, samples, pieceLength);
      assert.equal(stream.clipped(31_800, 400), true);
      assert.equal(stream.clipped(31_000, 800), false);
      assert.equal(stream.clipped(32_400, 15_000), false);
    }
  });

  it('refuses a piece without its channel', () => {
    assert.throws(
      () => new SoundStream(options).append([hiss(441)]),
      (error) => isSensebindError(error, 'INPUT_INVALID'),
    );
  });
});
