import type { Clock, Micros } from '../../runtime/clock';
import type { ReadingSink } from '../../runtime/reading';
import { DeviceClock } from '../deviceClock';
import type { AnnouncedBuffer, BufferConsumer } from '../gstreamer/tappedStream';
import { type PcmFormat, PcmStream, type SampleTimes } from './pcmStream';
import { SampleClock, type SampleTime } from './sampleClock';

/** Makes readings of the sound of one run of GStreamer. */
export class SoundConsumer implements BufferConsumer {
  readonly #format: PcmFormat;
  readonly #sink: ReadingSink;
  readonly #times: BufferTimes;
  readonly #samples: PcmStream;
  readonly #frameBytes: number;
  /** Time of the pipeline's clock at the end of the buffer before; nothing before the first one. */
  #endMicros: Micros | undefined;
  #isFirst = true;

  constructor(
    format: PcmFormat,
    options: { readonly clock: Clock; readonly sink: ReadingSink; readonly startsWithGap: boolean },
  ) {
    this.#format = format;
    this.#sink = options.sink;
    this.#times = new BufferTimes(options.clock, format.sampleRateHz);
    this.#samples = new PcmStream(format, { sink: options.sink, times: this.#times });
    this.#frameBytes = 2 * format.channels;
    if (options.startsWithGap) this.#samples.interrupted(['gap']);
  }

  begin(buffer: AnnouncedBuffer, arrivedMicros: Micros): string | undefined {
    const { bytes, ptsMicros } = buffer;
    if (bytes % this.#frameBytes !== 0) return `${bytes} bytes of sound, not a multiple of ${this.#frameBytes}`;
    // The first buffer of a pipeline always says that it follows none.
    if (buffer.isDiscontinuous && !this.#isFirst) this.#gap(buffer);
    this.#isFirst = false;
    this.#times.begin(ptsMicros, arrivedMicros);
    const micros = ((bytes / this.#frameBytes) * 1e6) / this.#format.sampleRateHz;
    this.#endMicros = ptsMicros === undefined ? undefined : ptsMicros + micros;
    return undefined;
  }

  part(bytes: Uint8Array): void {
    this.#samples.append(bytes);
  }

  end(): void {}

  /** Whole samples were handed over already. */
  abandon(position: number): number {
    return position % this.#frameBytes;
  }

  /** Packets of the network were lost, or the pipeline dropped old sound as nobody read it. */
  #gap({ ptsMicros }: AnnouncedBuffer): void {
    const micros = ptsMicros === undefined || this.#endMicros === undefined ? 0 : ptsMicros - this.#endMicros;
    const missing = Math.round((micros * this.#format.sampleRateHz) / 1e6);
    // Decoders of compressed files call the rounding of their times a gap.
    if (Math.abs(missing) <= 1 && this.#endMicros !== undefined) return;
    this.#sink.lost('lost', Math.max(1, missing));
    this.#samples.interrupted(['gap']);
  }
}

/** Times of the samples of buffers: from the pipeline's clock where buffers have its time, else from their arrival. */
class BufferTimes implements SampleTimes {
  readonly #clock: Clock;
  readonly #sampleRateHz: number;
  readonly #deviceClock = new DeviceClock();
  readonly #sampleClock: SampleClock;
  #nextMicros: number | undefined;

  constructor(clock: Clock, sampleRateHz: number) {
    this.#clock = clock;
    this.#sampleRateHz = sampleRateHz;
    this.#sampleClock = new SampleClock(clock, sampleRateHz);
  }

  begin(ptsMicros: Micros | undefined, arrivedMicros: Micros): void {
    this.#nextMicros = ptsMicros === undefined ? undefined : this.#deviceClock.map(ptsMicros, arrivedMicros);
  }

  timeOf(frames: number): SampleTime {
    // Also where its answer is not used: it counts.
    const counted = this.#sampleClock.timeOf(frames);
    if (this.#nextMicros === undefined) return counted;
    const monotonicMicros = Math.round(this.#nextMicros);
    this.#nextMicros += (frames * 1e6) / this.#sampleRateHz;
    const age = this.#clock.monotonicMicros() - monotonicMicros;
    return { monotonicMicros, timeMicros: this.#clock.epochMicros() - age };
  }

  restart(): void {
    this.#sampleClock.restart();
  }
}
