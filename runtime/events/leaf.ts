import type { Flag } from '../reading';
import type { LabelColumns } from '../zeroshot/labelColumns';
import type { Scores } from '../zeroshot/score';
import type { Evidence } from './detectedEvent';
import type { Instant } from './instant';
import { MEASURES } from './measures';
import type { LeafCondition } from './rule';

/** Where neither rule nor label set say more. */
const DEFAULT_ON = 0.5;
const OFF_OF_ON = 0.8;

/** Scores, and their columns: found once for all leaves. */
export interface ScoresAndColumns {
  readonly scores: Scores;
  readonly columns: LabelColumns;
}

/** The limits of the moment. */
interface Limits {
  readonly on: number;
  readonly off: number;
}

/** One condition with hysteresis: on beyond one limit, off again beyond another, as it was between. */
export class Leaf {
  readonly condition: LeafCondition;
  #isOn: boolean = false;
  #value: number | null = null;
  #peak: number | null = null;
  #seen: Instant | null = null;
  #labelSet: string | null = null;
  #flags: readonly Flag[] = [];
  /** What the name of every revision of its label set begins with. */
  readonly #revisions: string;
  /** Where the label stood last time. */
  #index = -1;

  constructor(condition: LeafCondition) {
    this.condition = condition;
    this.#revisions = condition.kind === 'label' ? `${condition.labelSet}@` : '';
  }

  get isOn(): boolean {
    return this.#isOn;
  }

  /** When it was last told something. */
  get seen(): Instant | null {
    return this.#seen;
  }

  /** Id and revision of the label set that it was told of. */
  get labelSet(): string | null {
    return this.#labelSet;
  }

  get flags(): readonly Flag[] {
    return this.#flags;
  }

  /** Takes scores, if they speak of its label; false where they do not. */
  takeScores({ scores, columns }: ScoresAndColumns, at: Instant, flags: readonly Flag[]): boolean {
    const { condition } = this;
    if (condition.kind !== 'label' || !scores.labelSet.startsWith(this.#revisions)) return false;
    const { labels, probabilities } = columns;
    if (labels[this.#index]?.id !== condition.label) {
      this.#index = labels.findIndex(({ id }) => id === condition.label);
    }
    const found = labels[this.#index];
    if (found === undefined) return false;
    const on = condition.on ?? found.threshold ?? DEFAULT_ON;
    // Without trained weights, or of silence, a probability says nothing.
    const value = scores.meaningful ? (probabilities[this.#index] ?? null) : null;
    this.#labelSet = scores.labelSet;
    this.#take(value, { limits: { on, off: condition.off ?? OFF_OF_ON * on }, at, flags });
    return true;
  }

  takeMeasure(value: number, at: Instant, flags: readonly Flag[]): void {
    if (this.condition.kind !== 'measure') return;
    this.#take(Number.isFinite(value) ? value : null, { limits: this.condition, at, flags });
  }

  /** Nothing is known any more: not on. */
  forget(): void {
    this.#isOn = false;
    this.#value = null;
  }

  /** The peak counts from now on. */
  startPeak(): void {
    this.#peak = this.#value;
  }

  /** As it was before a restart. */
  restore(saved: { readonly isOn: boolean; readonly peak: number | null; readonly seen: Instant | null }): void {
    this.#isOn = saved.isOn;
    this.#peak = saved.peak;
    this.#seen = saved.seen;
  }

  evidence(): Evidence {
    const { condition } = this;
    const { of } = condition;
    const what =
      condition.kind === 'label'
        ? ({ kind: 'label', label: condition.label } as const)
        : ({ kind: 'measure', measure: condition.measure, unit: MEASURES[condition.measure].unit } as const);
    return { of, what, isOn: this.#isOn, value: this.#value, peak: this.#peak };
  }

  #take(
    value: number | null,
    told: { readonly limits: Limits; readonly at: Instant; readonly flags: readonly Flag[] },
  ): void {
    this.#seen = told.at;
    this.#flags = told.flags;
    this.#value = value;
    if (value === null) {
      this.#isOn = false;
      return;
    }
    const sign = this.condition.kind === 'measure' && this.condition.direction === 'below' ? -1 : 1;
    const { on, off } = told.limits;
    if (sign * value >= sign * on) this.#isOn = true;
    else if (sign * value < sign * off) this.#isOn = false;
    if (this.#peak === null || sign * value > sign * this.#peak) this.#peak = value;
  }
}
