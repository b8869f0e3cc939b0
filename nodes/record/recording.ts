import { rmdir } from 'node:fs/promises';
import path from 'node:path';
import { Recorder } from '../../devices/recording/recorder';
import { recordingName } from '../../devices/recording/recordingName';
import type { Clock, Micros, Millis, Timer } from '../../runtime/clock';
import type { SensebindError } from '../../runtime/errors';
import { packageVersion } from '../../runtime/packageVersion';
import { filesIn, underWay } from './retention';

/** When a recording ends by itself. */
export interface RecordingEnd {
  readonly bytes: number;
  readonly micros: Micros;
}

/** What became of a recording. */
export interface FinishedRecording {
  readonly kind: 'recording';
  /** Its folder. */
  readonly path: string;
  readonly files: readonly string[];
  readonly messages: number;
  readonly bytes: number;
  /** What was not recorded. */
  readonly dropped: number;
  readonly startMicros: Micros;
  readonly endMicros: Micros;
}

export interface RecordingOptions {
  /** Where recordings are kept: each has a folder of its own in it. */
  readonly folder: string;
  readonly end: RecordingEnd;
  readonly clock: Clock;
  /** Of the node, for whoever finds the file. */
  readonly configuration: object;
  /** A limit is reached, or the disk takes no more. */
  readonly onEnd: () => void;
  /** About once a second. */
  readonly onProgress: () => void;
  readonly onFailed: (error: SensebindError) => void;
}

/** How often its size is looked at. What is written meanwhile comes on top. */
const LOOK = 1000 as Millis;

/** A file has no end of its own: the recording ends first. */
const BEYOND_END = { bytes: 2 ** 28, micros: 600e6 } as const;

/** One recording: one file in a folder of its own, written by a thread. */
export class Recording {
  readonly path: string;
  readonly recorder: Recorder;
  readonly #options: RecordingOptions;
  readonly #startMicros: Micros;
  readonly #startMonotonicMicros: Micros;
  #look: Timer | undefined;

  private constructor(options: RecordingOptions, folder: string, recorder: Recorder) {
    this.#options = options;
    this.path = folder;
    this.recorder = recorder;
    this.#startMicros = options.clock.epochMicros();
    this.#startMonotonicMicros = options.clock.monotonicMicros();
    this.#lookLater();
  }

  /** @throws {SensebindError} `FILE_UNWRITABLE` or `DISK_FULL`. */
  static async begin(options: RecordingOptions): Promise<Recording> {
    const { clock, end, configuration, onFailed } = options;
    const folder = path.join(options.folder, recordingName(clock));
    underWay.add(folder);
    try {
      const recorder = await Recorder.create({
        folder,
        clock,
        limits: {
          segmentBytes: 2 * end.bytes + BEYOND_END.bytes,
          segmentMicros: end.micros + BEYOND_END.micros,
          totalBytes: 4 * end.bytes + 2 * BEYOND_END.bytes,
        },
        configuration: JSON.stringify(configuration),
        library: `sensebind ${packageVersion()}`,
        onStatus: (status) => {
          if (status.state === 'stopped') onFailed(status.error);
        },
      });
      return new Recording(options, folder, recorder);
    } catch (error) {
      underWay.delete(folder);
      throw error;
    }
  }

  get seconds(): number {
    return (this.#options.clock.monotonicMicros() - this.#startMonotonicMicros) / 1e6;
  }

  /** Readings that were not recorded. */
  get dropped(): number {
    const { queueFull, afterStop, invalid, tooLarge } = this.recorder.stats;
    return queueFull + afterStop + invalid + tooLarge;
  }

  /** Ends it; nothing is left of one without a single message. Never rejects for what a disk does. */
  async finish(): Promise<FinishedRecording | undefined> {
    this.#look?.cancel();
    await this.recorder.close();
    underWay.delete(this.path);
    const { messages, bytes } = this.recorder.stats;
    if (messages === 0) {
      await rmdir(this.path).catch(() => undefined);
      return undefined;
    }
    return {
      kind: 'recording',
      path: this.path,
      files: await filesIn(this.path).catch(() => []),
      messages,
      bytes,
      dropped: this.dropped,
      startMicros: this.#startMicros,
      endMicros: this.#options.clock.epochMicros(),
    };
  }

  #lookLater(): void {
    const { clock, end, onEnd, onProgress } = this.#options;
    const look = (): void => {
      const isOver =
        this.recorder.stats.bytes >= end.bytes ||
        clock.monotonicMicros() - this.#startMonotonicMicros >= end.micros ||
        this.recorder.status.state !== 'recording';
      if (isOver) {
        onEnd();
      } else {
        onProgress();
        this.#lookLater();
      }
    };
    this.#look = clock.setTimer(LOOK, look, { background: true });
  }
}
