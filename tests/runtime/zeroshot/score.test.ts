import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { Embedding } from '../../../runtime/embedding';
import { isSensebindError } from '../../../runtime/errors';
import { compileLabelSet } from '../../../runtime/zeroshot/compileLabelSet';
import { columnsOf, topLabels } from '../../../runtime/zeroshot/labelColumns';
import { score } from '../../../runtime/zeroshot/score';

const BASE: Embedding = {
  vector: new Float32Array(3),
  space: 'test:1',
  encoder: '0'.repeat(64),
  modality: 'audio',
  preset: 'test',
  precision: 'fp32',
  logitScale: 20,
  sources: ['mic0'],
  startMicros: 0,
  endMicros: 0,
  sequence: 0,
  flags: [],
};

function embedding(values: readonly number[], changes: Partial<Embedding> = {}): Embedding {
  const norm = Math.hypot(...values);
  return { ...BASE, vector: Float32Array.from(values, (value) => value / norm), ...changes };
}

const WORDS: Readonly<Record<string, readonly number[]>> = { dog: [1, 0, 0], cat: [0, 1, 0], silence: [0, 0, 1] };

function compiled() {
  return compileLabelSet(
    { id: 'pets', revision: 3, labels: [{ id: 'dog' }, { id: 'cat' }], background: ['silence'] },
    async (text) => embedding(WORDS[text] ?? [1, 1, 1], { logitScale: 100 }),
  );
}

describe('scores', () => {
  it('are a softmax of cosine times the scale of the sensor', async () => {
    const scores = score(embedding([3, 4, 0]), await compiled());
    const shares = [0.6, 0.8, 0].map((cosine) => Math.exp(20 * cosine));
    const total = shares.reduce((sum, share) => sum + share, 0);
    assert.equal(scores.labelSet, 'pets@3');
    assert.equal(scores.scale, 20);
    for (const [index, cosine] of [0.6, 0.8].entries()) {
      assert.ok(Math.abs((scores.labels[index]?.cosine ?? 0) - cosine) < 1e-6);
      assert.ok(Math.abs((scores.labels[index]?.probability ?? 0) - (shares[index] ?? 0) / total) < 1e-5);
    }
    assert.ok(Math.abs((scores.labels[1]?.margin ?? 0) - 0.2) < 1e-6);
    assert.ok(Math.abs((scores.labels[0]?.margin ?? 0) + 0.2) < 1e-6);
  });

  it('add up to one with the background, and rank as the cosines do', async () => {
    const labels = await compiled();
    const axis = fc.double({ min: -1, max: 1, noNaN: true });
    fc.assert(
      fc.property(fc.tuple(axis, axis, axis), (values) => {
        fc.pre(Math.hypot(...values) > 1e-3);
        const { labels: found, background } = score(embedding(values), labels);
        const total = found.reduce((sum, { probability }) => sum + probability, background);
        assert.ok(Math.abs(total - 1) < 1e-5);
        const [best, other] = found.toSorted((a, b) => b.cosine - a.cosine);
        assert.ok((best?.probability ?? 0) >= (other?.probability ?? 1));
      }),
    );
  });

  it('are refused between spaces', async () => {
    const labels = await compiled();
    assert.throws(
      () => score(embedding([1, 0, 0], { space: 'test:2' }), labels),
      (error) => isSensebindError(error, 'SPACE_MISMATCH'),
    );
    assert.throws(
      () => score(embedding([1, 0, 0, 0]), labels),
      (error) => isSensebindError(error, 'SPACE_MISMATCH'),
    );
  });

  it('are refused for a vector without direction', async () => {
    for (const value of [0, Number.NaN, Number.POSITIVE_INFINITY]) {
      const broken = { ...BASE, vector: Float32Array.of(value, 0, 0) };
      const labels = await compiled();
      assert.throws(
        () => score(broken, labels),
        (error) => isSensebindError(error, 'EMBEDDING_NOT_FINITE'),
      );
    }
  });

  it('mean nothing where the weights are random, or nothing was heard', async () => {
    const meaningful = async (flags: Embedding['flags']) =>
      score(embedding([1, 0, 0], { flags }), await compiled()).meaningful;
    assert.equal(await meaningful(['untrained']), false);
    assert.equal(await meaningful(['partial-window', 'silent']), false);
    assert.equal(await meaningful(['partial-window', 'clipped']), true);
  });

  it('are the same in columns, whether these were made with them or of plain data', async () => {
    const scores = score(embedding([3, 4, 0]), await compiled());
    const plain = { ...scores };
    for (const columns of [columnsOf(scores), columnsOf(plain)]) {
      assert.deepEqual(
        columns.labels.map((_, index) => columns.at(index)),
        scores.labels,
      );
      const numbers = Array.from(columns.probabilities, (probability, index) => [probability, columns.cosines[index]]);
      assert.deepEqual(
        numbers,
        scores.labels.map(({ probability, cosine }) => [probability, cosine]),
      );
      assert.equal(columns.at(scores.labels.length), undefined);
    }
    const sorted = scores.labels.toSorted((a, b) => b.probability - a.probability);
    assert.deepEqual(topLabels(scores, 1), sorted.slice(0, 1));
    assert.deepEqual(topLabels(plain, 99), sorted);
  });
});
