import { setImmediate as nextTurn } from 'node:timers/promises';
import { crc32 } from 'node:zlib';
import { MCAP_MAGIC, Opcode } from '@mcap/core';
import type { Micros } from '../../runtime/clock';
import { checkSchema, type RecordedChannel, recordedChannel } from './channels';
import type { InputFile } from './inputFile';
import {
  type ChunkRecord,
  type MessageRecord,
  parseAttachment,
  parseChannel,
  parseChunk,
  parseHeader,
  parseMessage,
  parseMetadata,
  parseSchema,
  RECORD_HEADER_BYTES,
  recordHeader,
  recordsIn,
  type SchemaRecord,
} from './mcapRecords';
import { invalid, LIMITS, overLimit, unsupported } from './refusals';

/** One run of a recorder, and one instant of it on both of its clocks: when the file began. */
export interface SessionStart {
  readonly session: string;
  readonly startMicros: Micros;
  readonly startMonotonicMicros: Micros;
}

/** What stands in a file of a recording, in its order. */
export type SegmentItem =
  | ({ readonly kind: 'session' } & SessionStart)
  /** JSON, as it was given to the recorder. */
  | { readonly kind: 'configuration'; readonly text: string }
  /** The bytes are valid until the next item is asked for. */
  | {
      readonly kind: 'message';
      readonly channel: RecordedChannel;
      readonly logMicros: Micros;
      readonly data: Uint8Array;
    }
  /** A chunk whose bytes are not those that were written. */
  | { readonly kind: 'corrupt'; readonly byteLength: number }
  /** The last item of a file that ends before its end: the power was lost, or it is being written. */
  | { readonly kind: 'cut'; readonly atByte: number; readonly restBytes: number };

/** The longest content of a record that anything is done with, or that is passed over. */
const CONTENT_BYTES: ReadonlyMap<number, number> = new Map([
  [Opcode.HEADER, LIMITS.metadataBytes],
  [Opcode.METADATA, LIMITS.metadataBytes],
  [Opcode.CHANNEL, LIMITS.channelBytes],
  [Opcode.SCHEMA, LIMITS.schemaBytes + LIMITS.metadataBytes],
  [Opcode.MESSAGE, LIMITS.chunkBytes],
  [Opcode.CHUNK, LIMITS.chunkBytes],
  [Opcode.ATTACHMENT, LIMITS.configurationBytes],
]);

/** Of indexes, and of records that a later version of the format may have. */
const PASSED_OVER_BYTES = 2 ** 28;

/**
 * Reads a file of a recording from its beginning, without its index: as far as it goes. Memory is bounded by the largest
 * chunk that is accepted, whatever the file says.
 *
 * @throws {SensebindError} `RECORDING_INVALID`, `RECORDING_LIMIT`, `RECORDING_UNSUPPORTED`, after all that came before.
 */
export async function* readSegment(file: InputFile): AsyncGenerator<SegmentItem> {
  const contents = new SegmentContents();
  const magic = await file.read(0, Math.min(MCAP_MAGIC.length, file.byteLength));
  if (isNotWritten(magic)) return yield { kind: 'cut', atByte: 0, restBytes: file.byteLength };
  requireMagic(magic);
  let position = MCAP_MAGIC.length;
  let isIndex = false;
  for (;;) {
    const cut = { kind: 'cut', atByte: position, restBytes: file.byteLength - position } as const;
    const header = await file.read(position, Math.min(RECORD_HEADER_BYTES, cut.restBytes));
    if (header.byteLength < RECORD_HEADER_BYTES) return yield cut;
    const { opcode, byteLength } = recordHeader(header);
    // No record is of kind 0: zeros, too, are a cut.
    if (opcode === 0) return yield cut;
    const limit = CONTENT_BYTES.get(opcode) ?? PASSED_OVER_BYTES;
    if (byteLength > BigInt(limit)) throw overLimit(`bytes in a record of kind ${opcode}`, Number(byteLength), limit);
    const start = position + RECORD_HEADER_BYTES;
    position = start + Number(byteLength);
    if (position > file.byteLength) return yield cut;
    if (opcode === Opcode.FOOTER) return yield* trailer(file, position);
    if (opcode === Opcode.DATA_END) isIndex = true;
    if (isIndex || !CONTENT_BYTES.has(opcode)) continue;
    const content = await file.read(start, Number(byteLength));
    if (content.byteLength < byteLength) return yield cut;
    if (opcode === Opcode.CHUNK) yield* contents.chunk(await parseCheckedChunk(content));
    else yield* contents.record(opcode, content);
  }
}

/** What is checked before others get their turn: about a millisecond. */
const CHECKED_AT_ONCE_BYTES = 2 ** 20;

interface CheckedChunk extends ChunkRecord {
  readonly isIntact: boolean;
}

async function parseCheckedChunk(content: Uint8Array): Promise<CheckedChunk> {
  const chunk = parseChunk(content);
  requirePlain(chunk);
  const { records, uncompressedCrc } = chunk;
  let crc = 0;
  for (let start = 0; start < records.byteLength && uncompressedCrc !== 0; start += CHECKED_AT_ONCE_BYTES) {
    if (start > 0) await nextTurn();
    crc = crc32(records.subarray(start, start + CHECKED_AT_ONCE_BYTES), crc);
  }
  return { ...chunk, isIntact: crc === uncompressedCrc };
}

/** What was allocated but never written reads as zeros after a loss of power. */
function isNotWritten(magic: Uint8Array): boolean {
  return magic.byteLength < MCAP_MAGIC.length || magic.at(-1) === 0;
}

function requireMagic(found: Uint8Array): void {
  if (Buffer.compare(found, Buffer.from(MCAP_MAGIC)) === 0) return;
  throw invalid('the magic bytes of MCAP', `the bytes ${Buffer.from(found).toString('hex')}`);
}

/** The magic bytes stand at the end, too. */
async function* trailer(file: InputFile, position: number): AsyncGenerator<SegmentItem> {
  const restBytes = file.byteLength - position;
  const magic = await file.read(position, Math.min(MCAP_MAGIC.length, restBytes));
  if (isNotWritten(magic)) return yield { kind: 'cut', atByte: position, restBytes };
  requireMagic(magic);
  const after = restBytes - MCAP_MAGIC.length;
  if (after > 0) throw invalid('the end of the file after the last magic bytes', `${after} bytes more`);
}

/** What the records of one file have said so far. */
class SegmentContents {
  readonly #schemas = new Map<number, SchemaRecord>();
  readonly #channels = new Map<number, { readonly topic: string; readonly channel: RecordedChannel }>();
  #library = '';
  #isOurs: boolean = false;
  #isMissingChunks: boolean = false;

  *record(opcode: number, content: Uint8Array): Generator<SegmentItem> {
    switch (opcode) {
      case Opcode.HEADER:
        this.#library = parseHeader(content).library;
        return;
      case Opcode.METADATA:
        return yield* this.#metadata(content);
      case Opcode.ATTACHMENT: {
        const { name, data } = parseAttachment(content);
        if (name === 'configuration.json') yield { kind: 'configuration', text: Buffer.from(data).toString('utf8') };
        return;
      }
      case Opcode.SCHEMA:
      case Opcode.CHANNEL:
      case Opcode.MESSAGE:
        return yield* this.#data(opcode, content);
    }
  }

  *chunk({ records, isIntact }: CheckedChunk): Generator<SegmentItem> {
    if (isIntact) {
      for (const { opcode, content } of recordsIn(records)) yield* this.#data(opcode, content);
    } else {
      this.#isMissingChunks = true;
      yield { kind: 'corrupt', byteLength: records.byteLength };
    }
  }

  *#metadata(content: Uint8Array): Generator<SegmentItem> {
    const { name, metadata } = parseMetadata(content);
    if (name !== 'sensebind') return;
    const format = metadata.get('format') ?? 'none';
    if (format !== '1') throw unsupported(`the format ${JSON.stringify(format.slice(0, 80))}`, 'update sensebind');
    this.#isOurs = true;
    yield {
      kind: 'session',
      session: (metadata.get('session') ?? '').slice(0, 80),
      startMicros: timeOf(metadata, 'start_micros'),
      startMonotonicMicros: timeOf(metadata, 'start_monotonic_micros'),
    };
  }

  /** Records that may stand in a chunk. */
  *#data(opcode: number, content: Uint8Array): Generator<SegmentItem> {
    switch (opcode) {
      case Opcode.SCHEMA:
        return this.#schema(parseSchema(content));
      case Opcode.CHANNEL:
        return this.#channel(content);
      case Opcode.MESSAGE:
        return yield* this.#message(parseMessage(content));
      default:
        if (opcode <= Opcode.MAX)
          throw invalid('schemas, channels and messages in a chunk', `a record of kind ${opcode}`);
    }
  }

  #schema(schema: SchemaRecord): void {
    if (this.#schemas.size >= LIMITS.channels) throw overLimit('schemas', this.#schemas.size + 1, LIMITS.channels);
    checkSchema(schema);
    this.#schemas.set(schema.id, schema);
  }

  #channel(content: Uint8Array): void {
    const record = parseChannel(content);
    const known = this.#channels.get(record.id);
    if (known !== undefined && known.topic !== record.topic)
      throw invalid(`one channel of the number ${record.id}`, 'two');
    if (this.#channels.size >= LIMITS.channels) throw overLimit('channels', this.#channels.size + 1, LIMITS.channels);
    const schema = this.#schemas.get(record.schemaId);
    if (schema === undefined && record.schemaId !== 0) {
      if (this.#isMissingChunks) return;
      throw invalid(`the schema ${record.schemaId} of a channel`, 'none');
    }
    this.#channels.set(record.id, { topic: record.topic, channel: recordedChannel(record, schema) });
  }

  *#message({ channelId, logNanos, data }: MessageRecord): Generator<SegmentItem> {
    if (!this.#isOurs)
      throw unsupported(`one of ${JSON.stringify(this.#library.slice(0, 80))}`, 'record with sensebind record');
    const known = this.#channels.get(channelId);
    if (known !== undefined)
      yield { kind: 'message', channel: known.channel, logMicros: Number(logNanos / 1000n), data };
    else if (this.#isMissingChunks) yield { kind: 'corrupt', byteLength: data.byteLength };
    else throw invalid(`the channel ${channelId} of a message`, 'none');
  }
}

function timeOf(metadata: ReadonlyMap<string, string>, key: string): Micros {
  const text = metadata.get(key) ?? '';
  const micros = Number(text);
  if (text === '' || !Number.isFinite(micros)) throw invalid(`a time as ${key}`, JSON.stringify(text.slice(0, 80)));
  return micros;
}

function requirePlain({ compression, uncompressedSize, records }: ChunkRecord): void {
  if (compression !== '') {
    throw unsupported(
      `chunks compressed with ${JSON.stringify(compression.slice(0, 16))}`,
      'decompress it first: mcap decompress IN.mcap --output OUT.mcap',
    );
  }
  if (uncompressedSize !== BigInt(records.byteLength))
    throw invalid(`a chunk of ${records.byteLength} bytes`, `one that says ${uncompressedSize}`);
}
