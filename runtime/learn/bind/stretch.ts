import type { Micros } from '../../clock';
import type { EncoderInput } from '../../preprocess/input';
import type { AudioReading, MotionReading } from '../../reading';
import { firstNotBefore } from './timeSearch';

/** Samples of a stream without a gap. */
export interface Stretch {
  /** Times of the first and the last sample, on the monotonic clock of the session. */
  readonly startMicros: Micros;
  readonly endMicros: Micros;
  readonly channels: number;
  /** Median over the stretch. */
  readonly rateHz: number;
  /** The samples from one time to another: of motion all between them, of sound as many as the time takes. */
  cut(fromMicros: Micros, toMicros: Micros): EncoderInput;
}

/** Sound that starts this much after the end of what came before follows a gap; less is jitter of the host. */
const SOUND_GAP_MICROS = 100_000;
/** Of motion: two steps of the slowest sensor that is bound, 10 Hz, and jitter; preprocessing bridges what is shorter. */
const MOTION_GAP_MICROS = 250_000;

/** Joins the readings of a stream to stretches. */
export class StretchBuilder {
  readonly #done: Stretch[] = [];
  #motion: MotionReading[] = [];
  #sound: AudioReading[] = [];
  #endMicros = 0;

  motion(reading: MotionReading): void {
    const { sampleMicros } = reading;
    const [first] = sampleMicros;
    const last = sampleMicros.at(-1);
    if (first === undefined || last === undefined) return;
    const before = this.#motion.at(-1);
    const isSameKind = (before?.angularVelocity === undefined) === (reading.angularVelocity === undefined);
    if (before !== undefined && (first - this.#endMicros > MOTION_GAP_MICROS || !isSameKind)) this.#close();
    this.#motion.push(reading);
    this.#endMicros = last;
  }

  sound(reading: AudioReading): void {
    const before = this.#sound.at(-1);
    const isSameKind =
      before?.sampleRateHz === reading.sampleRateHz && before.channels.length === reading.channels.length;
    const gapMicros = reading.monotonicMicros - this.#endMicros;
    if (before !== undefined && (gapMicros > SOUND_GAP_MICROS || !isSameKind)) this.#close();
    this.#sound.push(reading);
    this.#endMicros = reading.monotonicMicros + (samplesOf(reading) * 1e6) / reading.sampleRateHz;
  }

  finish(): readonly Stretch[] {
    this.#close();
    return this.#done;
  }

  #close(): void {
    if (this.#motion.length > 0) this.#done.push(motionStretch(this.#motion));
    if (this.#sound.length > 0) this.#done.push(...soundStretch(this.#sound));
    this.#motion = [];
    this.#sound = [];
  }
}

function motionStretch(readings: readonly MotionReading[]): Stretch {
  const timesMicros = new Float64Array(total(readings.map(({ sampleMicros }) => sampleMicros.length)));
  join(
    readings.map(({ sampleMicros }) => sampleMicros),
    timesMicros,
  );
  const axesOf = ({ acceleration, angularVelocity }: MotionReading): readonly Float32Array[] => {
    return [...acceleration, ...(angularVelocity ?? [])];
  };
  const axes = joinChannels(readings.map(axesOf), timesMicros.length);
  const startMicros = timesMicros[0] ?? 0;
  const endMicros = timesMicros.at(-1) ?? startMicros;
  return {
    startMicros,
    endMicros,
    channels: axes.length,
    rateHz: 1e6 / medianStep(timesMicros),
    cut: (fromMicros, toMicros) => {
      const from = firstNotBefore(timesMicros, fromMicros);
      const to = firstNotBefore(timesMicros, toMicros + 1);
      return {
        kind: 'motion',
        axes: axes.map((axis) => axis.subarray(from, to)),
        timing: { timesMicros: timesMicros.subarray(from, to) },
      };
    },
  };
}

/**
 * The clock of a sound card drifts from the host's, and short losses add up: where a sample lies is told by the time of
 * its own reading, not by counting from the first one.
 */
function soundStretch(readings: readonly AudioReading[]): readonly Stretch[] {
  const [first] = readings;
  const last = readings.at(-1);
  if (first === undefined || last === undefined) return [];
  const { sampleRateHz, monotonicMicros: startMicros } = first;
  const lengths = readings.map(samplesOf);
  const channels = joinChannels(
    readings.map((reading) => reading.channels),
    total(lengths),
  );
  const timesMicros = Float64Array.from(readings, ({ monotonicMicros }) => monotonicMicros);
  const firstSamples = firstSamplesOf(lengths);
  const sampleAt = (micros: number): number => {
    const reading = Math.max(0, firstNotBefore(timesMicros, micros + 1) - 1);
    const within = Math.round(((micros - (timesMicros[reading] ?? 0)) * sampleRateHz) / 1e6);
    return (firstSamples[reading] ?? 0) + Math.max(0, Math.min(within, lengths[reading] ?? 0));
  };
  return [
    {
      startMicros,
      endMicros: last.monotonicMicros + (samplesOf(last) * 1e6) / sampleRateHz,
      channels: channels.length,
      rateHz: sampleRateHz,
      cut: (fromMicros, toMicros) => {
        const length = Math.round(((toMicros - fromMicros) * sampleRateHz) / 1e6);
        const to = Math.max(sampleAt(toMicros), length);
        return { kind: 'sound', sampleRateHz, channels: channels.map((channel) => channel.subarray(to - length, to)) };
      },
    },
  ];
}

function samplesOf({ channels }: AudioReading): number {
  return channels[0]?.length ?? 0;
}

/** Number of the first sample of each reading. */
function firstSamplesOf(lengths: readonly number[]): readonly number[] {
  let sum = 0;
  return lengths.map((length) => {
    const first = sum;
    sum += length;
    return first;
  });
}

function joinChannels(pieces: readonly (readonly Float32Array[])[], length: number): readonly Float32Array[] {
  return (pieces[0] ?? []).map((_, channel) => {
    const joined = new Float32Array(length);
    join(
      pieces.map((piece) => piece[channel] ?? new Float32Array()),
      joined,
    );
    return joined;
  });
}

function join(pieces: readonly ArrayLike<number>[], into: Float32Array | Float64Array): void {
  let offset = 0;
  for (const piece of pieces) {
    into.set(piece, offset);
    offset += piece.length;
  }
}

function medianStep(times: Float64Array): Micros {
  const steps = Float64Array.from({ length: Math.max(1, times.length - 1) }, (_, index) => {
    return (times[index + 1] ?? 0) - (times[index] ?? 0);
  }).sort();
  return Math.max(1, steps[steps.length >> 1] ?? 1);
}

function total(lengths: readonly number[]): number {
  return lengths.reduce((sum, length) => sum + length, 0);
}
