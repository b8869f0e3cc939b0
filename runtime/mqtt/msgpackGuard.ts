import { SensebindError } from '../errors';

/** What a message from outside may look like; far more than `emb/1` needs. */
const LIMITS = { bytes: 2 ** 20, depth: 3, entries: 256, textBytes: 1024 } as const;

/**
 * Walks msgpack bytes before they are decoded (https://github.com/msgpack/msgpack/blob/master/spec.md) and refuses what
 * our messages never hold: extension types (a decoder may build code for them), deep nesting, announced lengths beyond
 * the bytes there are, and anything after the one value.
 *
 * @throws {SensebindError} `MESSAGE_INVALID`.
 */
export function guardMsgpack(bytes: Uint8Array): void {
  if (bytes.length > LIMITS.bytes) throw refused(`${bytes.length} bytes`);
  const walk = new Walk(bytes);
  walk.value(0);
  if (walk.offset !== bytes.length) throw refused(`${bytes.length - walk.offset} bytes after the message`);
}

class Walk {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  offset = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  value(depth: number): void {
    const type = this.#unsigned(1);
    if (type > 0x7f && type < 0xe0) this.#sized(type, depth);
  }

  /** Types whose size, or the size of whose length, follows from a table (msgpack specification, "Formats"). */
  #sized(type: number, depth: number): void {
    if (type <= 0x8f) this.#entries(2 * (type & 0x0f), depth);
    else if (type <= 0x9f) this.#entries(type & 0x0f, depth);
    else if (type <= 0xbf) this.#skip(type & 0x1f, LIMITS.textBytes);
    else if (type >= 0xc4 && type <= 0xc6) this.#skip(this.#unsigned(lengthBytes(type - 0xc4)), LIMITS.bytes);
    else if (type === 0xca) this.#skip(4, 4);
    else if (type === 0xcb) this.#skip(8, 8);
    else if (type >= 0xcc && type <= 0xd3) this.#skip(2 ** (type & 3), 8);
    else if (type >= 0xd9 && type <= 0xdb) this.#skip(this.#unsigned(lengthBytes(type - 0xd9)), LIMITS.textBytes);
    else if (type === 0xdc || type === 0xdd) this.#entries(this.#unsigned(lengthBytes(type - 0xdb)), depth);
    else if (type === 0xde || type === 0xdf) this.#entries(2 * this.#unsigned(lengthBytes(type - 0xdd)), depth);
    else if (type !== 0xc0 && type !== 0xc2 && type !== 0xc3) throw refused(`the type 0x${type.toString(16)}`);
  }

  #entries(count: number, depth: number): void {
    if (count > 2 * LIMITS.entries) throw refused(`a list or map of ${count} values`);
    if (depth >= LIMITS.depth) throw refused(`nesting deeper than ${LIMITS.depth}`);
    for (let index = 0; index < count; index++) this.value(depth + 1);
  }

  #skip(bytes: number, most: number): void {
    if (bytes > most) throw refused(`a value of ${bytes} bytes`);
    this.#require(bytes);
    this.offset += bytes;
  }

  #unsigned(bytes: 1 | 2 | 4): number {
    this.#require(bytes);
    const at = this.offset;
    this.offset += bytes;
    if (bytes === 1) return this.#view.getUint8(at);
    return bytes === 2 ? this.#view.getUint16(at) : this.#view.getUint32(at);
  }

  #require(bytes: number): void {
    if (this.offset + bytes > this.#bytes.length) throw refused('fewer bytes than it announces');
  }
}

/** Lengths come in one, two or four bytes, in the order of the type numbers. */
function lengthBytes(index: number): 1 | 2 | 4 {
  if (index <= 0) return 1;
  return index === 1 ? 2 : 4;
}

function refused(found: string): SensebindError {
  return new SensebindError(
    'MESSAGE_INVALID',
    `expected a small msgpack map, found ${found}`,
    'look at who publishes on this topic',
  );
}
