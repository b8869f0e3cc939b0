import type { Clock, Micros } from '../../runtime/clock';
import type { SensebindError } from '../../runtime/errors';
import type { ClockQuality, Flag, ReadingSink, Vectors } from '../../runtime/reading';
import { GravityCheck } from './gravity';

/** x, y and z in the body frame FLU. */
export type Vector = readonly [x: number, y: number, z: number];

export interface MotionSample {
  readonly monotonicMicros: Micros;
  /** Specific force in m/s². */
  readonly acceleration: Vector;
  /** rad/s; left out by sensors without a gyroscope. */
  readonly angularVelocity?: Vector | undefined;
  /** Noticed about this sample. `gap`: samples before it are missing. */
  readonly flags?: readonly Flag[];
}

/** No sensor gives more; what is beyond comes from damaged text. 1000 g and 100 turns a second. */
const LARGEST_ACCELERATION = 9807;
const LARGEST_ROTATION = 630;

/**
 * Puts the samples that came together into one reading. Samples that are not numbers, or larger than any sensor gives,
 * are counted as invalid; a stream without gravity ends with an error.
 */
export class MotionBatch {
  readonly #options: { readonly source: string; readonly clock: Clock; readonly sink: ReadingSink };
  readonly #gravity: GravityCheck;
  #samples: MotionSample[] = [];
  #flags = new Set<Flag>();
  #lastMicros: Micros = Number.NEGATIVE_INFINITY;
  clockQuality: ClockQuality = 'arrival';

  constructor(options: {
    readonly source: string;
    readonly clock: Clock;
    readonly sink: ReadingSink;
    readonly fail: (error: SensebindError) => void;
  }) {
    this.#options = options;
    this.#gravity = new GravityCheck(options.source, options.fail);
  }

  add(sample: MotionSample): void {
    const { acceleration, angularVelocity, flags = [] } = sample;
    const isRotationWithin = angularVelocity === undefined || isWithin(angularVelocity, LARGEST_ROTATION);
    if (!isWithin(acceleration, LARGEST_ACCELERATION) || !isRotationWithin) {
      this.#options.sink.lost('invalid', 1);
      return;
    }
    const [x, y, z] = acceleration;
    this.#gravity.add(x, y, z);
    const [first] = this.#samples;
    const differs = first !== undefined && (first.angularVelocity === undefined) !== (angularVelocity === undefined);
    // A gap lies before a reading, never within one.
    if (differs || flags.includes('gap')) this.flush();
    for (const flag of flags) this.#flags.add(flag);
    this.#samples.push(sample);
  }

  /** Hands over what there is. */
  flush(): void {
    const samples = this.#samples;
    if (samples.length === 0) return;
    const flags = [...this.#flags];
    this.#samples = [];
    this.#flags = new Set();
    const { source, clock, sink } = this.#options;
    const sampleMicros = new Float64Array(samples.length);
    const acceleration = emptyVectors(samples.length);
    const rotation = emptyVectors(samples.length);
    let rotations = 0;
    for (const [index, sample] of samples.entries()) {
      sampleMicros[index] = this.#ascending(sample.monotonicMicros);
      put(acceleration, index, sample.acceleration);
      if (sample.angularVelocity === undefined) continue;
      put(rotation, index, sample.angularVelocity);
      rotations++;
    }
    const [monotonicMicros = 0] = sampleMicros;
    sink.reading({
      source,
      modality: 'imu',
      timeMicros: clock.epochMicros() - (clock.monotonicMicros() - monotonicMicros),
      monotonicMicros,
      clockQuality: this.clockQuality,
      flags,
      sampleMicros,
      acceleration,
      ...(rotations === samples.length && { angularVelocity: rotation }),
    });
  }

  /** Samples that came in one piece, of a device without a clock, stand a microsecond apart. */
  #ascending(micros: Micros): Micros {
    this.#lastMicros = Math.max(micros, this.#lastMicros + 1);
    return this.#lastMicros;
  }
}

function emptyVectors(samples: number): Vectors {
  return [new Float32Array(samples), new Float32Array(samples), new Float32Array(samples)];
}

function put(vectors: Vectors, index: number, [x, y, z]: Vector): void {
  vectors[0][index] = x;
  vectors[1][index] = y;
  vectors[2][index] = z;
}

/** False for anything that is not a number, too. */
function isWithin([x, y, z]: Vector, limit: number): boolean {
  return Math.abs(x) <= limit && Math.abs(y) <= limit && Math.abs(z) <= limit;
}
