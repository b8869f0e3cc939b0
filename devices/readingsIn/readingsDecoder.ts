import type { Micros } from '../../runtime/clock';
import { isSensebindError, type SensebindError } from '../../runtime/errors';
import type { Flag, ReadingSink } from '../../runtime/reading';
import type { DeviceContext } from '../device';
import { MotionBatch, type Vector } from '../imu/motionBatch';
import { elementsOf, type ReadingsKind, type ReadingsMessage, readReadings } from './message';
import { MessageTimes } from './messageTimes';
import { type PictureContext, Pictures } from './pictures';
import { SequenceCheck } from './sequenceCheck';

/** Full scale of 16-bit sound, where a message states no scale. */
const PCM16_SCALE = 1 / 2 ** 15;

export interface DecoderOptions {
  readonly kind: ReadingsKind;
  readonly context: Pick<DeviceContext, 'source' | 'clock'> & PictureContext;
  readonly sink: ReadingSink;
  /** Ends the run: the messages are well formed, but make no sense. */
  readonly fail: (error: SensebindError) => void;
}

/**
 * Makes readings of the messages of one board. What is damaged, of another kind, or came twice is counted and passed
 * over; what is missing is counted, and the next reading says so.
 */
export class ReadingsDecoder {
  readonly #options: DecoderOptions;
  readonly #sequence = new SequenceCheck();
  readonly #times: MessageTimes;
  readonly #motion: MotionBatch;
  readonly #pictures: Pictures;
  #hasGap: boolean = false;

  constructor(options: DecoderOptions) {
    const { context, sink, fail } = options;
    this.#options = options;
    this.#times = new MessageTimes(context.clock);
    this.#motion = new MotionBatch({ source: context.source, clock: context.clock, sink, fail });
    this.#pictures = new Pictures({ context, sink, fail });
  }

  /** A message. Never throws. */
  take(payload: Uint8Array, arrivedMicros: Micros): void {
    const { kind, sink } = this.#options;
    const message = this.#read(payload);
    if (message === undefined) return;
    if (message.kind !== kind) {
      sink.lost('invalid', 1);
      return;
    }
    if (!this.#isInOrder(message)) return;
    const flags: readonly Flag[] = this.#hasGap || message.hasLost ? ['gap'] : [];
    this.#hasGap = false;
    const { monotonicMicros, clockQuality } = this.#times.timeOf(message, arrivedMicros);
    switch (message.kind) {
      case 'audio':
        this.#sound(message, { monotonicMicros, clockQuality, flags });
        return;
      case 'imu':
        this.#motion.clockQuality = clockQuality;
        this.#move(message, { monotonicMicros, flags });
        return;
      case 'thermal':
      case 'depth':
      case 'vision':
        this.#pictures.show(message, { monotonicMicros, clockQuality, flags });
    }
  }

  /** Nothing is handed over after it, also of what is being decoded. */
  stop(): void {
    this.#pictures.stop();
  }

  #read(payload: Uint8Array): ReadingsMessage | undefined {
    try {
      return readReadings(payload);
    } catch (error) {
      if (!isSensebindError(error)) throw error;
      this.#options.sink.lost('corrupt-bytes', payload.length);
      return undefined;
    }
  }

  #isInOrder(message: ReadingsMessage): boolean {
    const { sink } = this.#options;
    const place = this.#sequence.place(message);
    switch (place.kind) {
      case 'first':
        return true;
      case 'duplicate':
      case 'stale':
        sink.lost(place.kind, 1);
        return false;
      case 'restart':
        this.#interrupted({ isOtherClock: true });
        return true;
      case 'next':
        if (place.missing > 0) {
          sink.lost('lost', place.missing);
          this.#interrupted({ isOtherClock: false });
        }
        return true;
    }
  }

  #interrupted(by: { readonly isOtherClock: boolean }): void {
    this.#hasGap = true;
    this.#times.restart(by);
  }

  #sound(
    message: ReadingsMessage,
    at: {
      readonly monotonicMicros: Micros;
      readonly clockQuality: 'device' | 'arrival' | 'file' | 'simulated';
      readonly flags: readonly Flag[];
    },
  ): void {
    const { context, sink } = this.#options;
    const { channels: width, count, element, rateHz } = message;
    const scale = message.scale === 0 ? (element === 'i16' ? PCM16_SCALE : 1) : message.scale;
    const values = elementsOf(message);
    const channels = Array.from({ length: width }, () => new Float32Array(count));
    let isClipped = false;
    for (const [channel, samples] of channels.entries()) {
      for (let sample = 0; sample < count; sample++) {
        const value = (values[sample * width + channel] ?? 0) * scale;
        if (!Number.isFinite(value)) {
          this.#hasGap = true;
          sink.lost('invalid', 1);
          return;
        }
        if (Math.abs(value) > 1) isClipped = true;
        samples[sample] = Math.max(-1, Math.min(1, value));
      }
    }
    const { clock, source } = context;
    sink.reading({
      source,
      modality: 'audio',
      monotonicMicros: at.monotonicMicros,
      timeMicros: clock.epochMicros() - (clock.monotonicMicros() - at.monotonicMicros),
      clockQuality: at.clockQuality,
      flags: isClipped ? [...at.flags, 'clipped'] : at.flags,
      sampleRateHz: rateHz,
      channels,
    });
  }

  #move(message: ReadingsMessage, at: { readonly monotonicMicros: Micros; readonly flags: readonly Flag[] }): void {
    const { channels, count, rateHz, scale, rotationScale } = message;
    const values = elementsOf(message);
    const vector = (from: number, by: number): Vector => [
      (values[from] ?? 0) * (by || 1),
      (values[from + 1] ?? 0) * (by || 1),
      (values[from + 2] ?? 0) * (by || 1),
    ];
    for (let sample = 0; sample < count; sample++) {
      const start = sample * channels;
      this.#motion.add({
        monotonicMicros: Math.round(at.monotonicMicros + (sample * 1e6) / rateHz),
        acceleration: vector(start, scale),
        ...(channels === 6 && { angularVelocity: vector(start + 3, rotationScale) }),
        ...(sample === 0 && { flags: at.flags }),
      });
    }
    this.#motion.flush();
  }
}
