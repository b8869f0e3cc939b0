import type { Scene } from '../../devices/simulated/scene';
import type { Sensor } from '../../devices/simulated/sensor';
import { channelsOf as channelsOfReading } from '../../runtime/learn/baselines/signal';
import { readingOf } from '../../runtime/learn/sensorItems';
import { RealFft } from '../../runtime/preprocess/realFft';

/** The raw values of a sensor, a list a channel: colours, axes, or one. */
export function channelsOf(sensor: Sensor, scene: Scene): readonly ArrayLike<number>[] {
  return channelsOfReading(readingOf(sensor, scene));
}

/** A few hundred numbers that keep the form: what a stronger classifier works on. */
export function formOf(sensor: Sensor, channels: readonly ArrayLike<number>[]): number[] {
  switch (sensor) {
    case 'vision':
      return channels.flatMap((values) => blocks(values, 64, 16));
    case 'depth':
      return [
        ...blocks(
          Float64Array.from(channels[0]!, (metres) => 1 / (metres + 0.5)),
          64,
          16,
        ),
        ...blocks(
          Float64Array.from(channels[0]!, (metres) => (metres === 0 ? 1 : 0)),
          64,
          8,
        ),
      ];
    case 'thermal': {
      const sorted = Float64Array.from(channels[0]!).sort();
      const median = sorted[sorted.length >> 1]!;
      return blocks(
        Float64Array.from(channels[0]!, (kelvin) => Math.asinh((kelvin - median) / 2)),
        32,
        16,
      );
    }
    case 'audio':
      return spectrogram(channels[0]!);
    case 'imu':
      return channels.flatMap(bursts);
    case 'radar':
      return Array.from(channels[0]!, (echo) => Math.log(echo + 0.01));
  }
}

/** Means over square blocks of a square picture. */
function blocks(values: ArrayLike<number>, side: number, count: number): number[] {
  const size = side / count;
  return Array.from({ length: count * count }, (_, block) => {
    let sum = 0;
    for (let at = 0; at < size * size; at++) {
      const row = Math.floor(block / count) * size + Math.floor(at / size);
      sum += values[row * side + (block % count) * size + (at % size)]!;
    }
    return sum / (size * size);
  });
}

const FFT = 1024;
const fft = new RealFft(FFT);
const TIMES = 16;
const BANDS = 24;

/** Log energies of bands of frequency at several times, without the gain. */
function spectrogram(samples: ArrayLike<number>): number[] {
  const power = new Float64Array(FFT / 2 + 1);
  const out: number[] = [];
  for (let time = 0; time < TIMES; time++) {
    const start = Math.floor((time * (samples.length - FFT)) / (TIMES - 1));
    const part = Float32Array.from(
      { length: FFT },
      (_, at) => samples[start + at]! * Math.sin((Math.PI * at) / FFT) ** 2,
    );
    fft.powerSpectrum(part, power);
    for (let band = 0; band < BANDS; band++) {
      const from = Math.floor(3 * (512 / 3) ** (band / BANDS));
      const to = Math.max(from + 1, Math.floor(3 * (512 / 3) ** ((band + 1) / BANDS)));
      let sum = 0;
      for (let bin = from; bin < to; bin++) sum += power[bin]!;
      out.push(Math.log(sum + 1e-7));
    }
  }
  const mean = out.reduce((sum, value) => sum + value, 0) / out.length;
  return out.map((value) => value - mean);
}

const SPANS = 20;

/** Slow, fast and largest movement of one axis in spans of time. */
function bursts(values: ArrayLike<number>): number[] {
  const length = Math.floor(values.length / SPANS);
  return Array.from({ length: SPANS }, (_, span) => {
    let slow = 0;
    let fast = 0;
    let largest = 0;
    let mean = 0;
    for (let at = 0; at < length; at++) mean += values[span * length + at]! / length;
    for (let at = 1; at < length; at++) {
      const value = values[span * length + at]! - mean;
      const step = values[span * length + at]! - values[span * length + at - 1]!;
      slow += value ** 2;
      fast += step ** 2;
      largest = Math.max(largest, Math.abs(value));
    }
    return [Math.log(slow + 1e-6), Math.log(fast + 1e-6), Math.log(largest + 1e-4)];
  }).flat();
}
