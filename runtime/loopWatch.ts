import type { Clock, Millis, Timer } from './clock';

const PERIOD = 500 as Millis;

/** From here on readings, pings and messages had to wait noticeably. */
const TOLD_MICROS = 1_000_000;

/** Notices when something held the event loop up for a second or more: the fault of whoever computes on the main thread. */
export class LoopWatch {
  readonly #clock: Clock;
  readonly #onBlocked: (blocked: Millis) => void;
  #timer: Timer | undefined;

  constructor(clock: Clock, onBlocked: (blocked: Millis) => void) {
    this.#clock = clock;
    this.#onBlocked = onBlocked;
  }

  start(): void {
    const dueMicros = this.#clock.monotonicMicros() + PERIOD * 1000;
    const look = (): void => {
      const lateMicros = this.#clock.monotonicMicros() - dueMicros;
      this.start();
      if (lateMicros >= TOLD_MICROS) this.#onBlocked((lateMicros / 1000) as Millis);
    };
    this.#timer = this.#clock.setTimer(PERIOD, look, { background: true });
  }

  stop(): void {
    this.#timer?.cancel();
  }
}
