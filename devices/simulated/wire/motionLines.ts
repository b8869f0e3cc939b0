import type { MotionReading } from '../../../runtime/reading';
import { samplesOf, type WireSample } from './samples';

/** A header line and lines of values, a line of JSON a sample, or NMEA sentences with a checksum. */
export type MotionLineFormat = 'csv' | 'json' | 'nmea';

const AXES = ['ax', 'ay', 'az', 'gx', 'gy', 'gz'] as const;

/** A board that prints what it measures, with its time in milliseconds. */
export class SimulatedMotionLines {
  readonly #format: MotionLineFormat;
  #hasHeader: boolean = false;

  constructor(format: MotionLineFormat) {
    this.#format = format;
  }

  encode(reading: MotionReading): Buffer {
    return Buffer.concat(samplesOf(reading).map((sample) => this.encodeSample(sample)));
  }

  encodeSample(sample: WireSample): Buffer {
    const values = [...sample.acceleration, ...(sample.angularVelocity ?? [])].map((value) =>
      Number(value.toPrecision(7)),
    );
    const millis = sample.micros / 1000;
    const header = this.#hasHeader ? '' : this.#header(values.length);
    this.#hasHeader = true;
    return Buffer.from(header + this.#line(millis, values));
  }

  #header(axes: number): string {
    if (this.#format === 'json') return '';
    const titles = ['t_ms', ...AXES.slice(0, axes)].join(',');
    return this.#format === 'csv' ? `${titles}\n` : sentence(titles);
  }

  #line(millis: number, values: readonly number[]): string {
    switch (this.#format) {
      case 'csv':
        return `${[millis, ...values].join(',')}\n`;
      case 'nmea':
        return sentence([millis, ...values].join(','));
      case 'json':
        return `${JSON.stringify(Object.fromEntries([['t_ms', millis], ...values.map((value, index) => [AXES[index] ?? '', value])]))}\n`;
    }
  }
}

/** NMEA 0183: all bytes between `$` and `*` exclusive-ored. */
function sentence(text: string): string {
  const body = `IMU,${text}`;
  const sum = Buffer.from(body).reduce((before, byte) => before ^ byte, 0);
  return `$${body}*${sum.toString(16).toUpperCase().padStart(2, '0')}\r\n`;
}
