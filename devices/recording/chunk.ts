import { crc32 } from 'node:zlib';
import { McapRecordBuilder, type McapTypes, Opcode } from '@mcap/core';

/** A message of a file, its times in nanoseconds. */
export interface McapMessage {
  readonly channel: number;
  readonly sequence: number;
  readonly logNanos: bigint;
  readonly publishNanos: bigint;
  /** Not changed any more: it is kept until the chunk is written. */
  readonly data: Uint8Array;
}

/** A chunk as it stands in a file, and what its index says of it. */
export interface BuiltChunk {
  /** The record, in pieces: pictures are not copied again. */
  readonly pieces: readonly Uint8Array[];
  readonly byteLength: number;
  readonly recordsByteLength: number;
  readonly startNanos: bigint;
  readonly endNanos: bigint;
  readonly indexes: readonly McapTypes.MessageIndex[];
}

const MESSAGE_HEADER_BYTES = 31;
const CHUNK_HEADER_BYTES = 49;
/** Opcode and length: what a record's length does not count. */
const RECORD_HEADER_BYTES = 9;

/** Schemas, channels and messages that are written together. */
export class Chunk {
  readonly #records = new McapRecordBuilder();
  readonly #indexes = new Map<number, McapTypes.MessageIndex>();
  readonly #pieces: Uint8Array[] = [];
  #byteLength = 0;
  #messages = 0;
  #startNanos = 0n;
  #endNanos = 0n;

  get byteLength(): number {
    return this.#byteLength;
  }

  get isEmpty(): boolean {
    return this.#messages === 0;
  }

  addSchema(schema: McapTypes.Schema): void {
    this.#records.writeSchema(schema);
    this.#takeRecord();
  }

  addChannel(channel: McapTypes.Channel): void {
    this.#records.writeChannel(channel);
    this.#takeRecord();
  }

  addMessage({ channel, sequence, logNanos, publishNanos, data }: McapMessage): void {
    const index = this.#indexes.get(channel) ?? { channelId: channel, records: [] };
    this.#indexes.set(channel, index);
    index.records.push([logNanos, BigInt(this.#byteLength)]);
    if (this.isEmpty || logNanos < this.#startNanos) this.#startNanos = logNanos;
    if (this.isEmpty || logNanos > this.#endNanos) this.#endNanos = logNanos;
    this.#messages++;
    const header = Buffer.alloc(MESSAGE_HEADER_BYTES);
    header.writeUInt8(Opcode.MESSAGE);
    header.writeBigUInt64LE(BigInt(MESSAGE_HEADER_BYTES - RECORD_HEADER_BYTES + data.byteLength), 1);
    header.writeUInt16LE(channel, 9);
    header.writeUInt32LE(sequence, 11);
    header.writeBigUInt64LE(logNanos, 15);
    header.writeBigUInt64LE(publishNanos, 23);
    this.#take(header);
    this.#take(data);
  }

  build(): BuiltChunk {
    const recordsByteLength = this.#byteLength;
    let crc = 0;
    for (const piece of this.#pieces) crc = crc32(piece, crc);
    const header = Buffer.alloc(CHUNK_HEADER_BYTES);
    header.writeUInt8(Opcode.CHUNK);
    header.writeBigUInt64LE(BigInt(CHUNK_HEADER_BYTES - RECORD_HEADER_BYTES + recordsByteLength), 1);
    header.writeBigUInt64LE(this.#startNanos, 9);
    header.writeBigUInt64LE(this.#endNanos, 17);
    header.writeBigUInt64LE(BigInt(recordsByteLength), 25);
    header.writeUInt32LE(crc, 33);
    // At 37: the length of the name of a compression, of which there is none.
    header.writeBigUInt64LE(BigInt(recordsByteLength), 41);
    return {
      pieces: [header, ...this.#pieces],
      byteLength: CHUNK_HEADER_BYTES + recordsByteLength,
      recordsByteLength,
      startNanos: this.#startNanos,
      endNanos: this.#endNanos,
      indexes: [...this.#indexes.values()],
    };
  }

  #takeRecord(): void {
    this.#take(this.#records.buffer);
    this.#records.reset();
  }

  #take(piece: Uint8Array): void {
    this.#pieces.push(piece);
    this.#byteLength += piece.byteLength;
  }
}
