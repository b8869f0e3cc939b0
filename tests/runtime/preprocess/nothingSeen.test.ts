import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { flagNothingSeen } from '../../../runtime/preprocess/nothingSeen';
import type { Item } from '../../../runtime/preprocess/preset';

/** Two channels of four values. */
const picture = (...data: readonly number[]): Item => ({ data: Float32Array.from(data), shape: [1, 2, 2, 2] });
const DEPTH = { kind: 'depth', metres: new Float32Array(4), width: 2, height: 2 } as const;

describe('an input in which nothing changes', () => {
  it('is flagged where every channel of a picture is one colour, whatever it is', () => {
    const flags = (...items: readonly Item[]) => flagNothingSeen({ items, flags: ['holes-filled'] }, DEPTH).flags;
    assert.deepEqual(flags(picture(1, 1, 1, 1, -2, -2, -2, -2)), ['holes-filled', 'silent']);
    assert.deepEqual(flags(picture(1, 1, 1, 1, -2, -2, -2, -1.99)), ['holes-filled']);
    assert.deepEqual(flags(picture(1, 1, 1, 1, 1, 1, 1, 1), picture(0, 1, 0, 0, 0, 0, 0, 0)), ['holes-filled']);
  });

  it('is flagged where no axis of a motion sensor moves: gravity alone has noise', () => {
    const rest = [0, 0, 9.81].map((value) => new Float32Array(5).fill(value));
    const flags = (axes: readonly Float32Array[]) =>
      flagNothingSeen({ items: [picture(0, 1, 0, 1)], flags: [] }, { kind: 'motion', axes, timing: { rateHz: 100 } })
        .flags;
    assert.deepEqual(flags(rest), ['silent']);
    assert.deepEqual(flags([...rest, Float32Array.of(0, 0, 0.001, 0, 0)]), []);
  });

  it('is nobody else’s matter: words and tensors are as they are', () => {
    const prepared = { items: [picture(0, 0, 0, 0, 0, 0, 0, 0)], flags: [] };
    assert.equal(flagNothingSeen(prepared, { kind: 'text', text: 'dog' }), prepared);
  });
});
