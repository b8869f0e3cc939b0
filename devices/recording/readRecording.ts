import { readdir, stat } from 'node:fs/promises';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Micros } from '../../runtime/clock';
import type { Embedding } from '../../runtime/embedding';
import { SensebindError } from '../../runtime/errors';
import type { FrameMemory, Reading } from '../../runtime/reading';
import { parseJson, type RecordedChannel } from './channels';
import { decodeEmbedding, decodeLoss, decodeReading, type RecordedLoss } from './decodeMessage';
import { unreadable, withInput } from './inputFile';
import { readSegment, type SegmentItem, type SessionStart } from './readSegment';
import { LIMITS, overLimit } from './refusals';
import { segmentsAmong } from './segments';

interface Logged {
  readonly source: string;
  /** When it was recorded: microseconds since the epoch, ascending within a session. */
  readonly logMicros: Micros;
}

/** What comes out of a recording, in the order in which it was recorded. */
export type RecordedItem =
  /** One run of the recorder begins. `configuration` is JSON. */
  | ({ readonly kind: 'session'; readonly configuration: string | undefined } & SessionStart)
  /** The frame of a picture is held until the next item is asked for: retain it to keep it for longer. */
  | (Logged & { readonly kind: 'reading'; readonly reading: Reading })
  | (Logged & { readonly kind: 'loss'; readonly loss: RecordedLoss })
  | (Logged & { readonly kind: 'embedding'; readonly embedding: Embedding })
  | (Logged & { readonly kind: 'document'; readonly name: string; readonly value: unknown })
  /** There was no memory for a picture. */
  | (Logged & { readonly kind: 'no-memory' })
  | { readonly kind: 'corrupt'; readonly byteLength: number }
  | Cut;

/** A file ended before its end: all that was durable before was read. */
export interface Cut {
  readonly kind: 'cut';
  readonly path: string;
  readonly atByte: number;
  /** Bytes that belong to no whole record. */
  readonly restBytes: number;
}

export interface ReadOptions {
  readonly memory: FrameMemory;
  /** Leaves out the channels that nobody wants, undecoded. */
  readonly wants?: (channel: RecordedChannel) => boolean;
}

/** A message that is not decoded yet, and what else stands in the files. */
export type RawItem = Exclude<SegmentItem, { readonly kind: 'cut' }> | Cut;

/**
 * The files of a recording, the oldest first: a folder of segments, or a single file.
 *
 * @throws {SensebindError} `FILE_UNREADABLE` when there is no recording.
 */
export async function filesOf(path: string): Promise<readonly string[]> {
  try {
    if (!(await stat(path)).isDirectory()) return [path];
    const segments = segmentsAmong(path, await readdir(path, { withFileTypes: true }));
    if (segments.length > LIMITS.segments) throw overLimit('segments', segments.length, LIMITS.segments);
    if (segments.length > 0) return segments.map((segment) => segment.path);
  } catch (error) {
    throw error instanceof SensebindError ? error : unreadable(path, error);
  }
  throw unreadable(path, 'a folder without segment-000001.mcap or any other segment');
}

/** Everything that the files hold, undecoded. Throws as {@link readSegment} does. */
export async function* readRaw(files: readonly string[]): AsyncGenerator<RawItem> {
  for (const path of files) {
    for await (const item of withInput(path, readSegment)) {
      yield item.kind === 'cut' ? { ...item, path } : item;
    }
  }
}

/**
 * Reads a recording, one item at a time: the next one is read when it is asked for. Readings have the bits that were
 * recorded, times among them, and the flag `replayed`.
 *
 * @throws {SensebindError} `FILE_UNREADABLE`; `RECORDING_INVALID`, `RECORDING_LIMIT` or `RECORDING_UNSUPPORTED`, after
 * all that came before.
 */
export async function* readRecording(path: string, options: ReadOptions): AsyncGenerator<RecordedItem> {
  yield* decodeItems(readRaw(await filesOf(path)), options);
}

/** Messages and bytes that are decoded before others get their turn: about a millisecond. */
const DECODED_AT_ONCE = { messages: 16, bytes: 2 ** 20 } as const;

/** As {@link readRecording}, of what the files hold. */
export async function* decodeItems(raw: AsyncIterable<RawItem>, options: ReadOptions): AsyncGenerator<RecordedItem> {
  let current: string | undefined;
  let begun: SessionStart | undefined;
  let messages = 0;
  let bytes = 0;
  for await (const item of raw) {
    if (item.kind === 'session') {
      const { kind, ...start } = item;
      begun = start.session === current ? undefined : start;
      current = start.session;
      continue;
    }
    if (begun !== undefined) {
      yield { ...begun, kind: 'session', configuration: item.kind === 'configuration' ? item.text : undefined };
      begun = undefined;
    }
    if (item.kind === 'corrupt' || item.kind === 'cut') yield item;
    if (item.kind !== 'message' || !(options.wants?.(item.channel) ?? true)) continue;
    messages++;
    bytes += item.data.byteLength;
    if (messages > DECODED_AT_ONCE.messages || bytes > DECODED_AT_ONCE.bytes) {
      await nextTurn();
      messages = 1;
      bytes = item.data.byteLength;
    }
    yield* decoded(item, options.memory);
  }
}

function* decoded(
  { channel, logMicros, data }: SegmentItem & { readonly kind: 'message' },
  memory: FrameMemory,
): Generator<RecordedItem> {
  if (channel.kind === 'foreign') return;
  const logged = { source: channel.source, logMicros };
  switch (channel.kind) {
    case 'reading': {
      const reading = decodeReading(data, { ...channel, memory });
      if (reading === undefined) return yield { ...logged, kind: 'no-memory' };
      try {
        yield { ...logged, kind: 'reading', reading: replayed(reading) };
      } finally {
        if ('frame' in reading) reading.frame.release();
      }
      return;
    }
    case 'loss':
      return yield { ...logged, kind: 'loss', loss: decodeLoss(data) };
    case 'embedding':
      return yield { ...logged, kind: 'embedding', embedding: decodeEmbedding(data) };
    case 'document':
      return yield { ...logged, kind: 'document', name: channel.name, value: parseJson(data) };
  }
}

function replayed(reading: Reading): Reading {
  return reading.flags.includes('replayed') ? reading : { ...reading, flags: [...reading.flags, 'replayed'] };
}
