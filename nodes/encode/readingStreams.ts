import type { Clock, Micros, Millis } from '../../runtime/clock';
import type { Embedding } from '../../runtime/embedding';
import { isSensebindError, SensebindError } from '../../runtime/errors';
import { FramePool } from '../../runtime/frames';
import { LaneMeter } from '../../runtime/laneMeter';
import type { Modality, Reading } from '../../runtime/reading';
import { SourceEncoder } from '../../runtime/sourceEncoder';
import type { WindowSize, WindowSpan } from '../../runtime/window/window';
import type { Encoders } from '../shared/encoders';

export interface StreamsOptions {
  /** Id of the node. */
  readonly node: string;
  readonly clock: Clock;
  readonly size: WindowSize;
  readonly channel: number;
  /** The only modality that is taken; all, where it is left out. */
  readonly modality?: Modality;
  readonly onEmbedding: (of: Streamed) => void;
  /** A window was lost that should not have been. */
  readonly onFailed: (error: SensebindError) => void;
}

/** An embedding, and where it comes from. */
export interface Streamed {
  readonly source: string;
  readonly modality: Modality;
  readonly embedding: Embedding;
  readonly span: WindowSpan;
}

/** Windows that wait for the worker, and their memory. */
const FRAME_LIMITS = { frames: 64, bytes: 64 * 2 ** 20 } as const;

/** More sources than this in one node are a mistake: each has windows of its own. */
const MOST_SOURCES = 64;

/** How often is said that a source cannot be encoded: its readings come many times a second. */
const REMINDER = 30_000 as Millis;

interface Stream {
  readonly encoder: SourceEncoder;
  readonly meter: LaneMeter;
}

/** Readings of any number of sources → embeddings, one stream of windows a source and modality. */
export class ReadingStreams {
  readonly #options: StreamsOptions;
  readonly #encoders: Encoders;
  readonly #streams = new Map<string, Stream>();
  /** When a source that is refused was last told of, by key. */
  readonly #refused = new Map<string, Micros>();
  readonly #pool = new FramePool(FRAME_LIMITS);
  #refusedReadings = 0;

  constructor(encoders: Encoders, options: StreamsOptions) {
    this.#encoders = encoders;
    this.#options = options;
  }

  /** Windows and readings that were dropped since the node was deployed. */
  get dropped(): number {
    let sum = this.#refusedReadings;
    for (const { meter } of this.#streams.values()) sum += meter.dropped;
    return sum;
  }

  /** @throws {SensebindError} `MODALITY_UNKNOWN`, `INPUT_UNSUPPORTED`, `CONFIG_INVALID`: once in a while, else counted. */
  append(reading: Reading): void {
    const key = JSON.stringify([reading.source, reading.modality]);
    try {
      this.#streamOf(key, reading).encoder.append(reading);
    } catch (error) {
      if (!isSensebindError(error)) throw error;
      this.#refusedReadings++;
      const now = this.#options.clock.monotonicMicros();
      const last = this.#refused.get(key);
      if (last !== undefined && now - last < REMINDER * 1000) return;
      if (this.#refused.size < MOST_SOURCES) this.#refused.set(key, now);
      throw error;
    }
  }

  /** Resolves when every window that is complete is dealt with. */
  async settled(): Promise<void> {
    await Promise.all([...this.#streams.values()].map(({ encoder }) => encoder.settled()));
  }

  #streamOf(key: string, { source, modality }: Reading): Stream {
    const known = this.#streams.get(key);
    if (known !== undefined) return known;
    const { size, channel, clock, node, onEmbedding } = this.#options;
    this.#check(modality);
    const meter = new LaneMeter(clock);
    const encoder = new SourceEncoder({
      ...{ source, modality, size, channel, clock, meter },
      ...{ bundle: this.#encoders.bundle, engine: this.#encoders.engine },
      asker: node,
      pool: this.#pool,
      onEmbedding: (embedding, span) => onEmbedding({ source, modality, embedding, span }),
      onFailed: (error) => this.#failed(error),
    });
    const stream = { encoder, meter };
    this.#streams.set(key, stream);
    return stream;
  }

  #check(modality: Modality): void {
    const { modality: only } = this.#options;
    if (only !== undefined && only !== modality) {
      throw new SensebindError(
        'INPUT_UNSUPPORTED',
        `expected readings of ${only}, found ${modality}`,
        'choose "from the message" as modality of the node, or wire another source to it',
      );
    }
    if (this.#streams.size < MOST_SOURCES) return;
    throw new SensebindError(
      'INPUT_UNSUPPORTED',
      `expected readings of at most ${MOST_SOURCES} sources, found more`,
      'give each source one name that stays, or use several encode nodes',
    );
  }

  /** That newer windows take the place of older ones is how it works: it is counted, and no failure. */
  #failed(error: SensebindError): void {
    if (error.code !== 'REQUEST_SUPERSEDED' && error.code !== 'REQUEST_LATE') this.#options.onFailed(error);
  }
}
