import { opendir, readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { machinePorts } from '../../devices/ports/ports';
import { Recorder } from '../../devices/recording/recorder';
import { recordingName } from '../../devices/recording/recordingName';
import type { Clock, Millis, Timer } from '../clock';
import { redacted } from '../commands/verbs/node';
import type { RecordingSummary, Recordings } from '../commands/verbs/recording';
import { isSensebindError, messageOf, SensebindError } from '../errors';
import { knownError } from '../knownError';
import { decodeGray16, decodePicture } from '../preprocess/pictureFile';
import type { FrameMemory, Loss, Reading } from '../reading';
import { type Source, SupervisedSource } from '../source';
import { openDevice } from './openDevice';

export interface NodeRecordingsOptions {
  readonly folder: string;
  /** The program and its version. */
  readonly library: string;
  readonly clock: Clock;
  readonly memory: FrameMemory;
  readonly onFailed: (error: SensebindError) => void;
}

/** All recordings of a node together: whoever commands it from afar must not fill its disk. */
const MOST_KEPT_BYTES = 20e9;

/** A recording has a file every few minutes: far more than the bytes above allow. */
const MOST_FILES = 50_000;

const SEGMENT_BYTES = 2 ** 28;
const SEGMENT_MICROS = 600e6;

/** How often its size is looked at. What the writer had in its hands by then comes on top. */
const LOOK = 1000 as Millis;

interface Running {
  readonly id: string;
  readonly recorder: Recorder;
  readonly sources: ReadonlySet<string>;
  /** When it ends by itself, and when its size is looked at next. */
  end: Timer | undefined;
  look: Timer | undefined;
}

/** Recordings in a folder of the node, one at a time. */
export class NodeRecordings implements Recordings {
  readonly #options: NodeRecordingsOptions;
  #running: Running | undefined;
  readonly #closing = new AbortController();

  constructor(options: NodeRecordingsOptions) {
    this.#options = options;
  }

  get current(): string | undefined {
    return this.#running?.id;
  }

  async start({ configuration, ...limits }: Parameters<Recordings['start']>[0]): Promise<RecordingSummary> {
    const { folder, library, clock } = this.#options;
    const { signal } = this.#closing;
    const keptBytes = await bytesUnder(folder, signal);
    if (keptBytes + limits.maxBytes > MOST_KEPT_BYTES) throw full(folder, keptBytes);
    const id = recordingName(clock);
    const recorder = await Recorder.create({
      folder: path.join(folder, id),
      clock,
      // It ends at its limit; until that is noticed, nothing of it is removed.
      limits: {
        segmentBytes: SEGMENT_BYTES,
        segmentMicros: SEGMENT_MICROS,
        totalBytes: 2 * limits.maxBytes + SEGMENT_BYTES,
      },
      configuration: JSON.stringify(redacted(configuration), null, 2),
      library,
      onStatus: (status) => {
        if (status.state === 'stopped') this.#options.onFailed(status.error);
      },
    });
    if (signal.aborted) {
      await recorder.close();
      throw aborted();
    }
    const running: Running = { id, recorder, sources: new Set(limits.sources), end: undefined, look: undefined };
    this.#running = running;
    this.#limit(running, limits);
    return summaryOf(running);
  }

  async stop(): Promise<RecordingSummary | undefined> {
    const running = this.#running;
    if (running === undefined) return undefined;
    this.#running = undefined;
    running.end?.cancel();
    running.look?.cancel();
    await running.recorder.close();
    return summaryOf(running);
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.stop();
  }

  reading(source: string, reading: Reading): void {
    if (this.#running?.sources.has(source) === true) this.#running.recorder.reading(reading);
  }

  lost(source: string, reason: Loss, amount: number): void {
    if (this.#running?.sources.has(source) === true) this.#running.recorder.lost(source, reason, amount);
  }

  async replay(played: Parameters<Recordings['replay']>[0]): Promise<Source | undefined> {
    const { folder, clock, memory } = this.#options;
    const { recording, source, as, modality, speed } = played;
    const known = await readdir(folder).catch((): string[] => []);
    if (!known.includes(recording) || recording === this.current) return undefined;
    const options = { kind: `replay-${modality}`, path: path.join(folder, recording), source, speed };
    const driver = openDevice(options, {
      source: as,
      clock,
      folder,
      memory,
      decodeGray16,
      decodePicture,
      ports: machinePorts(clock),
    });
    return new SupervisedSource(as, driver, { clock });
  }

  #limit(running: Running, limits: { readonly maxSeconds: number; readonly maxBytes: number }): void {
    const { clock, onFailed } = this.#options;
    const end = (): void => {
      if (this.#running !== running) return;
      this.stop().catch((error: unknown) => onFailed(knownError('recording', error)));
    };
    running.end = clock.setTimer((limits.maxSeconds * 1000) as Millis, end, { background: true });
    const look = (): void => {
      const isOver = running.recorder.stats.bytes >= limits.maxBytes || running.recorder.status.state !== 'recording';
      if (isOver) end();
      else running.look = clock.setTimer(LOOK, look, { background: true });
    };
    look();
  }
}

function summaryOf({ id, recorder }: Running): RecordingSummary {
  const { messages, bytes, queueFull, afterStop, invalid, tooLarge } = recorder.stats;
  return { recording: id, messages, bytes, dropped: queueFull + afterStop + invalid + tooLarge };
}

/** One file after the other, and no more than the limit: a node that stops does not wait for it. */
async function bytesUnder(folder: string, signal: AbortSignal): Promise<number> {
  let bytes = 0;
  let files = 0;
  try {
    for await (const entry of await opendir(folder, { recursive: true })) {
      if (signal.aborted) throw aborted();
      if (++files > MOST_FILES) throw tooMany(folder);
      if (entry.isFile()) bytes += (await stat(path.join(entry.parentPath, entry.name))).size;
    }
    return bytes;
  } catch (error) {
    if (isSensebindError(error)) throw error;
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return 0;
    throw new SensebindError(
      'FILE_UNREADABLE',
      `expected the recordings of this node in ${folder}, found: ${messageOf(error)}`,
      'check the permissions of the folder',
      { cause: error },
    );
  }
}

function aborted(): SensebindError {
  return new SensebindError(
    'REQUEST_ABORTED',
    'expected a node that goes on, found one that was told to stop before the recording began',
    'begin it again when the node is back',
  );
}

function tooMany(folder: string): SensebindError {
  return new SensebindError(
    'RECORDING_LIMIT',
    `expected at most ${MOST_FILES} files of recordings, found more`,
    `remove recordings from ${folder}`,
  );
}

function full(folder: string, keptBytes: number): SensebindError {
  return new SensebindError(
    'DISK_FULL',
    `expected room for a recording within the ${MOST_KEPT_BYTES / 1e9} GB that may be kept, found ${(keptBytes / 1e9).toFixed(1)} GB of others`,
    `remove recordings from ${folder}, or ask for less`,
  );
}
