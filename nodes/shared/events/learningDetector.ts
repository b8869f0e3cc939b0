import type { Clock } from '../../../runtime/clock';
import { SensebindError } from '../../../runtime/errors';
import type { DetectedEvent } from '../../../runtime/events/detectedEvent';
import { Detector, type DetectorMemory } from '../../../runtime/events/detector';
import { MEASURES, type MeasureId, type Meter } from '../../../runtime/events/measures';
import { leavesOf, type Rule } from '../../../runtime/events/rule';
import { definitionOf, type RuleMemory } from '../../../runtime/events/ruleRun';
import type { Seen } from '../../../runtime/interpreter';
import type { Reading } from '../../../runtime/reading';
import type { Scores } from '../../../runtime/zeroshot/score';
import { measuresOf, type RuleTemplate, ruleOf, type Stream } from './ruleTemplate';

export interface LearningDetectorOptions {
  /** Id of the node: events of two nodes are two. */
  readonly node: string;
  readonly rules: readonly RuleTemplate[];
  readonly clock: Clock;
  readonly onEvent: (event: DetectedEvent) => void;
}

/** What a {@link LearningDetector} remembers. */
export interface LearningMemory {
  readonly streams: readonly Stream[];
  readonly detector: DetectorMemory;
}

/** More than this in one node are a mistake: names that do not stay. */
const MOST_STREAMS = 64;

const NOTHING_SEEN = { isOn: false, peak: null, seen: null } as const;

interface ReadingMeter {
  readonly measure: MeasureId;
  readonly meter: Meter;
}

/**
 * Events of rules that name labels and measured values, and need not name sources: these are learnt from what arrives.
 * Events that go on when another source comes go on.
 */
export class LearningDetector {
  readonly #options: LearningDetectorOptions;
  #streams: readonly Stream[] = [];
  #rules: readonly Rule[];
  #detector: Detector;
  /** By source: what its readings are measured for. */
  readonly #meters = new Map<string, readonly ReadingMeter[]>();

  constructor(options: LearningDetectorOptions) {
    this.#options = options;
    this.#rules = this.#rulesFor([]);
    this.#detector = this.#detectorOf(this.#rules);
  }

  /** Events that go on. */
  get active(): number {
    return this.#detector.active;
  }

  get streams(): readonly Stream[] {
    return this.#streams;
  }

  /** @throws {SensebindError} `INPUT_UNSUPPORTED` for more sources than there may be. */
  observeScores(of: string, scores: Scores, seen: Seen): void {
    const [labelSet = ''] = scores.labelSet.split('@');
    this.#learn({ kind: 'labels', of, labelSet });
    this.#detector.observeScores(of, scores, seen);
  }

  /** @throws {SensebindError} `INPUT_UNSUPPORTED` for more sources than there may be. */
  observeReading(reading: Reading): void {
    const { source, modality, flags } = reading;
    this.#learn({ kind: 'readings', of: source, modality });
    for (const { measure, meter } of this.#meters.get(source) ?? []) {
      for (const { value, at } of meter.measure(reading)) {
        this.#detector.observeMeasure(source, { measure, value, at, flags });
      }
    }
  }

  memory(): LearningMemory {
    return { streams: this.#streams, detector: this.#detector.memory() };
  }

  /** Goes on with the events of a process before, before anything is observed. Sources come again with an event only. */
  restore({ streams, detector }: LearningMemory): void {
    const isOpen = detector.rules.some(({ open }) => open !== null);
    const before = this.#rulesFor(streams);
    this.#use(isOpen ? streams : [], fitted(detector, before, this.#rulesFor(isOpen ? streams : [])));
  }

  /** Ends no event: they go on after a restart. */
  close(): void {
    this.#detector.close();
  }

  #learn(stream: Stream): void {
    if (this.#streams.some((known) => isSame(known, stream))) return;
    if (this.#streams.length >= MOST_STREAMS) throw tooMany();
    const streams = [...this.#streams, stream];
    this.#use(streams, fitted(this.#detector.memory(), this.#rules, this.#rulesFor(streams)));
  }

  #use(streams: readonly Stream[], memory: DetectorMemory): void {
    this.#detector.close();
    this.#streams = streams;
    this.#rules = this.#rulesFor(streams);
    this.#detector = this.#detectorOf(this.#rules);
    this.#detector.restore(memory);
    for (const stream of streams) {
      if (stream.kind === 'labels' || this.#meters.has(stream.of)) continue;
      const wanted = this.#detector.measuresOf(stream.of);
      const measures = measuresOf(stream.modality).filter((measure) => wanted.includes(measure));
      this.#meters.set(
        stream.of,
        measures.map((measure) => ({ measure, meter: MEASURES[measure].create() })),
      );
    }
  }

  #rulesFor(streams: readonly Stream[]): readonly Rule[] {
    return this.#options.rules.map((template) => ruleOf(template, streams));
  }

  #detectorOf(rules: readonly Rule[]): Detector {
    const { node, clock, onEvent } = this.#options;
    return new Detector({ node, rules, clock, onEvent });
  }
}

function isSame(left: Stream, right: Stream): boolean {
  if (left.kind === 'labels')
    return right.kind === 'labels' && left.of === right.of && left.labelSet === right.labelSet;
  return right.kind === 'readings' && left.of === right.of && left.modality === right.modality;
}

/** What rules remember, for the same rules with other streams: each condition takes what is known of it along. */
function fitted(memory: DetectorMemory, before: readonly Rule[], after: readonly Rule[]): DetectorMemory {
  return { ...memory, rules: memory.rules.map((saved) => fittedRule(saved, { before, after })) };
}

function fittedRule(
  saved: RuleMemory,
  { before, after }: { readonly before: readonly Rule[]; readonly after: readonly Rule[] },
): RuleMemory {
  const old = before.find(({ id }) => id === saved.rule);
  const rule = after.find(({ id }) => id === saved.rule);
  // Somebody changed the rule itself: the detector ends its event.
  if (old === undefined || rule === undefined || definitionOf(old) !== saved.definition) return saved;
  const known = new Map(leavesOf(old.when).map((leaf, index) => [JSON.stringify(leaf), saved.leaves[index]]));
  const leaves = leavesOf(rule.when).map((leaf) => known.get(JSON.stringify(leaf)) ?? NOTHING_SEEN);
  return { ...saved, definition: definitionOf(rule), leaves };
}

function tooMany(): SensebindError {
  return new SensebindError(
    'INPUT_UNSUPPORTED',
    `expected at most ${MOST_STREAMS} sources and label sets, found more`,
    'give each source one name that stays, or use several nodes',
  );
}
