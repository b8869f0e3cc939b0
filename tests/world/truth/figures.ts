import { Random, seedOf } from '../../../devices/simulated/random';
import type { Verdict } from './judge';

/** What came of one play. */
export interface PlayCounts {
  readonly happened: number;
  readonly found: number;
  readonly falseAlarms: number;
}

export function countsOf({ happened, falseAlarms }: Verdict): PlayCounts {
  return {
    happened: happened.length,
    found: happened.filter(({ isFound }) => isFound).length,
    falseAlarms: falseAlarms.length,
  };
}

/** A figure and where 95 % of its resamples lie. */
export interface Interval {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

export interface Figures {
  /** Share of what happened that was found. */
  readonly recall: Interval;
  readonly falseAlarmsAnHour: Interval;
  readonly happened: number;
  readonly found: number;
  readonly falseAlarms: number;
}

const RESAMPLES = 1000;
const OUTSIDE = 0.025;
const SECONDS_AN_HOUR = 3600;

/**
 * Recall and false alarms an hour over several plays, with bootstrap intervals: whole plays are drawn with replacement,
 * since what happens in one room is not independent. The same seed gives the same intervals.
 *
 * @param verdicts - One a play, each of `seconds`.
 */
export function figuresOf(
  verdicts: readonly Verdict[],
  { seconds, seed }: { readonly seconds: number; readonly seed: number },
): Figures {
  const counts = verdicts.map(countsOf);
  const total = (of: keyof PlayCounts, drawn: readonly PlayCounts[] = counts): number =>
    drawn.reduce((sum, count) => sum + count[of], 0);
  const recall = (drawn: readonly PlayCounts[]): number =>
    total('found', drawn) / Math.max(1, total('happened', drawn));
  const rate = (drawn: readonly PlayCounts[]): number =>
    (total('falseAlarms', drawn) * SECONDS_AN_HOUR) / (drawn.length * seconds);
  const random = new Random(seedOf(seed, 'truth'));
  const resamples = Array.from({ length: RESAMPLES }, () =>
    counts.flatMap(() => counts[random.integer(counts.length)] ?? []),
  );
  const interval = (of: (drawn: readonly PlayCounts[]) => number): Interval => {
    const sorted = resamples.map(of).sort((a, b) => a - b);
    const at = (share: number): number => sorted[Math.floor(share * (RESAMPLES - 1))] ?? Number.NaN;
    return { value: of(counts), low: at(OUTSIDE), high: at(1 - OUTSIDE) };
  };
  return {
    recall: interval(recall),
    falseAlarmsAnHour: interval(rate),
    happened: total('happened'),
    found: total('found'),
    falseAlarms: total('falseAlarms'),
  };
}
