import type { Millis } from '../../runtime/clock';
import type { DetectedEvent } from '../../runtime/events/detectedEvent';
import { Detector } from '../../runtime/events/detector';
import type { Instant } from '../../runtime/events/instant';
import type { MeasureCondition, Rule } from '../../runtime/events/rule';
import type { Scores } from '../../runtime/zeroshot/score';
import { ManualClock } from './manualClock';

export const EPOCH = 1_700_000_000_000_000;
/** An instant, by seconds of the monotonic clock; the wall clock may have jumped. */
export const at = (second: number, wallJump = 0): Instant => ({
  monotonicMicros: Math.round(second * 1e6),
  epochMicros: Math.round(EPOCH + (second + wallJump) * 1e6),
});

export const HOT: MeasureCondition = {
  kind: 'measure',
  of: 'thermal0',
  measure: 'maximum_celsius',
  direction: 'above',
  on: 60,
  off: 55,
};
export const GLASS = { kind: 'label', of: 'mic0', labelSet: 'house', label: 'glass' } as const;

/** A rule about heat, unless `changes` say otherwise. */
export function rule(changes: Partial<Rule> = {}): Rule {
  return {
    id: 'r1',
    when: HOT,
    minimumOn: 0 as Millis,
    minimumOff: 0 as Millis,
    coolDown: 0 as Millis,
    updateEvery: 60_000 as Millis,
    forgetAfter: 10_000 as Millis,
    severity: 'alarm',
    ...changes,
  };
}

/** Scores of one label set. */
export function scores(labels: Readonly<Record<string, number>>, changes: Partial<Scores> = {}): Scores {
  return {
    labelSet: 'house@3',
    space: 'test:1',
    labels: Object.entries(labels).map(([label, probability]) => ({
      label,
      title: label,
      probability,
      cosine: 0,
      margin: 0,
    })),
    background: 0,
    bestBackgroundCosine: null,
    scale: 20,
    calibration: null,
    meaningful: true,
    ...changes,
  };
}

/** A detector, what it is told, and what it says. */
export function detecting(rules: readonly Rule[], clock = new ManualClock()) {
  const events: DetectedEvent[] = [];
  const detector = new Detector({ node: 'box', rules, clock, onEvent: (event) => events.push(event) });
  const measure = (value: number, second: number, wallJump = 0): void =>
    detector.observeMeasure('thermal0', { measure: 'maximum_celsius', value, at: at(second, wallJump), flags: [] });
  const hear = (probability: number, second: number, changes: Partial<Scores> = {}): void =>
    detector.observeScores('mic0', scores({ dog: 0.1, glass: probability }, changes), {
      at: at(second),
      flags: ['gap'],
    });
  /** `phase start-end`, in seconds. */
  const lines = (): string[] =>
    events.map(({ phase, startMicros, endMicros }) => {
      const second = (micros: number): number => (micros - EPOCH) / 1e6;
      return `${phase} ${second(startMicros)}${endMicros === null ? '' : `-${second(endMicros)}`}`;
    });
  return { detector, events, measure, hear, lines, clock };
}
