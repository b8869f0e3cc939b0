import type { Clock, Micros } from '../../runtime/clock';
import type { ClockQuality } from '../../runtime/reading';
import { SampleClock } from '../audio/sampleClock';
import { DeviceClock } from '../deviceClock';
import { SampleCounter } from '../imu/sampleCounter';
import type { ReadingsMessage } from './message';

/** When the first sample of a message was measured. */
export interface MessageTime {
  readonly monotonicMicros: Micros;
  readonly clockQuality: ClockQuality;
}

/**
 * Times of messages. Clocks of boards may be off by any amount, and drift: their offset is taken from the messages that
 * came fastest. Without a clock, samples are counted; pictures have the time of their arrival.
 */
export class MessageTimes {
  readonly #clock: Clock;
  #deviceClock = new DeviceClock();
  #sampleClock: SampleClock | undefined;
  #counter: SampleCounter | undefined;
  #rateHz = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The board was started anew, or messages are missing: nothing is counted on. */
  restart({ isOtherClock }: { readonly isOtherClock: boolean }): void {
    this.#sampleClock?.restart();
    this.#counter = undefined;
    if (isOtherClock) this.#deviceClock = new DeviceClock();
  }

  timeOf({ kind, timeMicros, rateHz, count }: ReadingsMessage, arrivedMicros: Micros): MessageTime {
    const isSampled = kind === 'audio' || kind === 'imu';
    const durationMicros = isSampled ? Math.round((count * 1e6) / rateHz) : 0;
    if (timeMicros > 0) {
      // A message is sent when its last sample is there.
      const end = this.#deviceClock.map(timeMicros + durationMicros, arrivedMicros);
      return { monotonicMicros: end - durationMicros, clockQuality: 'device' };
    }
    if (!isSampled) return { monotonicMicros: arrivedMicros, clockQuality: 'arrival' };
    if (rateHz !== this.#rateHz) {
      this.#rateHz = rateHz;
      this.#sampleClock = new SampleClock(this.#clock, rateHz);
      this.#counter = undefined;
    }
    if (kind === 'audio' && this.#sampleClock !== undefined) {
      return { monotonicMicros: this.#sampleClock.timeOf(count).monotonicMicros, clockQuality: 'arrival' };
    }
    this.#counter ??= new SampleCounter(rateHz);
    return { monotonicMicros: this.#counter.next(count, arrivedMicros) - durationMicros, clockQuality: 'arrival' };
  }
}
