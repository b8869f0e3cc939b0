import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { crc32c } from '../../../../runtime/mqtt/spool/crc32c';
import { cursorText, parseCursor } from '../../../../runtime/mqtt/spool/cursorFile';
import { encodeRecord, MAX_BODY_BYTES, recordAt } from '../../../../runtime/mqtt/spool/record';
import { SequenceSet } from '../../../../runtime/mqtt/spool/sequenceSet';

describe('CRC-32C', () => {
  for (const [what, bytes, expected] of [
    ['32 bytes of zeros', Buffer.alloc(32), 0x8a9136aa],
    ['32 bytes of ones', Buffer.alloc(32, 0xff), 0x62a8ab43],
    ['0 to 31', Buffer.from(Array.from({ length: 32 }, (_, index) => index)), 0x46dd794e],
    ['31 to 0', Buffer.from(Array.from({ length: 32 }, (_, index) => 31 - index)), 0x113fdb5c],
  ] as const) {
    it(`of ${what} is the one of RFC 3720 §B.4`, () => assert.equal(crc32c(bytes), expected));
  }

  it('of "123456789" is the check value of the catalogue of Cook', () =>
    assert.equal(crc32c(Buffer.from('123456789')), 0xe3069283));
});

const fields = {
  sequence: fc.nat({ max: 2 ** 31 }),
  kind: fc.nat(255),
  storedMillis: fc.nat({ max: 2 ** 31 }).map((seconds) => seconds * 1000),
  lifeSeconds: fc.nat({ max: 2 ** 31 }),
  boot: fc.nat({ max: 2 ** 31 }),
  monotonicMillis: fc.nat({ max: 2 ** 31 }),
  body: fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
};
const record = fc.record(fields, { noNullPrototype: true });

describe('a record', () => {
  it('comes back as it was, and says how much of it is missing', () => {
    fc.assert(
      fc.property(record, fc.nat(), (value, cut) => {
        const bytes = encodeRecord(value);
        assert.deepEqual(recordAt(bytes, 0), { kind: 'record', record: value, end: bytes.length });
        const found = recordAt(bytes.subarray(0, cut % bytes.length), 0);
        assert.ok(found.kind === 'partial' && found.bytes <= bytes.length);
      }),
    );
  });

  it('is found behind any noise', () => {
    fc.assert(
      fc.property(record, fc.uint8Array({ minLength: 48, maxLength: 400 }), (value, noise) => {
        const bytes = Buffer.concat([noise, encodeRecord(value)]);
        let at = 0;
        for (let found = recordAt(bytes, at); found.kind !== 'record'; found = recordAt(bytes, at)) {
          assert.ok(found.kind === 'damaged' && found.end > at);
          at = found.end;
        }
        assert.equal(at, noise.length);
      }),
    );
  });

  it('that claims a body of gigabytes is damaged, not waited for', () => {
    const bytes = encodeRecord({
      sequence: 1,
      kind: 1,
      storedMillis: 1,
      lifeSeconds: 1,
      boot: 1,
      monotonicMillis: 1,
      body: Buffer.alloc(0),
    });
    bytes.writeUInt32LE(MAX_BODY_BYTES + 1, 12);
    bytes.writeUInt32LE(crc32c(bytes.subarray(8)), 4);
    assert.equal(recordAt(bytes, 0).kind, 'damaged');
  });
});

describe('a set of sequences', () => {
  const stretch = fc.tuple(fc.nat(60), fc.nat(12)).map(([first, length]) => [first, first + length - 1] as const);

  it('is a set', () => {
    fc.assert(
      fc.property(fc.array(stretch), stretch, (stretches, [from, to]) => {
        const set = new SequenceSet();
        const model = new Set<number>();
        for (const [first, last] of stretches) {
          set.add(first, last);
          for (let number = first; number <= last; number++) model.add(number);
        }
        assert.equal(set.size, model.size);
        for (let number = 0; number < 80; number++) assert.equal(set.has(number), model.has(number));
        const asked = Array.from({ length: to - from + 1 }, (_, index) => from + index);
        assert.equal(set.count(from, to), asked.filter((number) => model.has(number)).length);
        assert.equal(
          set.covers(from, to),
          asked.every((number) => model.has(number)),
        );
        for (const [index, [first]] of set.stretches.entries()) {
          assert.ok(index === 0 || first > (set.stretches[index - 1]?.[1] ?? 0) + 1, 'stretches are joined');
        }
      }),
    );
  });

  it('comes back from a cursor, and not from a damaged one', () => {
    fc.assert(
      fc.property(fc.array(stretch), fc.nat(), (stretches, position) => {
        const set = new SequenceSet();
        for (const [first, last] of stretches) set.add(first, last);
        const text = cursorText(set);
        assert.deepEqual(parseCursor(text)?.stretches, set.stretches);
        const bytes = Buffer.from(text.slice(0, -1));
        const at = position % bytes.length;
        bytes[at] = (bytes[at] ?? 0) ^ 0x15;
        assert.equal(parseCursor(bytes.toString()), undefined);
      }),
    );
  });
});
