import type { Reading } from '../reading';
import type { Instant } from './instant';
import { MotionMeter } from './meters/motion';
import { hottest, nearest } from './meters/pictures';
import { SoundMeter } from './meters/sound';

/** One measured value. */
export interface Measurement {
  readonly value: number;
  readonly at: Instant;
}

/** Measures the readings of one source. Nothing is kept of them. */
export interface Meter {
  /** Zero or more values; those of another modality have none. */
  measure(reading: Reading): readonly Measurement[];
}

interface MeasureDeclaration {
  readonly modality: Reading['modality'];
  readonly title: string;
  /** As people write it. */
  readonly unit: string;
  create(): Meter;
}

const whole = (measure: (reading: Reading) => number | undefined): Meter => ({
  measure: (reading) => {
    const value = measure(reading);
    const at = { monotonicMicros: reading.monotonicMicros, epochMicros: reading.timeMicros };
    return value === undefined ? [] : [{ value, at }];
  },
});

/** Every value that a rule can speak of. */
export const MEASURES = {
  maximum_celsius: {
    modality: 'thermal',
    title: 'the hottest pixel of a radiometric thermal camera',
    unit: '°C',
    create: () => whole(hottest),
  },
  nearest_metres: {
    modality: 'depth',
    title: 'the distance of the nearest thing, specks left out',
    unit: 'm',
    create: () => whole(nearest),
  },
  level_decibels: {
    modality: 'audio',
    title: 'the level of the loudest channel over an eighth of a second; 0 is the loudest sine there can be',
    unit: 'dB',
    create: () => new SoundMeter(),
  },
  acceleration_g: {
    modality: 'imu',
    title: 'the strongest acceleration within a tenth of a second; 1 at rest',
    unit: 'g',
    create: () => new MotionMeter(),
  },
} as const satisfies Readonly<Record<string, MeasureDeclaration>>;

export type MeasureId = keyof typeof MEASURES;

export const MEASURE_IDS = Object.keys(MEASURES) as readonly MeasureId[];
