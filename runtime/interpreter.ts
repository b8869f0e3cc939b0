import type { Clock } from './clock';
import type { Config } from './config/config';
import type { Embedding } from './embedding';
import type { DetectedEvent } from './events/detectedEvent';
import { Detector, type DetectorMemory } from './events/detector';
import type { Instant } from './events/instant';
import { MEASURES, type MeasureId, type Meter } from './events/measures';
import { type Fused, FusionGroup } from './fusion/group';
import { LaterTurns } from './laterTurns';
import type { Flag, Reading } from './reading';
import type { WindowSpan } from './window/window';
import type { CompiledLabelSet } from './zeroshot/compileLabelSet';
import type { LabelSets } from './zeroshot/labelSets';
import { type Scores, score } from './zeroshot/score';

export interface InterpreterOptions {
  readonly config: Pick<Config, 'node' | 'sources' | 'fusion' | 'rules'>;
  readonly labelSets: LabelSets;
  readonly clock: Clock;
  readonly onFused: (fused: Fused) => void;
  /** What words say about each thing that a source or group saw; given, all is scored, whether published or not. */
  readonly onScores?: (of: string, scores: Scores, seen: Seen) => void;
  readonly onEvent: (event: DetectedEvent) => void;
  /** What a source saw came after the joint window that it belongs to. */
  readonly onLate: (group: string, source: string) => void;
  /** A joint window was lost; all else goes on. */
  readonly onFailed: (group: string, error: unknown) => void;
}

/** When something was seen, and what is to be known of it. */
export interface Seen {
  readonly at: Instant;
  readonly flags: readonly Flag[];
}

interface SourceMeter {
  readonly measure: MeasureId;
  readonly meter: Meter;
}

/**
 * What embeddings and readings mean: scores, what groups of sources say together, and events. Each group looks at an
 * embedding in a turn of its own, yet before anything else is taken: what is found is the same as if all were one call.
 */
export class Interpreter {
  readonly #options: InterpreterOptions;
  readonly #groups: readonly FusionGroup[];
  readonly #detector: Detector;
  readonly #meters: ReadonlyMap<string, readonly SourceMeter[]>;
  readonly #labelsOf: ReadonlyMap<string, readonly string[]>;
  /** Sources whose labels a rule asks for. */
  readonly #scored: ReadonlySet<string>;
  readonly #later = new LaterTurns();

  constructor(options: InterpreterOptions) {
    this.#options = options;
    const { config, clock, onEvent, onLate, onFailed } = options;
    this.#labelsOf = new Map([...config.sources, ...config.fusion].map(({ id, labels }) => [id, labels]));
    const detector = new Detector({ node: config.node, rules: config.rules, clock, onEvent });
    this.#detector = detector;
    this.#scored = new Set(config.sources.map(({ id }) => id).filter((id) => detector.readsLabelsOf(id)));
    this.#meters = new Map(
      config.sources.map(({ id }) => [
        id,
        detector.measuresOf(id).map((measure) => ({ measure, meter: MEASURES[measure].create() })),
      ]),
    );
    this.#groups = config.fusion.map(
      (group) =>
        new FusionGroup({
          config: group,
          clock,
          labelSets: () => this.labelSetsOf(group.id),
          onFused: (fused) => this.#take(fused),
          onLate: (source) => onLate(group.id, source),
          onFailed: (error) => onFailed(group.id, error),
        }),
    );
  }

  /** The label sets of a source or a group, as they are at the moment. */
  labelSetsOf(id: string): readonly CompiledLabelSet[] {
    const { labelSets } = this.#options;
    const ids = this.#labelsOf.get(id) ?? [];
    return ids.map((labelSet) => labelSets.get(labelSet)?.compiled).filter((compiled) => compiled !== undefined);
  }

  /** Events that go on. */
  get activeEvents(): number {
    return this.#detector.active;
  }

  /**
   * Takes an embedding of a source. Scores it where a rule needs that or `wantsScores` is set, and returns the scores.
   * Its groups follow, see {@link settled}.
   *
   * @throws {SensebindError} `SPACE_MISMATCH` where it is of another space than the label sets.
   */
  embedding(
    source: string,
    embedding: Embedding,
    seen: { readonly span: Pick<WindowSpan, 'monotonicEndMicros'>; readonly wantsScores: boolean },
  ): readonly Scores[] {
    this.#later.now();
    const { monotonicEndMicros } = seen.span;
    const { onScores, onFailed } = this.#options;
    const isScored = seen.wantsScores || this.#scored.has(source) || onScores !== undefined;
    const scores = isScored ? this.labelSetsOf(source).map((labelSet) => score(embedding, labelSet)) : [];
    const at = { monotonicMicros: monotonicEndMicros, epochMicros: embedding.endMicros };
    for (const one of scores) {
      this.#detector.observeScores(source, one, { at, flags: embedding.flags });
      onScores?.(source, one, { at, flags: embedding.flags });
    }
    for (const group of this.#groups) {
      this.#later.putOff(() => {
        try {
          group.add(source, embedding, monotonicEndMicros, scores);
        } catch (error) {
          onFailed(group.id, error);
        }
      });
    }
    return scores;
  }

  /** Resolves when groups have looked at all that was taken. */
  settled(): Promise<void> {
    return this.#later.settled();
  }

  /** Measures a reading, where a rule asks for that. */
  reading(source: string, reading: Reading): void {
    const meters = this.#meters.get(source) ?? [];
    if (meters.length > 0) this.#later.now();
    for (const { measure, meter } of meters) {
      for (const { value, at } of meter.measure(reading)) {
        this.#detector.observeMeasure(source, { measure, value, at, flags: reading.flags });
      }
    }
  }

  /** Whether a source is there: groups do not wait for one that is away. */
  setPresent(source: string, isPresent: boolean): void {
    this.#later.now();
    for (const group of this.#groups) group.setAwaited(source, isPresent);
  }

  memory(): DetectorMemory {
    this.#later.now();
    return this.#detector.memory();
  }

  /** Goes on with the events of a process before, before anything else is taken. */
  restore(memory: DetectorMemory): void {
    this.#detector.restore(memory);
  }

  /** Nothing more comes: what groups wait for is complete. Events that go on stay open, for the next start. */
  finish(): void {
    this.#later.now();
    for (const group of this.#groups) group.finish();
    this.#detector.close();
  }

  #take(fused: Fused): void {
    const at = { monotonicMicros: fused.monotonicEndMicros, epochMicros: fused.endMicros };
    this.#options.onFused(fused);
    for (const scores of fused.scores) {
      this.#detector.observeScores(fused.group, scores, { at, flags: fused.flags });
      this.#options.onScores?.(fused.group, scores, { at, flags: fused.flags });
    }
  }
}
