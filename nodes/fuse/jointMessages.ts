import type { Clock, Micros, Millis } from '../../runtime/clock';
import { type JointWindow, JointWindows } from '../../runtime/fusion/jointWindows';
import { sharesOf } from '../../runtime/fusion/shares';

/** How sources are brought together, as runtime/fusion/group.ts takes it. */
export interface JointTiming {
  readonly hop: Millis;
  readonly tolerance: Millis;
  readonly wait: Millis;
  readonly halfLife: Millis;
  readonly forgetAfter: Millis;
}

export interface JointMessagesOptions<Value> {
  readonly timing: JointTiming;
  /** Weight by source; of the others, one each where `isOpen`, else they are passed over. */
  readonly weights: ReadonlyMap<string, number>;
  readonly isOpen: boolean;
  readonly clock: Clock;
  readonly onJoint: (joint: Joint<Value>) => void;
  readonly onLate: () => void;
}

/** What several sources say at one time. */
export interface Joint<Value> {
  readonly window: JointWindow<Value>;
  /** Adding up to 1. */
  readonly weights: Readonly<Record<string, number>>;
}

/** As many sources as one group may have. */
const MOST_SOURCES = 64;

/** Stands for those that nobody has named yet, until the first joint window has waited for them. No source can be it. */
const OTHERS = '\u0000others';

/**
 * Joint windows over messages. In a flow nobody says which sources there are, or that one went away: a source belongs to
 * the group from its first message on, and one that is missing is not waited for until it is back.
 */
export class JointMessages<Value> {
  readonly #options: JointMessagesOptions<Value>;
  readonly #windows: JointWindows<Value>;
  readonly #sources: Set<string>;

  constructor(options: JointMessagesOptions<Value>) {
    const { timing, weights, clock, isOpen } = options;
    this.#options = options;
    this.#sources = new Set(weights.keys());
    this.#windows = new JointWindows<Value>(
      { ...timing, clock, sources: isOpen ? [...this.#sources, OTHERS] : [...this.#sources] },
      { joint: (window) => this.#tell(window), late: () => options.onLate() },
    );
  }

  /**
   * Takes what a source says, which ends at `endMicros` on the monotonic clock.
   *
   * @returns False for a source that does not belong here.
   */
  add(source: string, endMicros: Micros, value: Value): boolean {
    if (!this.#sources.has(source)) {
      if (!this.#options.isOpen || this.#sources.size >= MOST_SOURCES) return false;
      this.#sources.add(source);
      this.#windows.include(source);
    }
    this.#windows.setAwaited(source, true);
    this.#windows.add({ source, endMicros, value });
    return true;
  }

  /** What waits is complete; nothing more comes. */
  finish(): void {
    this.#windows.finish();
  }

  #tell(found: JointWindow<Value>): void {
    for (const source of found.missing) this.#windows.setAwaited(source, false);
    const { weights, onJoint } = this.#options;
    const window = { ...found, missing: found.missing.filter((source) => source !== OTHERS) };
    onJoint({ window, weights: sharesOf(window, (source) => weights.get(source) ?? 1) });
  }
}
