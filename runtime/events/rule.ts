import type { Millis } from '../clock';
import type { Severity } from './detectedEvent';
import type { MeasureId } from './measures';

/** A label is more probable than `on`; then, until it is less so than `off`. */
export interface LabelCondition {
  readonly kind: 'label';
  /** Id of a source or group. */
  readonly of: string;
  /** Id of the label set, without its revision. */
  readonly labelSet: string;
  readonly label: string;
  /** Left out: the threshold of the label, else one half. */
  readonly on?: number;
  /** Left out: four fifths of `on`. */
  readonly off?: number;
}

/** A measured value passes `on`; then, until it is back beyond `off`. */
export interface MeasureCondition {
  readonly kind: 'measure';
  /** Id of a source. */
  readonly of: string;
  readonly measure: MeasureId;
  readonly direction: 'above' | 'below';
  readonly on: number;
  readonly off: number;
}

/** Several conditions at the same time, or one of several. */
export interface CompoundCondition {
  readonly kind: 'all' | 'any';
  readonly conditions: readonly Condition[];
}

export type LeafCondition = LabelCondition | MeasureCondition;
export type Condition = LeafCondition | CompoundCondition;

/** When something is an event. All durations run on the monotonic clock. */
export interface Rule {
  readonly id: string;
  readonly when: Condition;
  /** So long the condition must hold before the event starts. */
  readonly minimumOn: Millis;
  /** So long it must not hold before the event ends. */
  readonly minimumOff: Millis;
  /** So long after an end there is no next start. */
  readonly coolDown: Millis;
  /** Between two updates at least. */
  readonly updateEvery: Millis;
  /** What a source said is taken for true no longer than this. */
  readonly forgetAfter: Millis;
  readonly severity: Severity;
}

/** The single conditions, from left to right. */
export function leavesOf(condition: Condition): readonly LeafCondition[] {
  return isLeaf(condition) ? [condition] : condition.conditions.flatMap(leavesOf);
}

/** Whether it is a single condition. */
export function isLeaf(condition: Condition): condition is LeafCondition {
  return condition.kind === 'label' || condition.kind === 'measure';
}
