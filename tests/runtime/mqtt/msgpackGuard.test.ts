import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Packr, Unpackr } from 'msgpackr';
import { guardMsgpack } from '../../../runtime/mqtt/msgpackGuard';
import { refused } from '../../support/refused';

const packr = new Packr({ useRecords: false, variableMapSize: true });
const unpackr = new Unpackr({ useRecords: false, mapsAsObjects: true });

/** What our messages are made of. */
const scalar = fc.oneof(
  fc.string({ maxLength: 40, unit: 'binary' }),
  fc.integer(),
  fc.double(),
  fc.boolean(),
  fc.constant(null),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.uint8Array({ maxLength: 5000 }).map((bytes) => Buffer.from(bytes)),
);
const key = fc.string({ minLength: 1, maxLength: 8, unit: 'grapheme-ascii' });
const message = fc.dictionary(key, fc.oneof(scalar, fc.array(scalar, { maxLength: 20 }), fc.dictionary(key, scalar)), {
  maxKeys: 30,
});

/** One value of every type of the msgpack specification that is no container and no extension: head, length, body. */
const HEADS: readonly [string, number][] = [
  ['00', 0],
  ['7f', 0],
  ['e0', 0],
  ['ff', 0],
  ['c0', 0],
  ['c2', 0],
  ['c3', 0],
  ['a0', 0],
  ['bf', 31],
  ['ca', 4],
  ['cb', 8],
  ['cc', 1],
  ['cd', 2],
  ['ce', 4],
  ['cf', 8],
  ['d0', 1],
  ['d1', 2],
  ['d2', 4],
  ['d3', 8],
  ['c403', 3],
  ['c50003', 3],
  ['c600000003', 3],
  ['d903', 3],
  ['da0003', 3],
  ['db00000003', 3],
];

const EXTENSIONS = ['d4', 'd5', 'd6', 'd7', 'd8', 'c7', 'c8', 'c9'];

describe('the guard before the msgpack reader', () => {
  it('lets every message of ours through', () => {
    fc.assert(
      fc.property(message, (value) => {
        guardMsgpack(packr.pack(value));
      }),
    );
  });

  for (const [head, size] of HEADS) {
    it(`knows the size of 0x${head}: no byte less, no byte more`, () => {
      const value = Buffer.concat([Buffer.from(head, 'hex'), Buffer.alloc(size, 0x61)]);
      guardMsgpack(value);
      unpackr.unpack(value);
      assert.throws(
        () => guardMsgpack(Buffer.concat([value, Buffer.alloc(1)])),
        refused('MESSAGE_INVALID', /1 bytes after/),
      );
      assert.throws(() => guardMsgpack(value.subarray(0, -1)), refused('MESSAGE_INVALID', /fewer bytes/));
    });
  }

  for (const [head, values] of [
    ['93', 3],
    ['dc0003', 3],
    ['dd00000003', 3],
    ['83', 6],
    ['de0003', 6],
    ['df00000003', 6],
  ] as const) {
    it(`counts the ${values} values of 0x${head}`, () => {
      const value = Buffer.concat([Buffer.from(head, 'hex'), Buffer.alloc(values, 0x01)]);
      guardMsgpack(value);
      assert.throws(() => guardMsgpack(value.subarray(0, -1)), refused('MESSAGE_INVALID', /fewer bytes/));
    });
  }

  it('refuses extension types wherever they stand: a reader may build code for them', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...EXTENSIONS),
        fc.uint8Array({ minLength: 20, maxLength: 20 }),
        message,
        (type, body, rest) => {
          const extension = Buffer.concat([Buffer.from(type, 'hex'), body]);
          assert.throws(() => guardMsgpack(extension), refused('MESSAGE_INVALID', /the type 0x/));
          const before = packr.pack(rest);
          const list = Buffer.concat([Buffer.from('92', 'hex'), before, extension]);
          assert.throws(() => guardMsgpack(list), refused('MESSAGE_INVALID', /the type 0x|values|nesting/));
        },
      ),
    );
    assert.throws(() => guardMsgpack(Buffer.from('c1', 'hex')), refused('MESSAGE_INVALID', /0xc1/));
  });

  it('refuses lengths beyond the bytes there are, for every type with a length', () => {
    const types = fc.constantFrom('c4', 'c5', 'c6', 'd9', 'da', 'db', 'dc', 'dd', 'de', 'df');
    fc.assert(
      fc.property(types, fc.uint8Array({ minLength: 4, maxLength: 4 }), (type, length) => {
        const announced = Buffer.concat([Buffer.from(type, 'hex'), Buffer.from(length.map((byte) => byte | 0x80))]);
        assert.throws(() => guardMsgpack(announced), refused('MESSAGE_INVALID'));
      }),
    );
  });

  it('refuses depth before it costs anything', () => {
    fc.assert(
      fc.property(fc.integer({ min: 4, max: 200_000 }), fc.constantFrom(0x91, 0x81), (depth, head) => {
        assert.throws(() => guardMsgpack(Buffer.alloc(depth, head)), refused('MESSAGE_INVALID', /nesting|fewer/));
      }),
    );
  });

  it('refuses other bytes with a typed error or lets them through, and what it lets through can be read', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        try {
          guardMsgpack(bytes);
        } catch (error) {
          assert.ok(refused('MESSAGE_INVALID')(error));
          return;
        }
        unpackr.unpack(bytes);
      }),
      { numRuns: 2000 },
    );
  });
});
