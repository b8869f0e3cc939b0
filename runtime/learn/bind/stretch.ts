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
  /** The samples from one time to another, both included. */
  cut(fromMicros: Micros, toMicros: Micros): EncoderInput;
}

/** A reading that starts this much after the end of the one before follows a gap; less is jitter of the host. */
const GAP_MICROS = 100_000;

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
    if (before !== undefined && (first - this.#endMicros > GAP_MICROS || !isSameKind)) this.#close();
    this.#motion.push(reading);
    this.#endMicros = last;
  }

  sound(reading: AudioReading): void {
    const before = this.#sound.at(-1);
    const isSameKind =
      before?.sampleRateHz === reading.sampleRateHz && before.channels.length === reading.channels.length;
    const gapMicros = reading.monotonicMicros - this.#endMicros;
    if (before !== undefined && (gapMicros > GAP_MICROS || !isSameKind)) this.#close();
    this.#sound.push(reading);
    const samples = reading.channels[0]?.length ?? 0;
    this.#endMicros = reading.monotonicMicros + (samples * 1e6) / reading.sampleRateHz;
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

function soundStretch(readings: readonly AudioReading[]): readonly Stretch[] {
  const [first] = readings;
  if (first === undefined) return [];
  const { sampleRateHz, monotonicMicros: startMicros } = first;
  const length = total(readings.map(({ channels }) => channels[0]?.length ?? 0));
  const channels = joinChannels(
    readings.map((reading) => reading.channels),
    length,
  );
  const sampleAt = (micros: Micros): number => Math.round(((micros - startMicros) * sampleRateHz) / 1e6);
  return [
    {
      startMicros,
      endMicros: startMicros + (length * 1e6) / sampleRateHz,
      channels: channels.length,
      rateHz: sampleRateHz,
      cut: (fromMicros, toMicros) => ({
        kind: 'sound',
        sampleRateHz,
        channels: channels.map((channel) => channel.subarray(Math.max(0, sampleAt(fromMicros)), sampleAt(toMicros))),
      }),
    },
  ];
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
