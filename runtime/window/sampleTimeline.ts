import type { Micros } from '../clock';
import type { AudioReading } from '../reading';
import { spanOf, type WindowSpan } from './window';

/** A reading that starts this much after the end of the one before follows a gap; less is jitter of the host. */
const GAP_MICROS = 100_000;

/** A stretch without a gap: its sample n was heard at `originMicros` + n / rate, on the monotonic clock. */
interface Stretch {
  readonly firstSample: number;
  readonly originMicros: Micros;
}

/**
 * When the samples of a stream were heard, and where some are missing. Gaps are not counted as samples, so times before
 * and after one have different origins. Input and output samples are counted in seconds here, so rates may differ.
 */
export class SampleTimeline {
  readonly #outputRateHz: number;
  #stretches: Stretch[] = [];
  #inputMicros = 0;
  #wallMinusMonotonic = 0;

  constructor(outputRateHz: number) {
    this.#outputRateHz = outputRateHz;
  }

  /** How much time is missing before `reading`; 0 where it follows on. */
  lostBefore(reading: AudioReading): Micros {
    const last = this.#stretches.at(-1);
    if (!last) return 0;
    const lost = reading.monotonicMicros - this.#inputMicros - last.originMicros;
    return lost > GAP_MICROS ? lost : 0;
  }

  /** `reading` is the next piece; its first sample becomes sample `producedSamples` of the stream, nearly. */
  add(reading: AudioReading, producedSamples: number): void {
    const originMicros = reading.monotonicMicros - this.#inputMicros;
    const isGap = this.lostBefore(reading) > 0 || (this.#stretches.length > 0 && reading.flags.includes('gap'));
    if (isGap || this.#stretches.length === 0) this.#stretches.push({ firstSample: producedSamples, originMicros });
    else this.#stretches.push({ firstSample: this.#stretches.pop()?.firstSample ?? 0, originMicros });
    this.#inputMicros += ((reading.channels[0]?.length ?? 0) * 1e6) / reading.sampleRateHz;
    this.#wallMinusMonotonic = reading.timeMicros - reading.monotonicMicros;
  }

  /** When `count` samples from `firstSample` on were heard; wall times are at the offset of the newest reading. */
  span(firstSample: number, count: number): WindowSpan {
    return spanOf(
      { startMicros: this.#monotonicOf(firstSample), endMicros: this.#monotonicOf(firstSample + count) },
      this.#wallMinusMonotonic,
    );
  }

  gapWithin(firstSample: number, count: number): boolean {
    return this.#stretches.some(
      (stretch, index) => index > 0 && stretch.firstSample > firstSample && stretch.firstSample < firstSample + count,
    );
  }

  /** Nothing before `sample` will be asked for. */
  forget(sample: number): void {
    const last = this.#stretches.findLastIndex((stretch) => stretch.firstSample <= sample);
    if (last > 0) this.#stretches = this.#stretches.slice(last);
  }

  #monotonicOf(sample: number): Micros {
    const stretch = this.#stretches.findLast(({ firstSample }) => firstSample <= sample) ?? this.#stretches[0];
    return (stretch?.originMicros ?? 0) + (sample * 1e6) / this.#outputRateHz;
  }
}
