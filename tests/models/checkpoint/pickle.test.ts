import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { readPickle } from '../../../models/checkpoint/pickle';
import {
  BINPERSID,
  dictPickle,
  EMPTY_TUPLE,
  globalOf,
  integerOf,
  MARK,
  NEWFALSE,
  ORDERED_DICT,
  PROTO_2,
  REDUCE,
  SETITEM,
  STOP,
  tensorOf,
  textOf,
  tupleOf,
} from '../../../models/checkpoint/pickleWriter';
import { type ErrorCode, isSensebindError } from '../../../runtime/errors';
import { TWO_BY_TWO } from './craft';

const EMPTY_DICT = Buffer.from('}');
const BUILD = Buffer.from('b');

const TENSOR = tensorOf(TWO_BY_TWO);

function pickleOf(...parts: readonly Uint8Array[]): Buffer {
  return Buffer.concat([PROTO_2, ...parts, STOP]);
}

function refuses(pickle: Uint8Array, { code, says }: { readonly code: ErrorCode; readonly says: RegExp }): void {
  assert.throws(() => readPickle(pickle), { name: 'SensebindError', code, message: says });
}

/** `dict` at the root, holding what is given under the name `x`. */
function rootOf(...value: readonly Uint8Array[]): Buffer {
  return pickleOf(EMPTY_DICT, textOf('x'), ...value, SETITEM);
}

describe('pickles that a state dict needs', () => {
  it('reads the description of a tensor', () => {
    assert.deepEqual(
      [...readPickle(dictPickle([['w', TENSOR]]))],
      [
        [
          'w',
          {
            kind: 'tensor',
            storage: { kind: 'storage', key: '0', elementType: 'float32', elements: 4 },
            storageOffset: 0,
            shape: [2, 2],
            strides: [2, 1],
          },
        ],
      ],
    );
  });

  it('keeps names that mean something in JavaScript as plain names', () => {
    const names = ['__proto__', 'constructor', 'toString'];
    assert.deepEqual([...readPickle(dictPickle(names.map((name) => [name, TENSOR]))).keys()], names);
    assert.equal(Object.hasOwn(Object.prototype, 'kind'), false);
  });

  it('takes _metadata of an OrderedDict and nothing else', () => {
    const metadata = Buffer.concat([EMPTY_DICT, textOf('_metadata'), EMPTY_DICT, SETITEM, BUILD]);
    const other = Buffer.concat([EMPTY_DICT, textOf('__class__'), EMPTY_DICT, SETITEM, BUILD]);
    assert.equal(readPickle(pickleOf(ORDERED_DICT, textOf('w'), TENSOR, SETITEM, metadata)).size, 1);
    refuses(pickleOf(ORDERED_DICT, other), { code: 'CHECKPOINT_UNSAFE', says: /nothing but _metadata/ });
    refuses(pickleOf(TENSOR, metadata), { code: 'CHECKPOINT_UNSAFE', says: /sets the state of a tensor/ });
  });

  it('looks one level down for the state dict, when there is one', () => {
    const inner = Buffer.concat([EMPTY_DICT, textOf('w'), TENSOR, SETITEM]);
    const one = pickleOf(EMPTY_DICT, textOf('epoch'), integerOf(3), SETITEM, textOf('model'), inner, SETITEM);
    const two = pickleOf(EMPTY_DICT, textOf('a'), inner, SETITEM, textOf('b'), inner, SETITEM);
    assert.deepEqual([...readPickle(one).keys()], ['w']);
    refuses(two, { code: 'CHECKPOINT_LAYOUT', says: /one dict of tensors in the checkpoint; found 2/ });
    refuses(pickleOf(EMPTY_DICT), { code: 'CHECKPOINT_LAYOUT', says: /found 0/ });
    refuses(pickleOf(TENSOR), { code: 'CHECKPOINT_LAYOUT', says: /found a tensor/ });
  });
});

describe('hostile pickles', () => {
  it('names os.system and does not run it', () => {
    const witness = path.join(tmpdir(), `pickle-was-executed-${process.pid}`);
    // What Python's pickle.dumps writes for an object whose __reduce__ returns (os.system, ("touch …",)).
    const call = pickleOf(globalOf('posix', 'system'), tupleOf(textOf(`touch ${witness}`)), REDUCE);
    refuses(call, { code: 'CHECKPOINT_UNSAFE', says: /names "posix\.system"/ });
    assert.equal(existsSync(witness), false);
  });

  for (const [module, name] of [
    ['os', 'system'],
    ['builtins', 'eval'],
    ['torch', 'load'],
    ['torch._utils', '_rebuild_tensor_v3'],
    ['torch', 'FloatStorage.__init__'],
    ['', '__proto__'],
  ] as const) {
    it(`refuses the global ${module}.${name}, also by STACK_GLOBAL`, () => {
      refuses(rootOf(globalOf(module, name)), { code: 'CHECKPOINT_UNSAFE', says: new RegExp(`${name}"`) });
      const stackGlobal = Buffer.concat([textOf(module), textOf(name), Buffer.from([0x93])]);
      refuses(rootOf(stackGlobal), { code: 'CHECKPOINT_UNSAFE', says: new RegExp(`${name}"`) });
    });
  }

  for (const [name, bytes] of [
    ['INST', Buffer.from('(ios\nsystem\n')],
    ['OBJ', Buffer.from('o')],
    ['NEWOBJ', Buffer.from([0x81])],
    ['NEWOBJ_EX', Buffer.from([0x92])],
    ['EXT1', Buffer.from([0x82, 1])],
    ['EXT2', Buffer.from([0x83, 1, 0])],
    ['EXT4', Buffer.from([0x84, 1, 0, 0, 0])],
    ['PERSID', Buffer.from('Px\n')],
    ['DUP', Buffer.from('2')],
    ['BINBYTES8', Buffer.from([0x8e, 255, 255, 255, 255, 255, 255, 255, 127])],
  ] as const) {
    it(`refuses the opcode ${name}`, () => {
      refuses(rootOf(ORDERED_DICT, EMPTY_TUPLE, bytes), { code: 'CHECKPOINT_UNSAFE', says: new RegExp(`${name} at`) });
    });
  }

  it('refuses to call what is no known callable', () => {
    const storage = rootOf(globalOf('torch', 'FloatStorage'), EMPTY_TUPLE, REDUCE);
    refuses(storage, { code: 'CHECKPOINT_UNSAFE', says: /this one calls torch\.FloatStorage/ });
    refuses(rootOf(textOf('system'), EMPTY_TUPLE, REDUCE), { code: 'CHECKPOINT_UNSAFE', says: /calls a string/ });
  });

  it('refuses a persistent id of another class than a storage', () => {
    const id = tupleOf(
      textOf('storage'),
      globalOf('collections', 'OrderedDict'),
      textOf('0'),
      textOf('cpu'),
      integerOf(4),
    );
    refuses(rootOf(id, BINPERSID), { code: 'CHECKPOINT_UNSAFE', says: /storage class/ });
  });

  it('refuses lying sizes, strides and offsets of a tensor', () => {
    const cases: [Parameters<typeof tensorOf>[0], ErrorCode, RegExp][] = [
      [{ ...TWO_BY_TWO, shape: [-1, 2] }, 'CHECKPOINT_CORRUPT', /the number -1/],
      [{ ...TWO_BY_TWO, strides: [-2, 1] }, 'CHECKPOINT_CORRUPT', /the number -2/],
      [{ ...TWO_BY_TWO, storageOffset: -1 }, 'CHECKPOINT_CORRUPT', /the number -1/],
      [{ ...TWO_BY_TWO, strides: [1] }, 'CHECKPOINT_CORRUPT', /each of 2 dimensions; found 1/],
      [{ ...TWO_BY_TWO, shape: [2 ** 20, 2 ** 20] }, 'CHECKPOINT_LIMIT', /at most 1073741824 elements/],
      [{ ...TWO_BY_TWO, shape: new Array(9).fill(1), strides: new Array(9).fill(1) }, 'CHECKPOINT_LIMIT', /dimensions/],
      [{ ...TWO_BY_TWO, storageElements: 2 ** 53 }, 'CHECKPOINT_LIMIT', /2\^53/],
    ];
    for (const [view, code, says] of cases) refuses(rootOf(tensorOf(view)), { code, says });
  });

  it('refuses wrong arguments of the calls it knows', () => {
    const calls = [
      [globalOf('torch._utils', '_rebuild_tensor_v2'), EMPTY_TUPLE],
      [
        globalOf('torch._utils', '_rebuild_tensor_v2'),
        tupleOf(textOf('0'), NEWFALSE, NEWFALSE, NEWFALSE, NEWFALSE, NEWFALSE),
      ],
      [globalOf('torch._utils', '_rebuild_parameter'), tupleOf(NEWFALSE, NEWFALSE, ORDERED_DICT)],
      [globalOf('collections', 'OrderedDict'), tupleOf(NEWFALSE)],
    ];
    for (const call of calls) refuses(rootOf(...call, REDUCE), { code: 'CHECKPOINT_CORRUPT', says: /other arguments/ });
  });

  it('stops at its limits on memory and depth', () => {
    const repeated = (opcodes: Uint8Array, times: number) => pickleOf(...new Array<Uint8Array>(times).fill(opcodes));
    const none = Buffer.from('N');
    refuses(repeated(none, 20_001), { code: 'CHECKPOINT_LIMIT', says: /stack/ });
    refuses(repeated(MARK, 65), { code: 'CHECKPOINT_LIMIT', says: /marks/ });
    refuses(pickleOf(none, ...new Array<Uint8Array>(33).fill(Buffer.from([0x85]))), {
      code: 'CHECKPOINT_LIMIT',
      says: /nested/,
    });
    // A list that is appended to itself.
    refuses(pickleOf(Buffer.from(']q\0'), ...new Array<Uint8Array>(33).fill(Buffer.from('h\0a'))), {
      code: 'CHECKPOINT_LIMIT',
      says: /nested/,
    });
    refuses(pickleOf(none, Buffer.from([0x72, 0, 0, 0, 0x80])), {
      code: 'CHECKPOINT_LIMIT',
      says: /memo entries; found number 2147483648/,
    });
    refuses(rootOf(textOf('x'.repeat(4097))), { code: 'CHECKPOINT_LIMIT', says: /strings of at most 4096 bytes/ });
    refuses(pickleOf(Buffer.from([0x8a, 255]), Buffer.alloc(255)), { code: 'CHECKPOINT_LIMIT', says: /integers/ });
    // The same value put into the memo over and over.
    refuses(pickleOf(none, Buffer.alloc(4_000_000, 'q\0')), { code: 'CHECKPOINT_LIMIT', says: /opcodes/ });
  });

  it('refuses what is damaged', () => {
    const cases: [Uint8Array, RegExp][] = [
      [Buffer.alloc(0), /ends before that/],
      [Buffer.from('N.'), /protocol 2 to 5; found one that starts with byte 78/],
      [Buffer.from([0x80, 9, 0x2e]), /found 9/],
      [pickleOf(Buffer.from([0xff])), /found byte 255/],
      [pickleOf(), /value on the pickle stack/],
      [pickleOf(Buffer.from('NN')), /one value at the end/],
      [pickleOf(Buffer.from('N(')), /value on the pickle stack/],
      [pickleOf(Buffer.from('t')), /open mark/],
      [pickleOf(Buffer.from('h\x07')), /memo entry 7/],
      [pickleOf(Buffer.from('N.')), /more bytes follow/],
      [pickleOf(Buffer.from([0x8c, 2, 0xc3, 0x28])), /UTF-8/],
      [pickleOf(EMPTY_DICT, MARK, textOf('x'), Buffer.from('u')), /key alone/],
      [pickleOf(EMPTY_DICT, EMPTY_DICT, Buffer.from('Ns')), /dict keys/],
      [pickleOf(Buffer.from('NNa')), /list to append to; found None/],
      [pickleOf(Buffer.from('cposix')), /end of it/],
    ];
    for (const [pickle, says] of cases) refuses(pickle, { code: 'CHECKPOINT_CORRUPT', says });
  });
});

describe('any bytes as a pickle', () => {
  const sound = dictPickle([
    ['a', TENSOR],
    ['b', TENSOR],
  ]);

  function readsOrRefuses(bytes: Uint8Array): void {
    try {
      readPickle(bytes);
    } catch (error) {
      assert.ok(isSensebindError(error), `not one of ours: ${error}`);
    }
  }

  it('end in tensors or in a typed error', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (noise) => readsOrRefuses(Buffer.concat([PROTO_2, noise]))),
    );
  });

  it('that were sound before some were replaced end in tensors or in a typed error', () => {
    const replacements = fc.array(fc.tuple(fc.nat(sound.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(replacements, fc.nat(sound.length), (changes, cut) => {
        const bytes = Buffer.from(sound);
        for (const [position, value] of changes) bytes[position] = value;
        readsOrRefuses(bytes);
        readsOrRefuses(bytes.subarray(0, cut));
      }),
    );
  });
});
