import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { clipsOf } from '../../../runtime/preprocess/clips';

const IMAGEBIND = { sampleRateHz: 16_000, clipSeconds: 2, clips: 3 };

function startsOf(samples: number): number[] {
  return clipsOf(samples, IMAGEBIND).map(({ start }) => start);
}

describe('clips of a recording', () => {
  it('start where the reference starts them (reference/imagebind.md §3.2)', () => {
    assert.deepEqual(startsOf(80_000), [0, 24_000, 48_000]);
    assert.deepEqual(startsOf(160_000), [0, 64_000, 128_000]);
    assert.deepEqual(startsOf(80_001), [0, 24_000, 48_001]);
    assert.deepEqual(startsOf(32_004), [0, 1, 3]);
  });

  it('all cover a recording that is no longer than one', () => {
    for (const samples of [400, 14_400, 32_000]) {
      assert.deepEqual(clipsOf(samples, IMAGEBIND), new Array(3).fill({ start: 0, end: samples }));
    }
  });

  it('lie below the formula in whole numbers as often as measured with Python fractions: 79,360 of 159,999', () => {
    let below = 0;
    for (let samples = 32_001; samples < 192_000; samples++) {
      const found = startsOf(samples);
      const plain = [0, 1, 2].map((index) => Math.floor((index * (samples - 32_000)) / 2));
      if (found.some((start, index) => start !== plain[index])) below++;
    }
    assert.equal(below, 79_360);
  });

  it('follow the fractions for lengths that no double holds, computed with Python', () => {
    assert.deepEqual(
      clipsOf(1_272_420, { sampleRateHz: 8000, clipSeconds: 0.96, clips: 7 }).map(({ start, end }) => [start, end]),
      [
        [0, 7679],
        [210_790, 218_470],
        [421_580, 429_260],
        [632_370, 640_050],
        [843_160, 850_840],
        [1_053_950, 1_061_630],
        [1_264_740, 1_272_420],
      ],
    );
    assert.deepEqual(
      clipsOf(106_728, { sampleRateHz: 16_000, clipSeconds: 1 / 3, clips: 7 }).map(({ start, end }) => [start, end]),
      [
        [0, 5333],
        [16_899, 22_232],
        [33_798, 39_131],
        [50_697, 56_030],
        [67_596, 72_929],
        [84_495, 89_828],
        [101_394, 106_727],
      ],
    );
  });

  it('is the beginning where one is asked for', () => {
    assert.deepEqual(clipsOf(80_000, { ...IMAGEBIND, clips: 1 }), [{ start: 0, end: 32_000 }]);
  });
});
