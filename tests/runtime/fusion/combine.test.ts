import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { Millis } from '../../../runtime/clock';
import { add, combine, mean, subtract } from '../../../runtime/fusion/combine';
import { freshness } from '../../../runtime/fusion/freshness';
import { refused } from '../../support/refused';
import { embeddingOf } from '../../support/vectors';

const close = (found: ArrayLike<number>, expected: readonly number[]): void => {
  assert.equal(found.length, expected.length);
  for (const [index, value] of expected.entries()) {
    assert.ok(Math.abs((found[index] ?? Number.NaN) - value) < 1e-6, `${[...Array.from(found)]}`);
  }
};

describe('embeddings combined', () => {
  it("weigh as ImageBind's audio with video: 0.05 and 0.95", () => {
    const video = embeddingOf([1, 0, 0]);
    const audio = embeddingOf([0, 1, 0]);
    const norm = Math.hypot(0.95, 0.05);
    const { vector } = combine([
      { embedding: video, weight: 0.95 },
      { embedding: audio, weight: 0.05 },
    ]);
    close(vector, [0.95 / norm, 0.05 / norm, 0]);
  });

  it('add, take away and average by hand', () => {
    const [x, y, z] = [embeddingOf([1, 0, 0]), embeddingOf([0, 1, 0]), embeddingOf([0, 0, 1])];
    const diagonal = Math.SQRT1_2;
    close(add(x, y).vector, [diagonal, diagonal, 0]);
    close(subtract(add(x, y), y).vector, [0.9238795, -0.3826834, 0]);
    close(mean([x, y, z]).vector, [1 / Math.sqrt(3), 1 / Math.sqrt(3), 1 / Math.sqrt(3)]);
  });

  it('are of unit length, and do not depend on the order of the parts or the unit of the weights', () => {
    const part = fc.record({
      embedding: fc
        .tuple(fc.double({ min: 0.1, max: 1, noNaN: true }), fc.double({ min: -1, max: 1, noNaN: true }))
        .map((values) => embeddingOf([...values, 0.5])),
      weight: fc.double({ min: 0.01, max: 10, noNaN: true }),
    });
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 8 }), (parts) => {
        const { vector } = combine(parts);
        assert.ok(Math.abs(Math.hypot(...vector) - 1) < 1e-5);
        close(combine(parts.toReversed().map((one) => ({ ...one, weight: 7 * one.weight }))).vector, [...vector]);
      }),
    );
  });

  it('carry what is known of all parts', () => {
    const sound = embeddingOf([1, 0, 0], { flags: ['gap'], endMicros: 5_000_000 });
    const motion = embeddingOf([0, 1, 0], {
      modality: 'imu',
      encoder: '1'.repeat(64),
      sources: ['imu0'],
      logitScale: 5,
      startMicros: 500_000,
      flags: ['clipped'],
    });
    const fused = combine(
      [
        { embedding: sound, weight: 3 },
        { embedding: motion, weight: 1 },
      ],
      { sequence: 9, flags: ['stale'] },
    );
    const { vector: _vector, encoder, ...rest } = fused;
    assert.deepEqual(rest, {
      space: 'test:1',
      modality: 'fused',
      preset: 'test',
      precision: 'fp32',
      logitScale: (3 / 4) * 20 + (1 / 4) * 5,
      sources: ['imu0', 'mic0'],
      startMicros: 500_000,
      endMicros: 5_000_000,
      sequence: 9,
      flags: ['clipped', 'gap', 'stale'],
    });
    assert.match(encoder, /^[0-9a-f]{64}$/);
    assert.notEqual(encoder, sound.encoder);
    assert.equal(mean([sound, sound]).encoder, sound.encoder);
    assert.equal(mean([sound, embeddingOf([0, 1, 0], { logitScale: 1 })]).logitScale, 1);
  });

  it('are refused between spaces, and where nothing is left', () => {
    const x = embeddingOf([1, 0, 0]);
    assert.throws(() => add(x, embeddingOf([1, 0, 0], { space: 'test:2' })), refused('SPACE_MISMATCH', /test:2/));
    assert.throws(() => subtract(x, embeddingOf([1, 0])), refused('SPACE_MISMATCH'));
    assert.throws(() => subtract(x, x), refused('EMBEDDING_NOT_FINITE'));
    assert.throws(() => mean([]), refused('EMBEDDING_NOT_FINITE'));
  });
});

describe('freshness', () => {
  it('is whole up to a hop, halves with each half-life, and ends', () => {
    const decay = { fresh: 1000 as Millis, halfLife: 2000 as Millis, forgetAfter: 6000 as Millis };
    const table = [
      [0, 1],
      [1000, 1],
      [3000, 0.5],
      [5000, 0.25],
      [5999, 2 ** (-4999 / 2000)],
      [6000, 0],
      [Number.POSITIVE_INFINITY, 0],
    ] as const;
    for (const [age, share] of table) assert.equal(freshness(age * 1000, decay), share, `${age} ms`);
  });
});
