import type { Clock, Micros, Millis, Timer } from '../runtime/clock';
import type { Reading, ReadingSink } from '../runtime/reading';

/** How long a device may be silent, or say the same, before it counts as frozen (fault row F13). */
export interface LivenessLimits {
  readonly silentAfter: Millis;
  /** Real sensors have noise: the same numbers for this long come from one that hangs. Left out where they may be true. */
  readonly sameAfter?: Millis;
}

export type Freeze = 'silent' | 'same';

/**
 * A sink that notices when a device hangs: nothing comes any more, or the same again and again. Calls `onFrozen` once,
 * at most; `stop` it when the driver ends.
 */
export class Liveness implements ReadingSink {
  readonly #sink: ReadingSink;
  readonly #clock: Clock;
  readonly #limits: LivenessLimits;
  readonly #onFrozen: (freeze: Freeze) => void;
  #timer: Timer;
  #heardMicros: Micros;
  #changedMicros: Micros;
  #last: readonly number[] = [];
  #isOver: boolean = false;

  constructor(
    sink: ReadingSink,
    options: { readonly clock: Clock; readonly limits: LivenessLimits; readonly onFrozen: (freeze: Freeze) => void },
  ) {
    this.#sink = sink;
    this.#clock = options.clock;
    this.#limits = options.limits;
    this.#onFrozen = options.onFrozen;
    this.#heardMicros = this.#clock.monotonicMicros();
    this.#changedMicros = this.#heardMicros;
    this.#timer = this.#wait(options.limits.silentAfter);
  }

  reading(reading: Reading): void {
    const now = this.#clock.monotonicMicros();
    this.#heardMicros = now;
    if (this.#isNew(reading)) this.#changedMicros = now;
    this.#sink.reading(reading);
    const { sameAfter } = this.#limits;
    if (sameAfter !== undefined && now - this.#changedMicros >= sameAfter * 1000) this.#freeze('same');
  }

  lost: ReadingSink['lost'] = (reason, amount) => {
    // What we had no room or no time for was sent all the same.
    if (reason === 'memory' || reason === 'stale') this.#heardMicros = this.#clock.monotonicMicros();
    this.#sink.lost(reason, amount);
  };

  stop(): void {
    this.#isOver = true;
    this.#timer.cancel();
  }

  /** Whether anything in the reading differs from what came last; keeps its end to compare the next one with. */
  #isNew(reading: Reading): boolean {
    const before = this.#last;
    // Too near, too dark, or covered: a depth camera that sees nothing may say so for ever.
    if (reading.modality === 'depth' && !reading.metres.some((depth) => depth > 0)) return true;
    if (reading.modality !== 'imu') {
      const print = fingerprint(reading);
      this.#last = [print];
      return print !== before[0];
    }
    // Sample by sample: a device that hangs is read in batches of changing length.
    const axes = [...reading.acceleration, ...(reading.angularVelocity ?? [])];
    this.#last = axes.map((axis) => axis[axis.length - 1] ?? Number.NaN);
    return axes.some((axis, index) => axis.some((value) => value !== before[index]));
  }

  #wait(delay: Millis): Timer {
    return this.#clock.setTimer(delay, () => {
      const left = this.#limits.silentAfter - (this.#clock.monotonicMicros() - this.#heardMicros) / 1000;
      if (left > 0) this.#timer = this.#wait(left as Millis);
      else this.#freeze('silent');
    });
  }

  #freeze(freeze: Freeze): void {
    if (this.#isOver) return;
    this.stop();
    this.#onFrozen(freeze);
  }
}

/** Numbers of a frame that are looked at: a real sensor changes some of them from one frame to the next. */
const LOOKED_AT = 64;

/** A number that is the same for readings with the same content, and nearly always another for others. */
function fingerprint(reading: Reading): number {
  let print = 0;
  for (const values of contentOf(reading)) {
    // Odd, so that not all of them stand in the same few columns: the left edge of a depth picture is always empty.
    const step = Math.floor(values.length / LOOKED_AT) | 1;
    for (let index = 0; index < values.length; index += step) print = print * 1.000_001 + (values[index] ?? 0);
  }
  return print;
}

function contentOf(reading: Reading): readonly ArrayLike<number>[] {
  switch (reading.modality) {
    case 'audio':
      return reading.channels;
    case 'imu':
      return [...reading.acceleration, ...(reading.angularVelocity ?? [])];
    case 'vision':
      return [reading.rgb];
    case 'depth':
      return [reading.metres];
    case 'thermal':
      return [reading.values];
    case 'radar':
      return [reading.profile];
  }
}
