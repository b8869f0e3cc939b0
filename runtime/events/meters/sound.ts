import type { Reading } from '../../reading';
import type { Measurement, Meter } from '../measures';

/** The time constant "fast" of sound level meters (IEC 61672). */
const PERIOD_SECONDS = 0.125;

/** A sine from -1 to 1 has half of this power. */
const SINE_POWER = 0.5;

/** Below this nothing is heard but rounding: 16 bits reach -96 dB. */
const QUIETEST_DECIBELS = -120;

/** Level of the loudest channel, an eighth of a second at a time. */
export class SoundMeter implements Meter {
  #energies: number[] = [];
  #samples = 0;

  measure(reading: Reading): readonly Measurement[] {
    if (reading.modality !== 'audio') return [];
    const { channels, sampleRateHz, monotonicMicros, timeMicros } = reading;
    if (channels.length !== this.#energies.length) this.#start(channels.length);
    const perPeriod = Math.round(PERIOD_SECONDS * sampleRateHz);
    const length = channels[0]?.length ?? 0;
    const found: Measurement[] = [];
    for (let from = 0; from < length; ) {
      const to = Math.min(length, from + perPeriod - this.#samples);
      this.#add(channels, from, to);
      from = to;
      if (this.#samples < perPeriod) break;
      const sinceMicros = Math.round((to * 1e6) / sampleRateHz);
      found.push({
        value: this.#level(),
        at: { monotonicMicros: monotonicMicros + sinceMicros, epochMicros: timeMicros + sinceMicros },
      });
      this.#start(channels.length);
    }
    return found;
  }

  #start(channels: number): void {
    this.#energies = Array.from({ length: channels }, () => 0);
    this.#samples = 0;
  }

  #add(channels: readonly Float32Array[], from: number, to: number): void {
    for (const [channel, samples] of channels.entries()) {
      let energy = this.#energies[channel] ?? 0;
      for (let index = from; index < to; index++) energy += (samples[index] ?? 0) ** 2;
      this.#energies[channel] = energy;
    }
    this.#samples += to - from;
  }

  #level(): number {
    const power = Math.max(...this.#energies) / this.#samples;
    return Math.max(QUIETEST_DECIBELS, 10 * Math.log10(power / SINE_POWER));
  }
}
