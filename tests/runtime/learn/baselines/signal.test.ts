import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { nearestNeighbour } from '../../../../runtime/learn/baselines/nearest';
import { channelsOf, meanAndDeviation } from '../../../../runtime/learn/baselines/signal';
import { refused } from '../../../support/refused';

describe('the raw signal', () => {
  it('has a channel a colour, and the mean and deviation of each', () => {
    const rgb = Uint8Array.of(10, 0, 7, 30, 0, 7);
    const channels = channelsOf({ kind: 'picture', frames: [{ rgb, width: 2, height: 1 }] });
    assert.deepEqual(
      channels.map((values) => Array.from(values)),
      [
        [10, 30],
        [0, 0],
        [7, 7],
      ],
    );
    assert.deepEqual(meanAndDeviation(channels), [20, 10, 0, 0, 7, 0]);
  });

  it('is none of a text', () => {
    assert.throws(() => channelsOf({ kind: 'text', text: 'a dog' }), refused('INPUT_UNSUPPORTED'));
  });

  it('has the neighbour that the distance written out has', () => {
    const channels = fc.array(fc.array(fc.integer({ min: -9, max: 9 }), { minLength: 3, maxLength: 3 }), {
      minLength: 2,
      maxLength: 2,
    });
    fc.assert(
      fc.property(channels, fc.array(channels, { minLength: 1, maxLength: 8 }), (asked, others) => {
        const distances = others.map((other) =>
          Math.hypot(...other.flat().map((value, at) => value - asked.flat()[at]!)),
        );
        const expected = distances.indexOf(Math.min(...distances));
        const neighbours = others.map((other, at) => ({ event: `e${at}`, channels: other }));
        assert.equal(nearestNeighbour(asked, neighbours), `e${expected}`);
      }),
    );
    assert.equal(nearestNeighbour([[1]], []), '');
  });
});
