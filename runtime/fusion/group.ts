import type { Clock, Micros, Millis } from '../clock';
import type { Embedding } from '../embedding';
import type { Flag } from '../reading';
import type { CompiledLabelSet } from '../zeroshot/compileLabelSet';
import { type Scores, score } from '../zeroshot/score';
import { combine } from './combine';
import { jointScores } from './jointScores';
import { type JointWindow, JointWindows } from './jointWindows';
import { flagsOfWindow, sharesOf } from './shares';

/** Sources that are looked at together. */
export interface GroupConfig {
  readonly id: string;
  /** Weight by source. */
  readonly sources: Readonly<Record<string, number>>;
  /** One embedding of all, or the scores of each averaged. */
  readonly method: 'embeddings' | 'scores';
  readonly hop: Millis;
  readonly tolerance: Millis;
  readonly wait: Millis;
  readonly halfLife: Millis;
  readonly forgetAfter: Millis;
  /** Ids of label sets. */
  readonly labels: readonly string[];
  /** Multiplies the cosines of the joint embedding; left out, it comes from the encoders. */
  readonly scale?: number;
}

/** What a group saw. */
export interface Fused {
  readonly group: string;
  /** Not there with the method `scores`. */
  readonly embedding?: Embedding;
  readonly scores: readonly Scores[];
  /** Weight used by source: after decay, adding up to 1. */
  readonly weights: Readonly<Record<string, number>>;
  readonly missing: readonly string[];
  /** Wall time. */
  readonly startMicros: Micros;
  readonly endMicros: Micros;
  readonly monotonicEndMicros: Micros;
  readonly flags: readonly Flag[];
}

export interface GroupOptions {
  readonly config: GroupConfig;
  readonly clock: Clock;
  /** The label sets of the moment: asked for before each scoring, so that they can be swapped between two windows. */
  readonly labelSets: () => readonly CompiledLabelSet[];
  readonly onFused: (fused: Fused) => void;
  readonly onLate: (source: string) => void;
  /** A joint window that could not be fused; the group goes on. */
  readonly onFailed: (error: unknown) => void;
}

/** An embedding, and what it scored when it came: eight sources are not scored all at once. */
interface Member {
  readonly embedding: Embedding;
  readonly scores: readonly Scores[];
}

/** Fuses the embeddings of several sources, or their scores, joint window by joint window. */
export class FusionGroup {
  readonly #options: GroupOptions;
  readonly #windows: JointWindows<Member>;
  #sequence = 0;

  constructor(options: GroupOptions) {
    this.#options = options;
    const { config, clock } = options;
    this.#windows = new JointWindows(
      { ...config, sources: Object.keys(config.sources), clock },
      { joint: (window) => this.#fuse(window), late: options.onLate },
    );
  }

  get id(): string {
    return this.#options.config.id;
  }

  /**
   * Takes an embedding of one source, which ends at `endMicros` on the monotonic clock, and the scores that are known of
   * it already.
   */
  add(source: string, embedding: Embedding, endMicros: Micros, known: readonly Scores[] = []): void {
    if (!Object.hasOwn(this.#options.config.sources, source)) return;
    const isScored = this.#options.config.method === 'scores';
    const scores = isScored
      ? this.#options.labelSets().map((labelSet) => scoresWith(labelSet, { embedding, scores: known }))
      : [];
    this.#windows.add({ source, endMicros, value: { embedding, scores } });
  }

  /** A source that is away is not waited for. */
  setAwaited(source: string, isAwaited: boolean): void {
    this.#windows.setAwaited(source, isAwaited);
  }

  /** Nothing more comes. */
  finish(): void {
    this.#windows.finish();
  }

  #fuse(window: JointWindow<Member>): void {
    try {
      const { method } = this.#options.config;
      this.#options.onFused(method === 'embeddings' ? this.#fuseEmbeddings(window) : this.#fuseScores(window));
    } catch (error) {
      this.#options.onFailed(error);
    }
  }

  #fuseEmbeddings(window: JointWindow<Member>): Fused {
    const { config, labelSets } = this.#options;
    const weights = this.#weights(window);
    const parts = window.parts.map(({ source, value }) => ({
      embedding: value.embedding,
      weight: weights[source] ?? 0,
    }));
    const embedding = combine(parts, { sequence: this.#sequence++, flags: flagsOfWindow(window) });
    const scaled = config.scale === undefined ? {} : { scale: config.scale };
    return {
      ...this.#about(window, weights),
      embedding,
      scores: labelSets().map((labelSet) => score(embedding, labelSet, scaled)),
    };
  }

  #fuseScores(window: JointWindow<Member>): Fused {
    const weights = this.#weights(window);
    const scores = this.#options.labelSets().map((labelSet) =>
      jointScores(
        window.parts.map(({ source, value }) => ({
          weight: weights[source] ?? 0,
          // The label set may have been swapped since.
          scores: scoresWith(labelSet, value),
        })),
      ),
    );
    return { ...this.#about(window, weights), scores };
  }

  #about(
    { parts, missing, endMicros, ...rest }: JointWindow<Member>,
    weights: Fused['weights'],
  ): Omit<Fused, 'scores'> {
    const embeddings = parts.map(({ value }) => value.embedding);
    const flags = embeddings.flatMap((embedding) => embedding.flags);
    return {
      group: this.id,
      weights,
      missing,
      startMicros: Math.min(...embeddings.map((embedding) => embedding.startMicros)),
      endMicros: Math.max(...embeddings.map((embedding) => embedding.endMicros)),
      monotonicEndMicros: endMicros,
      flags: [...new Set([...flags, ...flagsOfWindow({ parts, missing, endMicros, ...rest })])].sort(),
    };
  }

  #weights(window: JointWindow<Member>): Readonly<Record<string, number>> {
    const { sources } = this.#options.config;
    return sharesOf(window, (source) => sources[source] ?? 0);
  }
}

function scoresWith(labelSet: CompiledLabelSet, { embedding, scores }: Member): Scores {
  return scores.find((one) => one.labelSet === labelSet.name) ?? score(embedding, labelSet);
}
