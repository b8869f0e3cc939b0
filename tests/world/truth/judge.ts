import type { Truth } from '../../../devices/simulated/truth';
import type { DetectedEvent } from '../../../runtime/events/detectedEvent';

/** Something that really happened, in seconds of the world. */
export interface Happened {
  readonly event: string;
  readonly from: number;
  readonly to: number;
  readonly sensors: readonly string[];
}

/** An event that was published, from when its condition came true to when it came untrue. */
export interface Detection {
  readonly event: string;
  readonly from: number;
  readonly to: number;
}

export interface Judged extends Happened {
  readonly isFound: boolean;
}

export interface Verdict {
  readonly happened: readonly Judged[];
  readonly falseAlarms: readonly Detection[];
}

/**
 * A detection belongs to what happened if both overlap, where this much apart still counts: half a hop for where windows
 * begin, and as much for where a picture is taken.
 */
export const TOLERANCE_SECONDS = 1;

/** A window of motion still holds what happened 5 s ago, so a detection may outlast it by that and a hop. */
export const OVERSTAY_SECONDS = 6;

/**
 * What was found of what happened, and what was reported although it did not happen, or long after it was over. One
 * detection may be right about several happenings of the same kind that follow each other.
 */
export function judge(happened: readonly Happened[], detections: readonly Detection[]): Verdict {
  const belongs = (one: Happened, found: Detection): boolean =>
    one.event === found.event && found.from <= one.to + TOLERANCE_SECONDS && found.to >= one.from - TOLERANCE_SECONDS;
  return {
    happened: happened.map((one) => ({ ...one, isFound: detections.some((found) => belongs(one, found)) })),
    falseAlarms: detections.filter((found) => {
      const last = Math.max(...happened.filter((one) => belongs(one, found)).map(({ to }) => to));
      return found.to > last + OVERSTAY_SECONDS;
    }),
  };
}

/** Collects the truth of a play. */
export class TruthLog {
  readonly #open = new Map<string, Truth>();
  readonly #happened: Happened[] = [];

  readonly sink = (truth: Truth): void => {
    const started = this.#open.get(truth.event);
    if (truth.kind === 'started') this.#open.set(truth.event, truth);
    else if (started !== undefined) {
      this.#open.delete(truth.event);
      this.#happened.push(happenedOf(started, truth.atSeconds));
    }
  };

  /** What goes on at the end of the play ends there. */
  until(endSeconds: number): readonly Happened[] {
    const rest = [...this.#open.values()].map((started) => happenedOf(started, endSeconds));
    return [...this.#happened, ...rest].toSorted((a, b) => a.from - b.from);
  }
}

function happenedOf({ event, atSeconds, sensors }: Truth, to: number): Happened {
  return { event, from: atSeconds, to, sensors };
}

/**
 * Events of one rule set as detections.
 *
 * @param zeroMicros - Wall time of the world's second 0.
 * @param labelOf - What a rule reports; `undefined` for rules of others.
 */
export function detectionsOf(
  events: readonly DetectedEvent[],
  options: {
    readonly zeroMicros: number;
    readonly endSeconds: number;
    readonly labelOf: (rule: string) => string | undefined;
  },
): readonly Detection[] {
  const { zeroMicros, endSeconds, labelOf } = options;
  const seconds = (micros: number): number => (micros - zeroMicros) / 1e6;
  return events.flatMap((event) => {
    const label = labelOf(event.rule);
    if (event.phase !== 'new' || label === undefined) return [];
    const end = events.find(({ id, phase }) => id === event.id && phase === 'end')?.endMicros;
    const to = end === undefined || end === null ? endSeconds : seconds(end);
    return [{ event: label, from: seconds(event.startMicros), to }];
  });
}
