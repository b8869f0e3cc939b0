import type { Clock, Micros } from '../clock';
import { SensebindError } from '../errors';
import type { FramePool } from '../frames';
import type { EncoderInput } from '../preprocess/input';
import type { DepthReading, FrameHold, Reading, ThermalReading, VisionReading } from '../reading';
import { spanOf, type WindowEvents, type WindowSize, type Windows } from './window';

/** Modalities whose readings are pictures. */
export const PICTURE_MODALITIES = ['vision', 'depth', 'thermal'] as const;
export type PictureModality = (typeof PICTURE_MODALITIES)[number];

export interface PictureWindowsOptions {
  readonly source: string;
  readonly modality: PictureModality;
  readonly size: WindowSize;
  /** Memory of pictures that have to be converted. */
  readonly pool: FramePool;
  readonly clock: Clock;
}

type PictureReading = VisionReading | DepthReading | ThermalReading;

/** What encodes a picture, and the memory that it stands on: one hold on it is the window's. */
interface Taken {
  readonly input: EncoderInput;
  readonly frame: FrameHold;
}

/**
 * One picture a hop: the one that comes nearest to when the hop is due. Pictures between are not looked at, which is no
 * loss. A picture stays where its driver put it: the window holds its frame.
 */
export class PictureWindows implements Windows {
  readonly #options: PictureWindowsOptions;
  readonly #events: WindowEvents;
  readonly #hopMicros: Micros;
  #newestMicros: Micros = Number.NEGATIVE_INFINITY;
  #dueMicros: Micros = Number.NEGATIVE_INFINITY;

  constructor(options: PictureWindowsOptions, events: WindowEvents) {
    this.#options = options;
    this.#events = events;
    this.#hopMicros = options.size.hop * 1000;
  }

  append(reading: Reading): void {
    if (!isPicture(reading) || reading.modality !== this.#options.modality) throw this.#unexpected(reading);
    const { monotonicMicros } = reading;
    const intervalMicros = monotonicMicros - this.#newestMicros;
    if (intervalMicros <= 0) {
      this.#events.dropped('late');
      return;
    }
    if (reading.flags.includes('gap')) this.#events.gap();
    this.#newestMicros = monotonicMicros;
    // Before the first picture there is no interval: it is due at once.
    if (monotonicMicros < this.#dueMicros - intervalMicros / 2) return;
    const isLate = monotonicMicros - this.#dueMicros > this.#hopMicros;
    this.#dueMicros = (isLate ? monotonicMicros : this.#dueMicros) + this.#hopMicros;
    this.#hand(reading);
  }

  interrupt(): void {
    this.#events.gap();
  }

  /** Each picture is whole in itself: nothing is left. */
  finish(): void {}

  #hand(reading: PictureReading): void {
    const taken = this.#take(reading);
    if (taken === undefined) {
      this.#events.dropped('memory');
      return;
    }
    const { timeMicros, monotonicMicros } = reading;
    this.#events.window({
      ...taken,
      ...spanOf({ startMicros: monotonicMicros, endMicros: monotonicMicros }, timeMicros - monotonicMicros),
      completedMicros: this.#options.clock.monotonicMicros(),
      flags: [...reading.flags].sort(),
    });
  }

  #take(reading: PictureReading): Taken | undefined {
    const { width, height } = reading;
    switch (reading.modality) {
      case 'vision':
        return {
          input: { kind: 'picture', frames: [{ rgb: reading.rgb, width, height }] },
          frame: reading.frame.retain(),
        };
      case 'depth': {
        const { metres, baselineFocal } = reading;
        const input = { kind: 'depth', metres, width, height } as const;
        return {
          input: baselineFocal === undefined ? input : { ...input, baselineFocal },
          frame: reading.frame.retain(),
        };
      }
      case 'thermal':
        if (reading.unit === 'counts') return this.#convertCounts(reading);
        return { input: { kind: 'thermal', kelvin: reading.values, width, height }, frame: reading.frame.retain() };
    }
  }

  /**
   * The encoder sees a thermal frame stretched between its own quantiles, so that only ratios count: counts are brought
   * to the range that temperatures have. Dead pixels stay 0.
   */
  #convertCounts({ values, width, height }: ThermalReading): Taken | undefined {
    const frame = this.#options.pool.acquire(values.byteLength);
    if (frame === undefined) return undefined;
    const kelvin = new Float32Array(frame.buffer, 0, values.length);
    for (let index = 0; index < values.length; index++) kelvin[index] = (values[index] ?? 0) * KELVIN_PER_COUNT;
    return { input: { kind: 'thermal', kelvin, width, height }, frame };
  }

  #unexpected({ modality }: Reading): SensebindError {
    return new SensebindError(
      'INPUT_UNSUPPORTED',
      `expected pictures of ${this.#options.modality} from "${this.#options.source}", found readings of ${modality}`,
      'give the source to an encoder of its own modality',
    );
  }
}

/** Brings 16 bits below the 5000 K that the preprocessing takes for possible. */
const KELVIN_PER_COUNT = 4096 / 65_536;

function isPicture(reading: Reading): reading is PictureReading {
  return 'frame' in reading;
}
