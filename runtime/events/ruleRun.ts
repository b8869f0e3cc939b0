import { createHash } from 'node:crypto';
import type { Micros } from '../clock';
import type { Flag } from '../reading';
import { type DetectedEvent, eventId } from './detectedEvent';
import { Episode, type EpisodeState, NEVER_BEFORE, type Turn } from './episode';
import { type Instant, later } from './instant';
import { Leaf } from './leaf';
import { type Condition, leavesOf, type Rule } from './rule';

/** The event that goes on. */
export interface OpenEvent {
  readonly id: string;
  readonly sequence: number;
}

/** All that a rule remembers, as it is kept over a restart. */
export interface RuleMemory {
  readonly rule: string;
  /** Changes with the conditions of the rule: what was remembered of others means nothing. */
  readonly definition: string;
  readonly episode: EpisodeState;
  readonly open: OpenEvent | null;
  /** Wall time; `null` where there was no event yet. */
  readonly latestStartMicros: Micros | null;
  /** How often the wall clock went back between two starts; older versions did not count. */
  readonly setBacks?: number;
  readonly leaves: readonly LeafMemory[];
}

interface LeafMemory {
  readonly isOn: boolean;
  readonly peak: number | null;
  readonly seen: Instant | null;
}

/** One rule at work: its conditions, and the event that they make. */
export class RuleRun {
  readonly rule: Rule;
  readonly leaves: readonly Leaf[];
  readonly #node: string;
  readonly #emit: (event: DetectedEvent) => void;
  readonly #episode: Episode;
  #open: OpenEvent | null = null;
  #nowMicros: Micros = Number.NEGATIVE_INFINITY;
  #latestStartMicros: Micros | null = null;
  #setBacks = 0;

  constructor(rule: Rule, context: { readonly node: string; readonly emit: (event: DetectedEvent) => void }) {
    this.rule = rule;
    this.leaves = leavesOf(rule.when).map((condition) => new Leaf(condition));
    this.#node = context.node;
    this.#emit = context.emit;
    this.#episode = new Episode(rule);
  }

  get isActive(): boolean {
    return this.#open !== null;
  }

  /** Looks at the conditions at an instant; one that is before the last counts as that. */
  step(at: Instant, reason: 'condition' | 'no-data' = 'condition'): void {
    const now = this.#notBefore(at);
    const isOn = this.#isOnNow();
    const before = this.#episode.state;
    if (before.kind === 'idle' && before.onSince === null && isOn) for (const leaf of this.leaves) leaf.startPeak();
    const turn = this.#episode.step(isOn, now);
    if (turn !== undefined) this.#tell(turn, { before, now, reason });
  }

  /**
   * Forgets what was said too long before an instant, each at its time, and ends an event that nobody speaks of any more.
   * Comes to the same whether it is called often or seldom.
   */
  expire(nowMicros: Micros): void {
    for (
      let next = this.#nextExpiry();
      next !== undefined && next.at.monotonicMicros <= nowMicros;
      next = this.#nextExpiry()
    ) {
      next.leaf.forget();
      this.step(next.at, 'no-data');
    }
    const silentMicros = this.#silentMicros();
    const { state } = this.#episode;
    if (silentMicros > nowMicros || state.kind !== 'active') return;
    this.step(later(state.start, silentMicros - state.start.monotonicMicros), 'no-data');
  }

  /** The next instant at which {@link expire} has something to do; infinite where there is none. */
  wakeMicros(): Micros {
    return Math.min(this.#nextExpiry()?.at.monotonicMicros ?? Number.POSITIVE_INFINITY, this.#silentMicros());
  }

  /** Ends the event that goes on, where there is one. */
  end(at: Instant, reason: NonNullable<DetectedEvent['reason']>): void {
    const { state } = this.#episode;
    if (state.kind !== 'active') return;
    this.#episode.restore(NEVER_BEFORE);
    this.#tell('end', { before: state, now: this.#notBefore(at), reason });
  }

  /** Whether anything would be different if it began anew. */
  get hasMemory(): boolean {
    const { state } = this.#episode;
    const isFresh = state.kind === 'idle' && state.onSince === null && state.restUntilMicros === null;
    return !isFresh || this.#open !== null || this.#latestStartMicros !== null || this.leaves.some(({ isOn }) => isOn);
  }

  memory(): RuleMemory {
    return {
      rule: this.rule.id,
      definition: definitionOf(this.rule),
      episode: this.#episode.state,
      open: this.#open,
      latestStartMicros: this.#latestStartMicros,
      setBacks: this.#setBacks,
      leaves: this.leaves.map((leaf) => ({ isOn: leaf.isOn, peak: leaf.evidence().peak, seen: leaf.seen })),
    };
  }

  /** Goes on where a rule of the same definition was. */
  restore({ episode, open, latestStartMicros, setBacks = 0, leaves }: RuleMemory): void {
    this.#episode.restore(episode);
    this.#open = open;
    this.#latestStartMicros = latestStartMicros;
    this.#setBacks = setBacks;
    for (const [index, leaf] of leaves.entries()) this.leaves[index]?.restore(leaf);
  }

  #notBefore(at: Instant): Instant {
    const now = this.#nowMicros > at.monotonicMicros ? later(at, this.#nowMicros - at.monotonicMicros) : at;
    this.#nowMicros = now.monotonicMicros;
    return now;
  }

  #isOnNow(): boolean {
    const { when } = this.rule;
    // A thousand labels have a thousand rules of one leaf.
    if (when.kind === 'label' || when.kind === 'measure') return this.leaves[0]?.isOn === true;
    return this.#isOn(when, this.leaves[Symbol.iterator]());
  }

  /** Every leaf is read in turn, so that the iterator stands where the next condition begins. */
  #isOn(condition: Condition, leaves: Iterator<Leaf>): boolean {
    if (condition.kind === 'label' || condition.kind === 'measure') return leaves.next().value?.isOn === true;
    const parts = condition.conditions.map((part) => this.#isOn(part, leaves));
    return condition.kind === 'all' ? parts.every((isOn) => isOn) : parts.some((isOn) => isOn);
  }

  #nextExpiry(): { readonly leaf: Leaf; readonly at: Instant } | undefined {
    let next: { readonly leaf: Leaf; readonly at: Instant } | undefined;
    for (const leaf of this.leaves) {
      if (!leaf.isOn || leaf.seen === null) continue;
      const at = later(leaf.seen, this.rule.forgetAfter * 1000);
      if (next === undefined || at.monotonicMicros < next.at.monotonicMicros) next = { leaf, at };
    }
    return next;
  }

  /** When an event whose condition is over ends although nobody says anything more. */
  #silentMicros(): Micros {
    const { state } = this.#episode;
    if (state.kind !== 'active' || state.offSinceMicros === null) return Number.POSITIVE_INFINITY;
    return state.offSinceMicros + (this.rule.minimumOff + this.rule.forgetAfter) * 1000;
  }

  #tell(
    turn: Turn,
    told: {
      readonly before: EpisodeState;
      readonly now: Instant;
      readonly reason: NonNullable<DetectedEvent['reason']>;
    },
  ): void {
    const { state } = this.#episode;
    const active = state.kind === 'active' ? state : told.before;
    if (active.kind !== 'active') return;
    const open = turn === 'start' ? this.#opened(active.start) : this.#open;
    if (open === null) return;
    const { start, offSinceMicros } = active;
    const nowMicros = told.now.monotonicMicros;
    const wall = (micros: Micros): Micros => Math.round(start.epochMicros + micros - start.monotonicMicros);
    this.#open = turn === 'end' ? null : { ...open, sequence: open.sequence + 1 };
    this.#emit({
      id: open.id,
      rule: this.rule.id,
      phase: turn === 'start' ? 'new' : turn,
      sequence: open.sequence,
      severity: this.rule.severity,
      startMicros: start.epochMicros,
      endMicros: turn === 'end' ? wall(offSinceMicros ?? nowMicros) : null,
      detectedMicros: wall(nowMicros),
      evidence: this.leaves.map((leaf) => leaf.evidence()),
      labelSet: this.leaves.find(({ labelSet }) => labelSet !== null)?.labelSet ?? null,
      reason: turn === 'end' ? told.reason : null,
      flags: this.#flags(),
    });
  }

  /** A start that the wall clock had before, by going back, still gives an id of its own. */
  #opened({ epochMicros }: Instant): OpenEvent {
    if (this.#latestStartMicros !== null && epochMicros <= this.#latestStartMicros) this.#setBacks++;
    this.#latestStartMicros = epochMicros;
    const about = { node: this.#node, rule: this.rule.id, startMicros: epochMicros, setBacks: this.#setBacks };
    return { id: eventId(about), sequence: 0 };
  }

  #flags(): readonly Flag[] {
    return [...new Set(this.leaves.flatMap(({ flags }) => flags))].sort();
  }
}

/** What decides whether a memory fits a rule. */
export function definitionOf({ when, minimumOn, minimumOff }: Rule): string {
  return createHash('sha256')
    .update(JSON.stringify([when, minimumOn, minimumOff]))
    .digest('hex')
    .slice(0, 16);
}
