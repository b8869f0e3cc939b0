import type { ElementType } from './stateDict';

/** Opcodes of protocol 2 and their arguments as bytes (CPython's Lib/pickletools.py), from which pickles are put together. */

export const PROTO_2 = Buffer.from([0x80, 2]);
export const MARK = Buffer.from('(');
export const TUPLE = Buffer.from('t');
export const EMPTY_TUPLE = Buffer.from(')');
export const REDUCE = Buffer.from('R');
export const SETITEM = Buffer.from('s');
export const BINPERSID = Buffer.from('Q');
export const NEWFALSE = Buffer.from([0x89]);
export const STOP = Buffer.from('.');

export function globalOf(module: string, name: string): Buffer {
  return Buffer.from(`c${module}\n${name}\n`);
}

export function textOf(text: string): Buffer {
  const bytes = Buffer.from(text);
  const head = Buffer.from('X\0\0\0\0');
  head.writeUInt32LE(bytes.length, 1);
  return Buffer.concat([head, bytes]);
}

export function integerOf(value: number): Buffer {
  if (value >= -(2 ** 31) && value < 2 ** 31) {
    const bytes = Buffer.from('J\0\0\0\0');
    bytes.writeInt32LE(value, 1);
    return bytes;
  }
  const long = Buffer.from([0x8a, 8, 0, 0, 0, 0, 0, 0, 0, 0]);
  long.writeBigInt64LE(BigInt(value), 2);
  return long;
}

export function tupleOf(...items: readonly Uint8Array[]): Buffer {
  return Buffer.concat([MARK, ...items, TUPLE]);
}

export const ORDERED_DICT = Buffer.concat([globalOf('collections', 'OrderedDict'), EMPTY_TUPLE, REDUCE]);

const STORAGE_CLASSES: Readonly<Record<ElementType, string>> = {
  float32: 'FloatStorage',
  float16: 'HalfStorage',
  bfloat16: 'BFloat16Storage',
  int64: 'LongStorage',
};

/** A tensor in a storage, as PyTorch describes it. Strides and offset are in elements. */
export interface TensorView {
  readonly elementType: ElementType;
  readonly storageKey: string;
  readonly storageElements: number;
  readonly storageOffset: number;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
}

/** The call of `torch._utils._rebuild_tensor_v2` that builds a view of a storage. */
export function tensorOf(view: TensorView): Buffer {
  const storage = tupleOf(
    textOf('storage'),
    globalOf('torch', STORAGE_CLASSES[view.elementType]),
    textOf(view.storageKey),
    textOf('cpu'),
    integerOf(view.storageElements),
  );
  return Buffer.concat([
    globalOf('torch._utils', '_rebuild_tensor_v2'),
    tupleOf(
      storage,
      BINPERSID,
      integerOf(view.storageOffset),
      tupleOf(...view.shape.map(integerOf)),
      tupleOf(...view.strides.map(integerOf)),
      NEWFALSE,
      ORDERED_DICT,
    ),
    REDUCE,
  ]);
}

/** A whole pickle of one dict, from the bytes that build its values. */
export function dictPickle(entries: Iterable<readonly [name: string, value: Uint8Array]>): Buffer {
  const items = [...entries].flatMap(([name, value]) => [textOf(name), value, SETITEM]);
  return Buffer.concat([PROTO_2, ORDERED_DICT, ...items, STOP]);
}
