import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Micros } from '../../runtime/clock';
import { isSensebindError } from '../../runtime/errors';
import { type EncodedItem, encodeItem } from './encodeItem';
import { type ChannelDeclaration, McapFile } from './mcapFile';
import { type OpenOutput, syncFolder, unwritable } from './outputFile';
import type { RecordingItem, RecordingLimits, WriterStats } from './recordingItem';
import { LIMITS } from './refusals';
import { segmentPath, segmentsAmong } from './segments';

/** What is written in front of every segment, so that each can be read alone. */
export interface RecordingPreamble {
  /** The program and its version. */
  readonly library: string;
  /** One run of a recorder: times of different sessions cannot be compared. */
  readonly session: string;
  /** Wall time minus monotonic time when the session began. */
  readonly epochMinusMonotonicMicros: Micros;
  /** The configuration that was recorded, without secrets, as JSON. */
  readonly configuration: string;
}

export interface RecordingWriterOptions extends RecordingPreamble {
  readonly folder: string;
  readonly limits: RecordingLimits;
}

/** Index, schemas and what stands in front of a segment, beside its chunks. */
const OVERHEAD_BYTES = 2 ** 16;

interface OpenSegment {
  readonly file: McapFile;
  readonly number: number;
  readonly startMicros: Micros;
  readonly channels: Map<string, { readonly id: number; sequence: number }>;
}

/**
 * Writes a recording: segments in a folder, the oldest removed for the newest. Everything blocks: it runs in a thread of
 * its own. Methods throw `DISK_FULL` or `FILE_UNWRITABLE`; after that only {@link abandon} may be called.
 */
export class RecordingWriter {
  readonly #options: RecordingWriterOptions;
  readonly #open: OpenOutput;
  readonly #finished: { readonly path: string; readonly byteLength: number }[] = [];
  #segment: OpenSegment | undefined;
  #finishedBytes = 0;
  #nextNumber = 1;
  #doneBytes = 0;
  #messages = 0;
  #segments = 0;
  #removedSegments = 0;
  #invalid = 0;
  #tooLarge = 0;

  /** Makes the folder where there is none; goes on after the segments that are in it. */
  constructor(options: RecordingWriterOptions, open: OpenOutput) {
    this.#options = options;
    this.#open = open;
    try {
      makeFolder(options.folder);
      for (const { path, number } of segmentsAmong(
        options.folder,
        readdirSync(options.folder, { withFileTypes: true }),
      )) {
        this.#keep(path, statSync(path).size);
        this.#nextNumber = number + 1;
      }
    } catch (error) {
      throw unwritable(options.folder, error);
    }
  }

  get stats(): WriterStats {
    return {
      messages: this.#messages,
      bytes: this.#doneBytes + (this.#segment?.file.byteLength ?? 0),
      segments: this.#segments,
      removedSegments: this.#removedSegments,
      invalid: this.#invalid,
      tooLarge: this.#tooLarge,
    };
  }

  /** @param logMicros - When it came: microseconds since the epoch that never run backwards within a session. */
  write(item: RecordingItem, logMicros: Micros): void {
    const encoded = this.#encode(item);
    if (encoded === undefined) return;
    if (encoded.data.byteLength > LIMITS.messageBytes) {
      this.#tooLarge++;
      return;
    }
    this.#guarded(() => {
      const segment = this.#segmentFor(encoded.data.byteLength, logMicros);
      this.#makeRoom(encoded.data.byteLength + OVERHEAD_BYTES);
      const channel = channelOf(segment, encoded.channel);
      segment.file.addMessage({
        channel: channel.id,
        sequence: channel.sequence++,
        logNanos: nanosOf(logMicros),
        publishNanos: nanosOf(Math.max(0, encoded.timeMicros)),
        data: encoded.data,
      });
      this.#messages++;
    });
  }

  /** Makes durable what was written so far. */
  flush(): void {
    this.#guarded(() => {
      this.#segment?.file.flush();
      this.#segment?.file.sync();
    });
  }

  /** Ends the recording in an orderly way. */
  close(): void {
    this.#guarded(() => this.#finish());
  }

  /** Ends it after a failure: the last segment stays as it is. */
  abandon(): void {
    this.#segment?.file.abandon();
    this.#doneBytes += this.#segment?.file.byteLength ?? 0;
    this.#segment = undefined;
  }

  #encode(item: RecordingItem): EncodedItem | undefined {
    try {
      return encodeItem(item);
    } catch (error) {
      if (!isSensebindError(error, 'INPUT_INVALID')) throw error;
      this.#invalid++;
      return undefined;
    }
  }

  #segmentFor(byteLength: number, logMicros: Micros): OpenSegment {
    const { segmentBytes, segmentMicros } = this.#options.limits;
    const current = this.#segment;
    const isFull =
      current !== undefined &&
      current.channels.size > 0 &&
      (current.file.byteLength + byteLength > segmentBytes || logMicros - current.startMicros >= segmentMicros);
    if (isFull) this.#finish();
    this.#segment ??= this.#start(logMicros);
    return this.#segment;
  }

  #start(startMicros: Micros): OpenSegment {
    const { folder, library, session, configuration, epochMinusMonotonicMicros } = this.#options;
    this.#makeRoom(OVERHEAD_BYTES + configuration.length);
    const number = this.#nextNumber++;
    const output = this.#open(segmentPath(folder, number, { isFinished: false }));
    const file = new McapFile(output, library);
    this.#segment = { file, number, startMicros, channels: new Map() };
    this.#segments++;
    const logTime = nanosOf(startMicros);
    const metadata = new Map([
      ['format', '1'],
      ['session', session],
      ['start_micros', String(startMicros)],
      ['start_monotonic_micros', String(startMicros - epochMinusMonotonicMicros)],
    ]);
    file.addMetadata({ name: 'sensebind', metadata });
    file.addAttachment({
      name: 'configuration.json',
      mediaType: 'application/json',
      logTime,
      createTime: logTime,
      data: Buffer.from(configuration),
    });
    file.sync();
    syncFolder(folder);
    return this.#segment;
  }

  #finish(): void {
    const segment = this.#segment;
    if (segment === undefined) return;
    const { folder } = this.#options;
    segment.file.finish();
    const path = segmentPath(folder, segment.number, { isFinished: true });
    renameSync(segmentPath(folder, segment.number, { isFinished: false }), path);
    syncFolder(folder);
    this.#keep(path, segment.file.byteLength);
    this.#doneBytes += segment.file.byteLength;
    this.#segment = undefined;
  }

  #keep(path: string, byteLength: number): void {
    this.#finished.push({ path, byteLength });
    this.#finishedBytes += byteLength;
  }

  /** Removes the oldest segments until so many bytes more are within the limit. */
  #makeRoom(byteLength: number): void {
    const { totalBytes } = this.#options.limits;
    const openBytes = this.#segment?.file.byteLength ?? 0;
    while (this.#finishedBytes + openBytes + byteLength > totalBytes) {
      const oldest = this.#finished.shift();
      if (oldest === undefined) return;
      rmSync(oldest.path, { force: true });
      this.#finishedBytes -= oldest.byteLength;
      this.#removedSegments++;
    }
  }

  #guarded(action: () => void): void {
    try {
      action();
    } catch (error) {
      throw isSensebindError(error) ? error : unwritable(this.#options.folder, error);
    }
  }
}

function channelOf(segment: OpenSegment, declaration: ChannelDeclaration): { readonly id: number; sequence: number } {
  const key = `${declaration.metadata.get('kind')} ${declaration.topic}`;
  const known = segment.channels.get(key);
  if (known !== undefined) return known;
  const added = { id: segment.file.addChannel(declaration), sequence: 0 };
  segment.channels.set(key, added);
  return added;
}

function nanosOf(micros: Micros): bigint {
  return BigInt(Math.round(micros)) * 1000n;
}

/**
 * As `mkdir -p`. Node's recursive form never returns where a file system says that a folder cannot be made because
 * something is missing, although its parent is there: /proc does.
 */
function makeFolder(folder: string): void {
  try {
    mkdirSync(folder);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'EEXIST' && statSync(folder).isDirectory()) return;
    if (code !== 'ENOENT' || existsSync(dirname(folder))) throw error;
    makeFolder(dirname(folder));
    mkdirSync(folder);
  }
}
