import type { Clock, Millis } from '../../runtime/clock';
import type { Embedding } from '../../runtime/embedding';
import { SensebindError } from '../../runtime/errors';
import { FramePool } from '../../runtime/frames';
import { type Fused, FusionGroup } from '../../runtime/fusion/group';
import { LaneMeter, type LaneStats } from '../../runtime/laneMeter';
import type { Modality, Reading } from '../../runtime/reading';
import { SourceEncoder } from '../../runtime/sourceEncoder';
import type { WindowSpan } from '../../runtime/window/window';
import type { CompiledLabelSet } from '../../runtime/zeroshot/compileLabelSet';
import type { Encoders } from '../shared/encoders';

export interface SenseSourcesOptions {
  readonly encoders: Encoders;
  readonly clock: Clock;
  readonly labelSets: () => readonly CompiledLabelSet[];
  readonly onEmbedding: (source: SenseSource, embedding: Embedding, span: WindowSpan) => void;
  /** What two or more sources say together. */
  readonly onFused: (fused: Fused) => void;
  readonly onFailed: (error: unknown) => void;
}

/** A source that was heard of. */
export interface SenseSource {
  readonly source: string;
  readonly modality: Modality;
}

interface Known extends SenseSource {
  /** Nothing where the bundle has no encoder for it: that was said once. */
  readonly encoder: SourceEncoder | undefined;
  readonly meter: LaneMeter;
}

const HOP = 1000 as Millis;

/** Windows that wait for the worker, and their memory. */
const FRAME_LIMITS = { frames: 64, bytes: 64 * 2 ** 20 } as const;

/** More sources than this in one node are a mistake: each has windows of its own. */
const MOST_SOURCES = 64;

/** Of a group, as in the configuration of a node that runs alone. */
const FUSION = {
  method: 'embeddings',
  hop: HOP,
  tolerance: 250 as Millis,
  wait: 500 as Millis,
  halfLife: 2000 as Millis,
  forgetAfter: 10_000 as Millis,
  labels: [],
} as const;

/** What sources say together is said under this name. */
const TOGETHER = 'together';

/** The sources that are wired in: each is learnt from its first reading, encoded, and from the second on fused. */
export class SenseSources {
  readonly #options: SenseSourcesOptions;
  readonly #known = new Map<string, Known>();
  readonly #pool = new FramePool(FRAME_LIMITS);
  #group: FusionGroup | undefined;

  constructor(options: SenseSourcesOptions) {
    this.#options = options;
  }

  /** Figures by source. */
  stats(): Readonly<Record<string, LaneStats>> {
    return Object.fromEntries([...this.#known.values()].map(({ source, meter }) => [source, meter.stats()]));
  }

  /**
   * @throws {SensebindError} for the first reading of a source that the bundle has no encoder for; its others are dropped
   * and counted. `INPUT_UNSUPPORTED` for more sources than there may be.
   */
  append(reading: Reading): void {
    const known = this.#known.get(reading.source) ?? this.#learn(reading);
    if (known.encoder === undefined) known.meter.drop('modality_unknown');
    else known.encoder.append(reading);
  }

  /** Resolves when all windows that are complete are dealt with. */
  async close(): Promise<void> {
    await Promise.all([...this.#known.values()].map(({ encoder }) => encoder?.settled()));
    this.#group?.finish();
  }

  #learn({ source, modality }: Reading): Known {
    if (this.#known.size >= MOST_SOURCES) throw tooManySources();
    const { clock } = this.#options;
    const meter = new LaneMeter(clock);
    try {
      const known = { source, modality, meter, encoder: this.#encoderOf({ source, modality }, meter) };
      this.#known.set(source, known);
      this.#regroup();
      return known;
    } catch (error) {
      this.#known.set(source, { source, modality, meter, encoder: undefined });
      throw error;
    }
  }

  #encoderOf({ source, modality }: SenseSource, meter: LaneMeter): SourceEncoder {
    const { encoders, clock, onEmbedding, onFailed } = this.#options;
    return new SourceEncoder({
      source,
      modality,
      bundle: encoders.bundle,
      engine: encoders.engine,
      size: { hop: HOP },
      channel: 0,
      pool: this.#pool,
      clock,
      meter,
      onEmbedding: (embedding, span) => {
        onEmbedding({ source, modality }, embedding, span);
        this.#group?.add(source, embedding, span.monotonicEndMicros);
      },
      onFailed,
    });
  }

  /** A group of all that can be encoded; what waits in the one before is told first. */
  #regroup(): void {
    const sources = [...this.#known.values()].filter(({ encoder }) => encoder !== undefined);
    if (sources.length < 2) return;
    this.#group?.finish();
    const { clock, labelSets, onFused, onFailed } = this.#options;
    this.#group = new FusionGroup({
      config: { ...FUSION, id: this.#groupId(), sources: Object.fromEntries(sources.map(({ source }) => [source, 1])) },
      clock,
      labelSets,
      onFused,
      onLate: (source) => this.#known.get(source)?.meter.drop('late_for_fusion'),
      onFailed,
    });
  }

  #groupId(): string {
    return this.#known.has(TOGETHER) ? `all-${TOGETHER}` : TOGETHER;
  }
}

function tooManySources(): SensebindError {
  return new SensebindError(
    'INPUT_UNSUPPORTED',
    `expected readings of at most ${MOST_SOURCES} sources, found more`,
    'give each source one name that stays, or use several nodes',
  );
}
