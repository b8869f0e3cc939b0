import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { events } from '../../../../devices/simulated/events/catalogue';
import { Random } from '../../../../devices/simulated/random';
import { unit } from '../../../../runtime/inference/vectors';
import { arithmetic } from '../../../../runtime/learn/evaluate/arithmetic';
import { figureOf } from '../../../../runtime/learn/evaluate/figure';
import { retrieval } from '../../../../runtime/learn/evaluate/retrieval';
import { rowsOf } from '../../../../runtime/learn/evaluate/rows';
import { creditWithin, standingOf } from '../../../../runtime/learn/evaluate/standing';
import { labelPrototypes, zeroShot } from '../../../../runtime/learn/evaluate/zeroShot';
import { refused } from '../../../support/refused';

const SEED = 5;

/** A unit vector with ones at some places. */
function axes(...places: readonly number[]): Float32Array {
  return unit(Float32Array.from({ length: 4 }, (_, at) => (places.includes(at) ? 1 : 0)));
}

function randomVectors(count: number, seed: number): readonly Float32Array[] {
  const random = new Random(seed);
  return Array.from({ length: count }, () => unit(Float32Array.from({ length: 8 }, () => random.bell())));
}

describe('standings', () => {
  it('count wrong candidates above and level with the best right one', () => {
    const scores = [0.9, 0.2, 0.5, 0.5, 0.7];
    assert.deepEqual(
      standingOf(scores, (at) => at === 2),
      { above: 2, level: 1 },
    );
    assert.deepEqual(
      standingOf(scores, (at) => at === 1 || at === 4),
      { above: 1, level: 0 },
    );
    assert.equal(
      standingOf(scores, () => false),
      undefined,
    );
  });

  it('give a hit its full credit, and share it by chance among equal scores', () => {
    assert.equal(creditWithin({ above: 0, level: 0 }, 1), 1);
    assert.equal(creditWithin({ above: 1, level: 0 }, 1), 0);
    assert.equal(creditWithin({ above: 0, level: 3 }, 1), 1 / 4);
    assert.equal(creditWithin({ above: 4, level: 1 }, 5), 1 / 2);
    assert.equal(creditWithin({ above: 0, level: 23 }, 5), 5 / 24);
  });

  it('share out exactly as many hits as there are places, whatever the scores', () => {
    const score = fc.integer({ min: -3, max: 3 });
    fc.assert(
      fc.property(
        fc.array(score, { minLength: 1, maxLength: 30 }),
        fc.integer({ min: 1, max: 35 }),
        (scores, count) => {
          const credits = scores.map((_, own) => creditWithin(standingOf(scores, (at) => at === own)!, count));
          const sum = credits.reduce((total, credit) => total + credit, 0);
          assert.ok(Math.abs(sum - Math.min(count, scores.length)) < 1e-9);
        },
      ),
    );
  });
});

describe('zero-shot labels', () => {
  const prototypes = [
    { event: 'fire', vector: axes(0) },
    { event: 'smoke', vector: axes(1) },
    { event: 'crowd', vector: axes(2) },
  ];

  it('count the scenes whose label comes first, by hand', async () => {
    const embeddings = [
      { event: 'fire', vector: axes(0) },
      { event: 'fire', vector: axes(1) },
      { event: 'crowd', vector: axes(2) },
      { event: 'smoke', vector: axes(3, 1) },
    ];
    const { top1, top5 } = await zeroShot(embeddings, prototypes, SEED);
    assert.equal(top1.value, 3 / 4);
    assert.equal(top1.scenes, 4);
    assert.equal(top5.value, 1);
  });

  it('score among the given labels only, and leave out scenes of others', async () => {
    const embeddings = [
      { event: 'smoke', vector: unit(Float32Array.of(1, 0.5, 0, 0)) },
      { event: 'fire', vector: axes(0) },
    ];
    assert.equal((await zeroShot(embeddings, prototypes.slice(1), SEED)).top1.value, 1);
    assert.equal((await zeroShot(embeddings, prototypes.slice(1), SEED)).top1.scenes, 1);
    await assert.rejects(zeroShot(embeddings, prototypes.slice(2), SEED), refused('INPUT_INVALID'));
  });

  it('of a collapsed encoder are chance', async () => {
    const same = axes(3);
    const embeddings = prototypes.map(({ event }) => ({ event, vector: same }));
    assert.equal((await zeroShot(embeddings, prototypes, SEED)).top1.value, 1 / 3);
  });

  it('stand for the normalised mean of normalised prompts', async () => {
    const texts = new Map<string, Float32Array>([
      ['left', Float32Array.of(10, 0)],
      ['up', Float32Array.of(0, 0.1)],
    ]);
    const found = await labelPrototypes(
      () => ['left', 'up'],
      async (text) => texts.get(text)!,
    );
    assert.deepEqual(
      found.map(({ event }) => event),
      events.map(({ id }) => id),
    );
    for (const value of found[0]!.vector) assert.ok(Math.abs(value - Math.SQRT1_2) < 1e-6);
  });
});

describe('rows', () => {
  it('are views of vectors that lie one after another', () => {
    const values = Float32Array.of(1, 2, 3, 4, 5, 6);
    const [first, second] = rowsOf(values, 3);
    assert.deepEqual([first, second], [Float32Array.of(1, 2, 3), Float32Array.of(4, 5, 6)]);
    assert.equal(second?.buffer, values.buffer);
  });
});

describe('retrieval', () => {
  it('finds each query its own partner in pools of the size that was asked for', async () => {
    const partners = randomVectors(25, 1);
    const { pool, recall } = await retrieval(partners, partners, { pool: 10, seed: SEED });
    assert.equal(pool, 10);
    assert.deepEqual([recall.at1.value, recall.at5.value, recall.at10.value], [1, 1, 1]);
    assert.equal(recall.at1.scenes, 20);
  });

  it('of one vector for everything is exactly chance', async () => {
    const same = Array.from({ length: 40 }, () => axes(1));
    const { recall } = await retrieval(same, same, { pool: 20, seed: SEED });
    const near = (value: number, expected: number): void => assert.ok(Math.abs(value - expected) < 1e-9);
    near(recall.at1.value, 1 / 20);
    near(recall.at5.value, 5 / 20);
    near(recall.at10.value, 10 / 20);
  });

  it('of vectors that have nothing to do with each other is chance within its interval', async () => {
    const { recall } = await retrieval(randomVectors(2000, 2), randomVectors(2000, 3), { pool: 50, seed: SEED });
    assert.ok(recall.at10.low < 0.2 && 0.2 < recall.at10.high);
    assert.ok(recall.at5.low < 0.1 && 0.1 < recall.at5.high);
  });

  it('refuses fewer scenes than a pool has', async () => {
    const few = randomVectors(9, 1);
    await assert.rejects(retrieval(few, few, { pool: 10, seed: SEED }), refused('INPUT_INVALID'));
    await assert.rejects(retrieval(few, few.slice(1), { pool: 5, seed: SEED }), refused('INPUT_INVALID'));
  });
});

describe('embedding arithmetic', () => {
  const images = [0, 1, 2].map((at) => ({ event: `e${at}`, vector: axes(at) }));
  const gallery = [
    { events: ['e0', 'e1'], vector: axes(0, 1) },
    { events: ['e1', 'e2'], vector: axes(1, 2) },
    { events: ['e0', 'e2'], vector: axes(0, 2) },
  ];

  it('finds the picture with both where either alone is left with two that are as good', async () => {
    const found = await arithmetic({ images, sounds: images, gallery, seed: SEED });
    assert.equal(found.gallery, 3);
    assert.equal(found.both.at1.scenes, 6);
    assert.equal(found.both.at1.value, 1);
    assert.equal(found.imageAlone.at1.value, 1 / 2);
    assert.equal(found.soundAlone.at1.value, 1 / 2);
    assert.deepEqual([found.gain.overImage.value, found.gain.overImage.low], [1 / 2, 1 / 2]);
  });

  it('gains nothing over the image where sounds say nothing', async () => {
    const sounds = images.map(({ event }) => ({ event, vector: axes(3) }));
    const found = await arithmetic({ images, sounds, gallery, seed: SEED });
    assert.equal(found.gain.overImage.value, 0);
    assert.ok(Math.abs(found.soundAlone.at1.value - 1 / 3) < 1e-9);
  });

  it('asks only for pairs of which there is an image and a sound', async () => {
    const found = await arithmetic({ images, sounds: images.slice(0, 1), gallery, seed: SEED });
    assert.equal(found.both.at1.scenes, 2);
    await assert.rejects(arithmetic({ images, sounds: [], gallery, seed: SEED }), refused('INPUT_INVALID'));
  });
});

describe('bootstrap intervals', () => {
  it('of a share are as wide as the binomial distribution is', async () => {
    const outcomes = Array.from({ length: 400 }, (_, at) => (at % 4 === 0 ? 1 : 0));
    const { value, low, high } = await figureOf(outcomes, SEED);
    assert.equal(value, 1 / 4);
    // 1.96 √(p (1 − p) / n) = 0.0424
    assert.ok(Math.abs(value - low - 0.0424) < 0.006);
    assert.ok(Math.abs(high - value - 0.0424) < 0.006);
  });

  it('contain the mean that the outcomes were drawn with about 19 times of 20', async () => {
    const random = new Random(8);
    let inside = 0;
    for (let trial = 0; trial < 100; trial++) {
      const outcomes = Array.from({ length: 100 }, () => (random.chance(0.3) ? 1 : 0));
      const { low, high } = await figureOf(outcomes, trial);
      if (low <= 0.3 && 0.3 <= high) inside++;
    }
    assert.ok(inside >= 88 && inside <= 99, `${inside} of 100`);
  });

  it('lie around the mean, are the same for the same seed, and are nothing without scenes', async () => {
    const outcomes = fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: 1, maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(outcomes, async (list) => {
        const figure = await figureOf(list, SEED);
        assert.ok(figure.low <= figure.high && figure.high <= 1 && figure.low >= -1);
        assert.deepEqual(await figureOf(list, SEED), figure);
      }),
      { numRuns: 20 },
    );
    await assert.rejects(figureOf([], SEED), refused('INPUT_INVALID'));
  });
});
