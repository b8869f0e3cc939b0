import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { cosineOfReceived, decodeEmbedding } from '../../../runtime/mqtt/reader';
import { embeddingPayload } from '../../support/embeddingPayload';
import { refused } from '../../support/refused';

describe('the reader of what nodes publish', () => {
  it('compares vectors of one space, whatever their numbers are stored as', () => {
    const left = decodeEmbedding(embeddingPayload({ vector: [0.6, 0.8], elementType: 'f32le' }));
    const right = decodeEmbedding(embeddingPayload({ vector: [0.8, 0.6], elementType: 'i8' }));
    assert.ok(Math.abs(cosineOfReceived(left, right) - 0.96) < 5e-3);
    assert.ok(Math.abs(cosineOfReceived(left, left) - 1) < 1e-6);
  });

  it('refuses vectors of different spaces, and of different lengths', () => {
    const left = decodeEmbedding(embeddingPayload({ vector: [0.6, 0.8] }));
    const elsewhere = decodeEmbedding(embeddingPayload({ vector: [0.6, 0.8], space: 'other' }));
    const longer = decodeEmbedding(embeddingPayload({ vector: [0.6, 0.8, 0] }));
    for (const right of [elsewhere, longer]) {
      assert.throws(() => cosineOfReceived(left, right), refused('SPACE_MISMATCH'));
    }
  });

  it('is what the package exports as "mqtt"', () => {
    assert.equal(require('@sensebind/node-red/mqtt').cosineOfReceived, cosineOfReceived);
  });
});
