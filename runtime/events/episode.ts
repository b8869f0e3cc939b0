import type { Micros } from '../clock';
import type { Instant } from './instant';
import type { Rule } from './rule';

/** What a step of an {@link Episode} comes to. */
export type Turn = 'start' | 'update' | 'end';

/** From the first moment of a condition to its end, or what is left of the last one. */
export type EpisodeState =
  | { readonly kind: 'idle'; readonly onSince: Instant | null; readonly restUntilMicros: Micros | null }
  | {
      readonly kind: 'active';
      readonly start: Instant;
      readonly offSinceMicros: Micros | null;
      readonly updatedMicros: Micros;
    };

type Timing = Pick<Rule, 'minimumOn' | 'minimumOff' | 'coolDown' | 'updateEvery'>;

export const NEVER_BEFORE: EpisodeState = { kind: 'idle', onSince: null, restUntilMicros: null };

/** When a condition that comes and goes is an event: minimum times, cool-down, updates. Pure: no clock, no timer. */
export class Episode {
  readonly #timing: Timing;
  #state: EpisodeState = NEVER_BEFORE;

  constructor(timing: Timing) {
    this.#timing = timing;
  }

  get state(): EpisodeState {
    return this.#state;
  }

  restore(state: EpisodeState): void {
    this.#state = state;
  }

  /** The condition is so at an instant, which must not be before the last one. */
  step(isOn: boolean, at: Instant): Turn | undefined {
    return this.#state.kind === 'idle'
      ? this.#whileIdle(this.#state, isOn, at)
      : this.#whileActive(this.#state, isOn, at);
  }

  #whileIdle(state: EpisodeState & { readonly kind: 'idle' }, isOn: boolean, at: Instant): Turn | undefined {
    const now = at.monotonicMicros;
    const onSince = isOn ? (state.onSince ?? at) : null;
    const holds = onSince !== null && now - onSince.monotonicMicros >= this.#timing.minimumOn * 1000;
    if (holds && (state.restUntilMicros === null || now >= state.restUntilMicros)) {
      this.#state = { kind: 'active', start: onSince, offSinceMicros: null, updatedMicros: now };
      return 'start';
    }
    if (onSince !== state.onSince) this.#state = { ...state, onSince };
    return undefined;
  }

  #whileActive(state: EpisodeState & { readonly kind: 'active' }, isOn: boolean, at: Instant): Turn | undefined {
    const now = at.monotonicMicros;
    const { minimumOff, coolDown, updateEvery } = this.#timing;
    const offSinceMicros = isOn ? null : (state.offSinceMicros ?? now);
    if (offSinceMicros !== null && now - offSinceMicros >= minimumOff * 1000) {
      this.#state = { kind: 'idle', onSince: null, restUntilMicros: now + coolDown * 1000 };
      return 'end';
    }
    const isDue = isOn && now - state.updatedMicros >= updateEvery * 1000;
    if (isDue || offSinceMicros !== state.offSinceMicros) {
      this.#state = { ...state, offSinceMicros, updatedMicros: isDue ? now : state.updatedMicros };
    }
    return isDue ? 'update' : undefined;
  }
}
