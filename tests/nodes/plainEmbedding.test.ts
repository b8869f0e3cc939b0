import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { embeddingOf, embeddingPayload } from '../../nodes/shared/payloads';
import { embeddingOf as unitEmbedding } from '../support/vectors';

const whole = unitEmbedding([3, 4, 12], { flags: ['silent'], sequence: 7 });

describe('an embedding that went through JSON', () => {
  it('is what it was', () => {
    const plain: unknown = JSON.parse(JSON.stringify(embeddingPayload(whole)));
    assert.deepEqual(embeddingOf(plain), whole);
  });

  it('needs no more than a vector and its space', () => {
    const found = embeddingOf({ vector: [0.6, 0.8], space: 'test:1' });
    assert.deepEqual(found?.vector, Float32Array.of(0.6, 0.8));
    assert.equal(found?.space, 'test:1');
  });

  it('is brought to unit length where it was rounded, and loses flags that nobody knows', () => {
    const found = embeddingOf({ vector: [0.605, 0.805], space: 'test:1', flags: ['silent', 'of-tomorrow'] });
    assert.ok(Math.abs(Math.hypot(...(found?.vector ?? [])) - 1) < 1e-6);
    assert.deepEqual(found?.flags, ['silent']);
  });

  const wrong: readonly (readonly [what: string, value: object])[] = [
    ['is of another length', { vector: [3, 4], space: 'test:1' }],
    ['is not finite', { vector: [Number.NaN, 1], space: 'test:1' }],
    ['has null in it, as NaN becomes in JSON', { vector: [null, 1], space: 'test:1' }],
    ['names no space', { vector: [0.6, 0.8] }],
    ['is an object with numbered keys, as typed arrays become', { vector: { 0: 0.6, 1: 0.8 }, space: 'test:1' }],
  ];
  for (const [what, value] of wrong) {
    it(`is refused where its vector ${what}`, () => {
      assert.throws(() => embeddingOf(value), { code: 'INPUT_INVALID' });
    });
  }

  it('is found or refused whatever comes, and never breaks', () => {
    fc.assert(
      fc.property(fc.anything(), (value) => {
        try {
          const found = embeddingOf(value);
          assert.ok(found === undefined || Math.abs(Math.hypot(...found.vector) - 1) < 1e-3);
        } catch (error) {
          assert.equal((error as { readonly code?: string }).code, 'INPUT_INVALID');
        }
      }),
    );
  });
});
