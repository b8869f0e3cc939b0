import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { type Place, SequenceCheck } from '../../../devices/readingsIn/sequenceCheck';

const places = (sequences: readonly number[], boot = 1): Place[] => {
  const check = new SequenceCheck();
  return sequences.map((sequence) => check.place({ boot, sequence }));
};

describe('the order of the messages of a board', () => {
  it('counts what is missing, also over the wrap of the sequence', () => {
    assert.deepEqual(places([0xfffffffe, 0xffffffff, 0, 3]), [
      { kind: 'first' },
      { kind: 'next', missing: 0 },
      { kind: 'next', missing: 0 },
      { kind: 'next', missing: 2 },
    ]);
  });

  it('tells a message that comes twice from one that comes late', () => {
    assert.deepEqual(
      places([5, 7, 7, 6, 5]).map(({ kind }) => kind),
      ['first', 'next', 'duplicate', 'stale', 'duplicate'],
    );
  });

  it('takes another boot as a restart, whatever its sequence', () => {
    const check = new SequenceCheck();
    check.place({ boot: 1, sequence: 30 });
    assert.deepEqual(check.place({ boot: 2, sequence: 3 }), { kind: 'restart' });
    assert.deepEqual(check.place({ boot: 2, sequence: 4 }), { kind: 'next', missing: 0 });
  });

  it('accounts for every number once, whatever is lost, doubled or late', () => {
    const sent = fc.array(fc.record({ lost: fc.boolean(), twice: fc.boolean() }), { minLength: 1, maxLength: 200 });
    fc.assert(
      fc.property(sent, fc.nat(0xffffffff), (messages, start) => {
        const heard = messages.flatMap(({ lost, twice }, index) => {
          const sequence = (start + index) >>> 0;
          return lost ? [] : twice ? [sequence, sequence] : [sequence];
        });
        const found = places(heard);
        const missing = found.reduce((sum, place) => sum + (place.kind === 'next' ? place.missing : 0), 0);
        const first = messages.findIndex(({ lost }) => !lost);
        const last = messages.findLastIndex(({ lost }) => !lost);
        const lostBetween = messages.slice(first, last + 1).filter(({ lost }) => lost).length;
        assert.equal(missing, first === -1 ? 0 : lostBetween);
        const doubled = messages.filter(({ lost, twice }) => !lost && twice).length;
        assert.equal(found.filter(({ kind }) => kind === 'duplicate').length, doubled);
      }),
    );
  });
});
