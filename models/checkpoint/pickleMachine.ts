import {
  describeValue,
  isKind,
  type PickleDictionary,
  type PickleList,
  type PickleTuple,
  type PickleValue,
} from './pickleValues';
import { corrupt, overLimit } from './refusals';

/** Far above what the 1311 tensors of the full layout need (about 40 opcodes and 9 memo entries each). */
const MAX_OPCODES = 2_000_000;
const MAX_STACK = 20_000;
const MAX_MARKS = 64;
const MAX_NESTING = 32;
const MAX_MEMO = 500_000;
const MAX_STRING_BYTES = 4096;
const MAX_LONG_BYTES = 8;

/**
 * The parts of a pickle machine that need no knowledge of torch: input, stack, marks and memo, each with its limit.
 * An opcode pushes at most one value, so memory grows with the number of opcodes and no faster.
 */
export class PickleMachine {
  readonly #bytes: Buffer;
  readonly #stack: PickleValue[] = [];
  /** Stack heights at the open marks; what lies below the last one is out of reach. */
  readonly #marks: number[] = [];
  readonly #memo = new Map<number, PickleValue>();
  #position = 0;
  #opcodes = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get position(): number {
    return this.#position;
  }

  get atEnd(): boolean {
    return this.#position === this.#bytes.length;
  }

  nextOpcode(): number {
    this.#opcodes++;
    if (this.#opcodes > MAX_OPCODES) throw overLimit(`Expected at most ${MAX_OPCODES} pickle opcodes; found more.`);
    return this.take(1).readUInt8();
  }

  /** The next `byteLength` bytes of the input. */
  take(byteLength: number): Buffer {
    const end = this.#position + byteLength;
    if (end > this.#bytes.length) {
      throw corrupt(
        `Expected ${byteLength} more pickle bytes at position ${this.#position}; the pickle ends before that.`,
      );
    }
    const taken = this.#bytes.subarray(this.#position, end);
    this.#position = end;
    return taken;
  }

  takeText(byteLength: number): string {
    if (byteLength > MAX_STRING_BYTES) {
      throw overLimit(`Expected pickle strings of at most ${MAX_STRING_BYTES} bytes; found one of ${byteLength}.`);
    }
    const bytes = this.take(byteLength);
    try {
      return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    } catch (error) {
      throw corrupt(`Expected UTF-8 in the pickle string before position ${this.#position}.`, { cause: error });
    }
  }

  /** A text up to the next line feed. */
  takeLine(): string {
    const rest = this.#bytes.subarray(this.#position, this.#position + MAX_STRING_BYTES);
    const length = rest.indexOf('\n');
    if (length < 0) throw corrupt(`Expected a line of text at pickle position ${this.#position}; found no end of it.`);
    const line = this.takeText(length);
    this.take(1);
    return line;
  }

  /** A two's complement little-endian integer of `byteLength` bytes. */
  takeLong(byteLength: number): number {
    if (byteLength > MAX_LONG_BYTES) {
      throw overLimit(`Expected pickle integers of at most ${MAX_LONG_BYTES} bytes; found one of ${byteLength}.`);
    }
    const bytes = this.take(byteLength);
    let value = 0n;
    for (const [index, byte] of bytes.entries()) value |= BigInt(byte) << BigInt(8 * index);
    const signed = Number(BigInt.asIntN(8 * byteLength, value));
    if (!Number.isSafeInteger(signed)) throw overLimit(`Expected a pickle integer below 2^53; found ${signed}.`);
    return signed;
  }

  push(value: PickleValue): void {
    if (this.#stack.length >= MAX_STACK) throw overLimit(`Expected a pickle stack of at most ${MAX_STACK} values.`);
    this.#stack.push(value);
  }

  pop(): PickleValue {
    const value = this.top();
    this.#stack.pop();
    return value;
  }

  top(): PickleValue {
    const value = this.#stack.at(-1);
    if (value === undefined || this.#stack.length <= (this.#marks.at(-1) ?? 0)) {
      throw corrupt(`Expected a value on the pickle stack at position ${this.#position}; found none.`);
    }
    return value;
  }

  popMany(count: number): PickleValue[] {
    const values = Array.from({ length: count }, () => this.pop());
    return values.reverse();
  }

  mark(): void {
    if (this.#marks.length >= MAX_MARKS)
      throw overLimit(`Expected at most ${MAX_MARKS} open pickle marks; found more.`);
    this.#marks.push(this.#stack.length);
  }

  popToMark(): PickleValue[] {
    const height = this.#marks.pop();
    if (height === undefined) throw corrupt(`Expected an open mark at pickle position ${this.#position}; found none.`);
    return this.#stack.splice(height);
  }

  /** Remembers the top of the stack; without an index, under the next free one. */
  remember(index = this.#memo.size): void {
    if (index >= MAX_MEMO) throw overLimit(`Expected at most ${MAX_MEMO} pickle memo entries; found number ${index}.`);
    this.#memo.set(index, this.top());
  }

  recall(index: number): void {
    const value = this.#memo.get(index);
    if (value === undefined) throw corrupt(`Expected pickle memo entry ${index}; nothing was stored there.`);
    this.push(value);
  }

  /** The only value left. */
  result(): PickleValue {
    const value = this.pop();
    if (this.#stack.length > 0 || this.#marks.length > 0) {
      throw corrupt(`Expected one value at the end of the pickle; found ${this.#stack.length + 1}.`);
    }
    return value;
  }
}

export function tupleOf(items: readonly PickleValue[]): PickleTuple {
  const tuple: PickleTuple = { kind: 'tuple', items, depth: 1 };
  for (const item of items) nest(tuple, item);
  return tuple;
}

export function appendTo(list: PickleValue, items: readonly PickleValue[]): void {
  if (!isKind(list, 'list')) throw corrupt(`Expected a list to append to; found ${describeValue(list)}.`);
  for (const item of items) {
    nest(list, item);
    list.items.push(item);
  }
}

/** Sets keys and values, given in turn. As in Python a key that comes again replaces the first. */
export function setItems(dictionary: PickleValue, items: readonly PickleValue[]): void {
  if (!isKind(dictionary, 'dictionary')) {
    throw corrupt(`Expected a dict to set items of; found ${describeValue(dictionary)}.`);
  }
  for (let index = 0; index < items.length; index += 2) {
    const key = items[index];
    const value = items[index + 1];
    if (value === undefined) throw corrupt('Expected pairs of key and value; found a key alone.');
    if (typeof key !== 'string' && typeof key !== 'number') {
      throw corrupt(`Expected dict keys that are strings or integers; found ${describeValue(key)}.`);
    }
    nest(dictionary, value);
    dictionary.entries.set(key, value);
  }
}

type Container = PickleTuple | PickleList | PickleDictionary;

function nest(container: Container, item: PickleValue): void {
  if (typeof item !== 'object' || item === null || !('depth' in item)) return;
  container.depth = Math.max(container.depth, item.depth + 1);
  if (container.depth > MAX_NESTING)
    throw overLimit(`Expected values nested at most ${MAX_NESTING} deep; found deeper.`);
}
