import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Millis } from '../../../runtime/clock';
import { type Fused, FusionGroup, type GroupConfig } from '../../../runtime/fusion/group';
import { jointScores } from '../../../runtime/fusion/jointScores';
import { compileLabelSet } from '../../../runtime/zeroshot/compileLabelSet';
import { score } from '../../../runtime/zeroshot/score';
import { ManualClock } from '../../support/manualClock';
import { refused } from '../../support/refused';
import { embeddingOf } from '../../support/vectors';

const WORDS: Readonly<Record<string, readonly number[]>> = { dog: [1, 0, 0], cat: [0, 1, 0], silence: [0, 0, 1] };

const labels = (revision: number) =>
  compileLabelSet(
    { id: 'pets', revision, labels: [{ id: 'dog', threshold: 0.6 }, { id: 'cat' }], background: ['silence'] },
    async (text) => embeddingOf(WORDS[text] ?? [1, 1, 1], { logitScale: 100 }),
  );

const CONFIG: GroupConfig = {
  id: 'room',
  sources: { mic0: 3, imu0: 1 },
  method: 'embeddings',
  hop: 1000 as Millis,
  tolerance: 250 as Millis,
  wait: 500 as Millis,
  halfLife: 1000 as Millis,
  forgetAfter: 4000 as Millis,
  labels: ['pets'],
};

const SOUND = embeddingOf([1, 0, 0]);
const MOTION = embeddingOf([0, 1, 0], { modality: 'imu', sources: ['imu0'], logitScale: 5, endMicros: 3_100_000 });

async function fusing(changes: Partial<GroupConfig> = {}) {
  let labelSet = await labels(1);
  const fused: Fused[] = [];
  const failures: unknown[] = [];
  const group = new FusionGroup({
    config: { ...CONFIG, ...changes },
    clock: new ManualClock(),
    labelSets: () => [labelSet],
    onFused: (one) => fused.push(one),
    onLate: () => undefined,
    onFailed: (error) => failures.push(error),
  });
  const swap = async (revision: number): Promise<void> => {
    labelSet = await labels(revision);
  };
  return { group, fused, failures, swap };
}

describe('a group of sources', () => {
  it('makes one embedding of all, scored once, and tells the weights', async () => {
    const { group, fused } = await fusing();
    group.add('mic0', SOUND, 0);
    group.add('imu0', MOTION, 0);
    group.add('cam0', SOUND, 0);
    const [first] = fused;
    assert.ok(first?.embedding);
    assert.deepEqual(
      [first.weights, first.missing, first.flags, first.startMicros, first.endMicros],
      [{ mic0: 0.75, imu0: 0.25 }, [], [], 1_000_000, 3_100_000],
    );
    const norm = Math.hypot(3, 1);
    assert.ok(Math.abs((first.embedding.vector[0] ?? 0) - 3 / norm) < 1e-6);
    assert.deepEqual(first.scores, [score(first.embedding, await labels(1))]);
    assert.ok(Math.abs((first.scores[0]?.scale ?? 0) - 16.25) < 1e-9);
  });

  it('says who is missing, and gives what is there the whole weight', async () => {
    const { group, fused } = await fusing();
    group.setAwaited('imu0', false);
    group.add('mic0', SOUND, 0);
    assert.deepEqual(
      [fused[0]?.weights, fused[0]?.missing, fused[0]?.flags, fused[0]?.embedding?.flags],
      [{ mic0: 1 }, ['imu0'], ['source-missing'], ['source-missing']],
    );
  });

  it('lets a stale source count less', async () => {
    const { group, fused } = await fusing();
    group.add('imu0', MOTION, 0);
    group.setAwaited('imu0', false);
    group.add('mic0', SOUND, 2.25e6);
    // A joint window ends at 2 s; a hop and the tolerance are fresh, and three quarters of a half-life are over.
    const share = 2 ** -0.75;
    const last = fused.at(-1);
    assert.ok(Math.abs((last?.weights['imu0'] ?? 0) - share / (3 + share)) < 1e-9, JSON.stringify(last?.weights));
    assert.deepEqual(last?.flags, ['stale']);
  });

  it('takes a scale of its own', async () => {
    const { group, fused } = await fusing({ scale: 42 });
    group.add('mic0', SOUND, 0);
    group.finish();
    assert.equal(fused[0]?.scores[0]?.scale, 42);
  });

  it('averages the scores of each source in its own scale instead', async () => {
    const { group, fused } = await fusing({ method: 'scores' });
    group.add('mic0', SOUND, 0);
    group.add('imu0', MOTION, 0);
    const labelSet = await labels(1);
    const [sound, motion] = [score(SOUND, labelSet), score(MOTION, labelSet)];
    const [scores] = fused[0]?.scores ?? [];
    assert.equal(fused[0]?.embedding, undefined);
    const expected = 0.75 * (sound.labels[0]?.probability ?? 0) + 0.25 * (motion.labels[0]?.probability ?? 0);
    assert.ok(Math.abs((scores?.labels[0]?.probability ?? 0) - expected) < 1e-12);
    const total =
      (scores?.background ?? 0) + (scores?.labels ?? []).reduce((sum, { probability }) => sum + probability, 0);
    assert.ok(Math.abs(total - 1) < 1e-9);
    assert.deepEqual([scores?.labels[0]?.cosine, scores?.labels[0]?.margin], [0.75, 0.5]);
    assert.equal(scores?.labels[0]?.threshold, 0.6);
  });

  it('scores with the label set of the moment, also what came before it was swapped', async () => {
    for (const method of ['scores', 'embeddings'] as const) {
      const { group, fused, swap } = await fusing({ method });
      group.add('mic0', SOUND, 0);
      await swap(2);
      group.add('imu0', MOTION, 0);
      assert.equal(fused[0]?.scores[0]?.labelSet, 'pets@2');
    }
  });

  it('tells of vectors of another space, and goes on', async () => {
    const { group, fused, failures } = await fusing();
    group.add('mic0', SOUND, 0);
    group.add('imu0', embeddingOf([0, 1, 0], { space: 'test:2' }), 0);
    assert.equal(fused.length, 0);
    assert.ok(refused('SPACE_MISMATCH')(failures[0]));
    group.add('mic0', SOUND, 1e6);
    group.add('imu0', MOTION, 1e6);
    assert.equal(fused.length, 1);
  });
});

describe('joint scores', () => {
  it('leave out what means nothing, as long as something does', async () => {
    const labelSet = await labels(1);
    const sound = score(SOUND, labelSet);
    const silent = score(embeddingOf([0, 1, 0], { flags: ['silent'] }), labelSet);
    const joint = jointScores([
      { scores: sound, weight: 1 },
      { scores: silent, weight: 1 },
    ]);
    assert.deepEqual(joint, sound);
    assert.equal(jointScores([{ scores: silent, weight: 1 }]).meaningful, false);
  });

  it('are refused for different revisions, and for none', async () => {
    const [one, two] = [score(SOUND, await labels(1)), score(SOUND, await labels(2))];
    const parts = [one, two].map((scores) => ({ scores, weight: 1 }));
    assert.throws(() => jointScores(parts), refused('INPUT_INVALID', /pets@1 and pets@2/));
    assert.throws(() => jointScores([]), refused('INPUT_INVALID', /none/));
  });
});
