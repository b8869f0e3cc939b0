import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { bitsOfFlags, FLAG_BITS, flagsOfBits } from '../../../runtime/mqtt/flagBits';
import type { Flag } from '../../../runtime/reading';

const FLAGS = Object.keys(FLAG_BITS) as Flag[];

describe('flags as bits', () => {
  it('keep the numbers that have been published: a change breaks every reader', () => {
    // Written out on purpose. Add lines; never change one.
    assert.deepEqual(FLAG_BITS, {
      clipped: 1,
      'partial-window': 2,
      interpolated: 4,
      simulated: 8,
      replayed: 16,
      gap: 32,
      overrun: 64,
      silent: 128,
      untrained: 256,
      'holes-filled': 512,
      unverified: 1024,
      'axes-missing': 2048,
      'source-missing': 4096,
      stale: 8192,
    });
  });

  it('are one bit each, and come back as they went, in whatever order and however often they are named', () => {
    for (const bit of Object.values(FLAG_BITS)) assert.equal(bit & (bit - 1), 0);
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...FLAGS)), (flags) => {
        const bits = bitsOfFlags(flags);
        assert.ok(bits >= 0);
        assert.deepEqual(
          flagsOfBits(bits),
          FLAGS.filter((flag) => flags.includes(flag)),
        );
      }),
    );
  });

  it('of newer versions are passed over, those beside them are read', () => {
    const known = bitsOfFlags(FLAGS);
    fc.assert(
      fc.property(fc.nat({ max: 2 ** 21 }), fc.subarray(FLAGS), (later, flags) => {
        assert.deepEqual(flagsOfBits(later * (known + 1) + bitsOfFlags(flags)), flags);
      }),
    );
  });
});
