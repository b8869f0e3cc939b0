import { invalid, overLimit } from './refusals';

/**
 * Records of MCAP (https://mcap.dev/spec), as far as a reader of our recordings needs them. Sizes are checked against
 * the bytes that are there before anything is allocated; bytes are views, not copies.
 *
 * Every function throws `RECORDING_INVALID` for bytes that are not the record.
 */

export interface SchemaRecord {
  readonly id: number;
  readonly name: string;
  readonly encoding: string;
  readonly data: Uint8Array;
}

export interface ChannelRecord {
  readonly id: number;
  readonly schemaId: number;
  readonly topic: string;
  readonly messageEncoding: string;
  readonly metadata: ReadonlyMap<string, string>;
}

export interface MessageRecord {
  readonly channelId: number;
  readonly logNanos: bigint;
  readonly data: Uint8Array;
}

export interface ChunkRecord {
  readonly compression: string;
  readonly uncompressedSize: bigint;
  readonly uncompressedCrc: number;
  readonly records: Uint8Array;
}

/** Opcode and length in front of every record. */
export const RECORD_HEADER_BYTES = 9;

/** The opcode and the length of a record's content, which `bytes` start with. */
export function recordHeader(bytes: Uint8Array): { readonly opcode: number; readonly byteLength: bigint } {
  const cursor = new Cursor(bytes);
  return { opcode: cursor.uint8(), byteLength: cursor.uint64() };
}

export function parseHeader(content: Uint8Array): { readonly profile: string; readonly library: string } {
  const cursor = new Cursor(content);
  return { profile: cursor.text(), library: cursor.text() };
}

export function parseSchema(content: Uint8Array): SchemaRecord {
  const cursor = new Cursor(content);
  const id = cursor.uint16();
  const name = cursor.text();
  const encoding = cursor.text();
  return { id, name, encoding, data: cursor.bytes(cursor.uint32()) };
}

export function parseChannel(content: Uint8Array): ChannelRecord {
  const cursor = new Cursor(content);
  return {
    id: cursor.uint16(),
    schemaId: cursor.uint16(),
    topic: cursor.text(),
    messageEncoding: cursor.text(),
    metadata: cursor.textMap(),
  };
}

export function parseMessage(content: Uint8Array): MessageRecord {
  const cursor = new Cursor(content);
  const channelId = cursor.uint16();
  cursor.uint32();
  const logNanos = cursor.uint64();
  cursor.uint64();
  return { channelId, logNanos, data: cursor.rest() };
}

export function parseChunk(content: Uint8Array): ChunkRecord {
  const cursor = new Cursor(content);
  cursor.uint64();
  cursor.uint64();
  const uncompressedSize = cursor.uint64();
  const uncompressedCrc = cursor.uint32();
  const compression = cursor.text();
  return { uncompressedSize, uncompressedCrc, compression, records: cursor.bytes(cursor.length64()) };
}

export function parseMetadata(content: Uint8Array): {
  readonly name: string;
  readonly metadata: ReadonlyMap<string, string>;
} {
  const cursor = new Cursor(content);
  return { name: cursor.text(), metadata: cursor.textMap() };
}

export function parseAttachment(content: Uint8Array): { readonly name: string; readonly data: Uint8Array } {
  const cursor = new Cursor(content);
  cursor.uint64();
  cursor.uint64();
  const name = cursor.text();
  cursor.text();
  return { name, data: cursor.bytes(cursor.length64()) };
}

/** The records that stand one after the other in a chunk. */
export function* recordsIn(bytes: Uint8Array): Generator<{ readonly opcode: number; readonly content: Uint8Array }> {
  const cursor = new Cursor(bytes);
  while (cursor.left > 0) {
    const opcode = cursor.uint8();
    yield { opcode, content: cursor.bytes(cursor.length64()) };
  }
}

/** Entries of the metadata of a channel; ours has three. */
const MAX_MAP_ENTRIES = 64;

const utf8 = new TextDecoder('utf-8', { fatal: true });

class Cursor {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #position = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get left(): number {
    return this.#bytes.byteLength - this.#position;
  }

  uint8(): number {
    return this.#view.getUint8(this.#advance(1));
  }

  uint16(): number {
    return this.#view.getUint16(this.#advance(2), true);
  }

  uint32(): number {
    return this.#view.getUint32(this.#advance(4), true);
  }

  uint64(): bigint {
    return this.#view.getBigUint64(this.#advance(8), true);
  }

  /** A length of 64 bits, which cannot be more than what is left. */
  length64(): number {
    const length = this.uint64();
    if (length > BigInt(this.left)) throw invalid(`at most ${this.left} bytes`, `a length of ${length}`);
    return Number(length);
  }

  bytes(length: number): Uint8Array {
    const start = this.#advance(length);
    return this.#bytes.subarray(start, start + length);
  }

  rest(): Uint8Array {
    return this.bytes(this.left);
  }

  text(): string {
    const bytes = this.bytes(this.uint32());
    try {
      return utf8.decode(bytes);
    } catch {
      throw invalid('text in UTF-8', `the bytes ${Buffer.from(bytes.subarray(0, 16)).toString('hex')}`);
    }
  }

  textMap(): ReadonlyMap<string, string> {
    const entries = new Cursor(this.bytes(this.uint32()));
    const map = new Map<string, string>();
    while (entries.left > 0) {
      if (map.size >= MAX_MAP_ENTRIES) throw overLimit('entries of metadata', map.size + 1, MAX_MAP_ENTRIES);
      map.set(entries.text(), entries.text());
    }
    return map;
  }

  /** Where the next `length` bytes start. */
  #advance(length: number): number {
    if (length > this.left) throw invalid(`at most ${this.left} bytes`, `a length of ${length}`);
    const start = this.#position;
    this.#position += length;
    return start;
  }
}
