import assert from 'node:assert/strict';
import { test } from 'node:test';
import { labelScores, labelVectors } from '../../../../runtime/learn/train/labelVectors';

const LABELS = 24;
const DIMENSIONS = 128;

test('vectors of labels are of unit length and at right angles', () => {
  const vectors = labelVectors(LABELS, { dimensions: DIMENSIONS, seed: 3 });
  for (let label = 0; label < LABELS; label++) {
    const scores = labelScores(vectors.slice(label * DIMENSIONS, (label + 1) * DIMENSIONS), vectors);
    scores.forEach((score, other) => {
      assert.ok(Math.abs(score - (other === label ? 1 : 0)) < 1e-5, `${label} and ${other}: ${score}`);
    });
  }
});

test('the same seed gives the same vectors, another seed others', () => {
  const [first, again, other] = [1, 1, 2].map((seed) => labelVectors(LABELS, { dimensions: DIMENSIONS, seed }));
  assert.deepEqual(first, again);
  assert.notDeepEqual(first, other);
});
