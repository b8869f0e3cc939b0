import { type Clock, LONGEST_TIMER, type Micros, type Millis, type Timer } from '../clock';
import type { Flag } from '../reading';
import { columnsOf } from '../zeroshot/labelColumns';
import type { Scores } from '../zeroshot/score';
import type { DetectedEvent } from './detectedEvent';
import { type Instant, later } from './instant';
import type { Leaf } from './leaf';
import type { MeasureId } from './measures';
import type { Rule } from './rule';
import { definitionOf, type RuleMemory, RuleRun } from './ruleRun';

export interface DetectorOptions {
  readonly node: string;
  readonly rules: readonly Rule[];
  readonly clock: Clock;
  readonly onEvent: (event: DetectedEvent) => void;
}

/** All that a detector remembers, and when that was: rules that nothing happened to are not in it. */
export interface DetectorMemory {
  readonly at: Instant;
  readonly rules: readonly RuleMemory[];
}

/** A restart of up to this long is none: what was true before it is believed as long as ever. */
const RESTART_MICROS = 60_000_000;

interface Watched {
  readonly run: RuleRun;
  readonly leaf: Leaf;
}

/**
 * Turns scores and measured values into events, rule by rule. Durations run on the monotonic time of what is observed;
 * the clock only says when something was not heard of for too long. The same observations give the same events.
 */
export class Detector {
  readonly #options: DetectorOptions;
  readonly #runs: readonly RuleRun[];
  /** By id of source or group, and whether it is of labels or of a measure. */
  readonly #watched = new Map<string, Watched[]>();
  #timer: Timer | undefined;
  #timerMicros: Micros = Number.POSITIVE_INFINITY;

  constructor(options: DetectorOptions) {
    this.#options = options;
    const context = { node: options.node, emit: options.onEvent };
    this.#runs = options.rules.map((rule) => new RuleRun(rule, context));
    const watched = this.#runs.flatMap((run) => run.leaves.map((leaf) => ({ run, leaf })));
    for (const one of watched) {
      const { condition } = one.leaf;
      const key = condition.kind === 'label' ? labelsKey(condition.of) : measureKey(condition.of, condition.measure);
      const others = this.#watched.get(key);
      if (others === undefined) this.#watched.set(key, [one]);
      else others.push(one);
    }
  }

  /** Events that go on. */
  get active(): number {
    return this.#runs.filter(({ isActive }) => isActive).length;
  }

  /** Whether a rule speaks of labels of a source or group. */
  readsLabelsOf(id: string): boolean {
    return this.#watched.has(labelsKey(id));
  }

  /** What has to be measured of a source. */
  measuresOf(source: string): readonly MeasureId[] {
    const conditions = this.#runs.flatMap(({ leaves }) => leaves.map(({ condition }) => condition));
    const measures = conditions.flatMap((one) => (one.kind === 'measure' && one.of === source ? [one.measure] : []));
    return [...new Set(measures)];
  }

  /** What words say about a source or a group at an instant: the end of the window. */
  observeScores(of: string, scores: Scores, seen: { readonly at: Instant; readonly flags: readonly Flag[] }): void {
    const found = { scores, columns: columnsOf(scores) };
    this.#observe(labelsKey(of), seen.at, (leaf) => leaf.takeScores(found, seen.at, seen.flags));
  }

  observeMeasure(
    of: string,
    measured: {
      readonly measure: MeasureId;
      readonly value: number;
      readonly at: Instant;
      readonly flags: readonly Flag[];
    },
  ): void {
    this.#observe(measureKey(of, measured.measure), measured.at, (leaf) => {
      leaf.takeMeasure(measured.value, measured.at, measured.flags);
      return true;
    });
  }

  memory(): DetectorMemory {
    return { at: this.#now(), rules: this.#runs.filter(({ hasMemory }) => hasMemory).map((run) => run.memory()) };
  }

  /**
   * Goes on where another detector was, before anything is observed. Events of rules that are gone or changed end.
   */
  restore(memory: DetectorMemory): void {
    const now = this.#now();
    const downMicros = Math.max(0, now.epochMicros - memory.at.epochMicros);
    const shiftMicros = now.monotonicMicros - downMicros - memory.at.monotonicMicros;
    const runs = new Map(this.#runs.map((run) => [run.rule.id, run]));
    for (const saved of memory.rules) {
      const moved = movedMemory(saved, { shiftMicros, seenShiftMicros: Math.min(downMicros, RESTART_MICROS) });
      const run = runs.get(saved.rule);
      if (run !== undefined && definitionOf(run.rule) === saved.definition) run.restore(moved);
      else this.#endOrphan(moved, now);
    }
    this.#arm();
  }

  /** Ends no event: they go on after a restart. */
  close(): void {
    this.#timer?.cancel();
    this.#timerMicros = Number.POSITIVE_INFINITY;
  }

  #observe(key: string, at: Instant, take: (leaf: Leaf) => boolean): void {
    const watched = this.#watched.get(key);
    if (watched === undefined) return;
    const touched: RuleRun[] = [];
    for (const { run, leaf } of watched) {
      run.expire(at.monotonicMicros);
      // Leaves of one rule stand side by side.
      if (take(leaf) && touched.at(-1) !== run) touched.push(run);
    }
    for (const run of touched) run.step(at);
    this.#arm();
  }

  /** One timer for all rules: a later wish waits until the earlier one has come. */
  #arm(): void {
    const wakeMicros = this.#runs.reduce((first, run) => Math.min(first, run.wakeMicros()), Number.POSITIVE_INFINITY);
    if (wakeMicros >= this.#timerMicros || !Number.isFinite(wakeMicros)) return;
    this.#timer?.cancel();
    this.#timerMicros = wakeMicros;
    const restMillis = (wakeMicros - this.#options.clock.monotonicMicros()) / 1000;
    const delay = Math.min(LONGEST_TIMER, Math.max(0, restMillis)) as Millis;
    this.#timer = this.#options.clock.setTimer(delay, () => this.#wake(), { background: true });
  }

  #wake(): void {
    this.#timerMicros = Number.POSITIVE_INFINITY;
    const nowMicros = this.#options.clock.monotonicMicros();
    for (const run of this.#runs) run.expire(nowMicros);
    this.#arm();
  }

  #endOrphan(memory: RuleMemory, now: Instant): void {
    if (memory.open === null) return;
    const rule = { ...ORPHAN, id: memory.rule };
    const run = new RuleRun(rule, { node: this.#options.node, emit: this.#options.onEvent });
    run.restore({ ...memory, leaves: [] });
    run.end(now, 'rule-changed');
  }

  #now(): Instant {
    const { clock } = this.#options;
    return { monotonicMicros: clock.monotonicMicros(), epochMicros: clock.epochMicros() };
  }
}

/** Stands for a rule that is no longer there. */
const ORPHAN: Omit<Rule, 'id'> = {
  when: { kind: 'any', conditions: [] },
  minimumOn: 0 as Millis,
  minimumOff: 0 as Millis,
  coolDown: 0 as Millis,
  updateEvery: 0 as Millis,
  forgetAfter: 0 as Millis,
  severity: 'info',
};

/** What a rule remembers, on the monotonic clock of this process. */
function movedMemory(
  memory: RuleMemory,
  { shiftMicros, seenShiftMicros }: { readonly shiftMicros: Micros; readonly seenShiftMicros: Micros },
): RuleMemory {
  const moved = ({ monotonicMicros, epochMicros }: Instant): Instant => ({
    monotonicMicros: monotonicMicros + shiftMicros,
    epochMicros,
  });
  const { episode } = memory;
  return {
    ...memory,
    episode:
      episode.kind === 'idle'
        ? {
            ...episode,
            onSince: episode.onSince && moved(episode.onSince),
            restUntilMicros: episode.restUntilMicros === null ? null : episode.restUntilMicros + shiftMicros,
          }
        : {
            kind: 'active',
            start: moved(episode.start),
            offSinceMicros: episode.offSinceMicros === null ? null : episode.offSinceMicros + shiftMicros,
            updatedMicros: episode.updatedMicros + shiftMicros,
          },
    leaves: memory.leaves.map((leaf) => ({ ...leaf, seen: leaf.seen && later(moved(leaf.seen), seenShiftMicros) })),
  };
}

function labelsKey(of: string): string {
  return `labels ${of}`;
}

function measureKey(of: string, measure: MeasureId): string {
  return `${measure} ${of}`;
}
