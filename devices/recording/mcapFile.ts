import { McapRecordBuilder, type McapTypes, Opcode } from '@mcap/core';
import { Chunk, type McapMessage } from './chunk';
import type { OutputFile } from './outputFile';

/** A channel as it is asked for; its id is given by the file. */
export interface ChannelDeclaration {
  readonly topic: string;
  readonly messageEncoding: 'protobuf' | 'json';
  readonly schema: { readonly name: string; readonly encoding: 'protobuf' | 'jsonschema'; readonly data: Uint8Array };
  readonly metadata: ReadonlyMap<string, string>;
}

/** A chunk is written before it grows larger than this, unless it is one message, and whenever it is flushed. */
const CHUNK_BYTES = 2 ** 20;

/**
 * Writes one MCAP file (https://mcap.dev/spec), indexed, in chunks that are not compressed and each have a CRC.
 *
 * The writer of @mcap/core has no way to write a chunk that is not full: the last minutes of a slow sensor would be lost
 * with the power. So this one builds the same file of the library's records. Methods throw the errors of the file; what
 * was written before stays a whole number of records where the disk allows it.
 */
export class McapFile {
  readonly #file: OutputFile;
  readonly #records = new McapRecordBuilder();
  readonly #schemas = new Map<string, McapTypes.Schema>();
  readonly #channels: McapTypes.Channel[] = [];
  readonly #chunkIndexes: McapTypes.ChunkIndex[] = [];
  readonly #attachmentIndexes: McapTypes.AttachmentIndex[] = [];
  readonly #metadataIndexes: McapTypes.MetadataIndex[] = [];
  readonly #messageCounts = new Map<number, bigint>();
  #startNanos = 0n;
  #endNanos = 0n;
  #position = 0;
  #chunk = new Chunk();

  constructor(file: OutputFile, library: string) {
    this.#file = file;
    this.#records.writeMagic();
    this.#records.writeHeader({ profile: '', library });
    this.#write();
  }

  /** Bytes of the file when what waits is flushed. */
  get byteLength(): number {
    return this.#position + this.#chunk.byteLength;
  }

  addAttachment(attachment: McapTypes.Attachment): void {
    const length = this.#records.writeAttachment(attachment);
    const { data, ...rest } = attachment;
    this.#attachmentIndexes.push({ ...rest, dataSize: BigInt(data.byteLength), offset: this.#offset(), length });
    this.#write();
  }

  addMetadata(metadata: McapTypes.Metadata): void {
    const length = this.#records.writeMetadata(metadata);
    this.#metadataIndexes.push({ name: metadata.name, offset: this.#offset(), length });
    this.#write();
  }

  /** @returns The channel's id. */
  addChannel({ topic, messageEncoding, schema, metadata }: ChannelDeclaration): number {
    const known = this.#schemas.get(schema.name) ?? { id: this.#schemas.size + 1, ...schema };
    if (!this.#schemas.has(schema.name)) {
      this.#schemas.set(schema.name, known);
      this.#chunk.addSchema(known);
    }
    const id = this.#channels.length + 1;
    const channel = { id, schemaId: known.id, topic, messageEncoding, metadata: new Map(metadata) };
    this.#channels.push(channel);
    this.#chunk.addChannel(channel);
    return id;
  }

  addMessage(message: McapMessage): void {
    const { channel, logNanos, data } = message;
    if (this.#chunk.byteLength + data.byteLength > CHUNK_BYTES) this.flush();
    this.#chunk.addMessage(message);
    const isFirst = this.#messageCounts.size === 0;
    if (isFirst || logNanos < this.#startNanos) this.#startNanos = logNanos;
    if (isFirst || logNanos > this.#endNanos) this.#endNanos = logNanos;
    this.#messageCounts.set(channel, (this.#messageCounts.get(channel) ?? 0n) + 1n);
  }

  /** Hands over to the system what waits. */
  flush(): void {
    if (this.#chunk.isEmpty) return;
    const { pieces, byteLength, recordsByteLength, startNanos, endNanos, indexes } = this.#chunk.build();
    this.#chunk = new Chunk();
    const messageIndexOffsets = new Map<number, bigint>();
    let messageIndexLength = 0n;
    for (const index of indexes) {
      messageIndexOffsets.set(index.channelId, this.#offset() + BigInt(byteLength) + messageIndexLength);
      messageIndexLength += this.#records.writeMessageIndex(index);
    }
    this.#chunkIndexes.push({
      messageStartTime: startNanos,
      messageEndTime: endNanos,
      chunkStartOffset: this.#offset(),
      chunkLength: BigInt(byteLength),
      messageIndexOffsets,
      messageIndexLength,
      compression: '',
      compressedSize: BigInt(recordsByteLength),
      uncompressedSize: BigInt(recordsByteLength),
    });
    this.#write(pieces);
  }

  sync(): void {
    this.#file.sync();
  }

  /** Writes the index, makes the file durable and closes it. */
  finish(): void {
    this.flush();
    // Of 0: not computed. The CRC of each chunk says more, as it costs one chunk and not the file.
    this.#records.writeDataEnd({ dataSectionCrc: 0 });
    this.#write();
    this.#writeSummary();
    this.#file.sync();
    this.#file.close();
  }

  /** Closes the file as it is: readable up to its end, without an index. */
  abandon(): void {
    this.#file.close();
  }

  #writeSummary(): void {
    const summaryStart = this.#offset();
    const offsets: McapTypes.SummaryOffset[] = [];
    const group = (groupOpcode: Opcode, records: Iterable<() => bigint>): void => {
      const groupStart = this.#offset();
      for (const write of records) write();
      const groupLength = BigInt(this.#records.length);
      if (groupLength > 0n) offsets.push({ groupOpcode, groupStart, groupLength });
      this.#write();
    };
    const records = this.#records;
    group(
      Opcode.SCHEMA,
      [...this.#schemas.values()].map((schema) => () => records.writeSchema(schema)),
    );
    group(
      Opcode.CHANNEL,
      this.#channels.map((channel) => () => records.writeChannel(channel)),
    );
    group(Opcode.STATISTICS, [() => records.writeStatistics(this.#statistics())]);
    group(
      Opcode.METADATA_INDEX,
      this.#metadataIndexes.map((index) => () => records.writeMetadataIndex(index)),
    );
    group(
      Opcode.ATTACHMENT_INDEX,
      this.#attachmentIndexes.map((index) => () => records.writeAttachmentIndex(index)),
    );
    group(
      Opcode.CHUNK_INDEX,
      this.#chunkIndexes.map((index) => () => records.writeChunkIndex(index)),
    );
    const summaryOffsetStart = this.#offset();
    for (const offset of offsets) records.writeSummaryOffset(offset);
    records.writeFooter({ summaryStart, summaryOffsetStart, summaryCrc: 0 });
    records.writeMagic();
    this.#write();
  }

  #statistics(): McapTypes.Statistics {
    let messageCount = 0n;
    for (const count of this.#messageCounts.values()) messageCount += count;
    return {
      messageCount,
      schemaCount: this.#schemas.size,
      channelCount: this.#channels.length,
      attachmentCount: this.#attachmentIndexes.length,
      metadataCount: this.#metadataIndexes.length,
      chunkCount: this.#chunkIndexes.length,
      messageStartTime: this.#startNanos,
      messageEndTime: this.#endNanos,
      channelMessageCounts: this.#messageCounts,
    };
  }

  #offset(): bigint {
    return BigInt(this.#position);
  }

  /** Writes these pieces and the records that were built, all or none of them where the disk allows it. */
  #write(pieces: readonly Uint8Array[] = []): void {
    const all = [...pieces, this.#records.buffer];
    this.#records.reset();
    try {
      this.#file.append(all);
    } catch (error) {
      this.#cutBack();
      throw error;
    }
    for (const piece of all) this.#position += piece.byteLength;
  }

  #cutBack(): void {
    try {
      this.#file.truncate(this.#position);
    } catch {
      // A torn record at the end is what readers of recordings expect after a loss of power, too.
    }
  }
}
