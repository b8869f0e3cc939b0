import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { decodeReading } from '../../../devices/recording/decodeMessage';
import { encodeReading } from '../../../devices/recording/encodeMessage';
import { FramePool } from '../../../runtime/frames';
import { anyReading, bitsOf } from './readings';

describe('messages of a recording', () => {
  it('give back every bit of a reading', () => {
    const memory = new FramePool({ frames: 4, bytes: 2 ** 20 });
    fc.assert(
      fc.property(anyReading, (reading) => {
        const { data } = encodeReading(reading);
        const back = decodeReading(data, { source: reading.source, modality: reading.modality, memory });
        assert.ok(back);
        assert.deepEqual(bitsOf(back), bitsOf(reading));
        if ('frame' in back) back.frame.release();
      }),
      { numRuns: 1000 },
    );
    assert.equal(memory.stats().inUse, 0);
  });
});
