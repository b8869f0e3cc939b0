import type { InputSpec, SeriesSpec } from '../../models/bundle/manifest';
import { SensebindError } from '../errors';
import type { Flag } from '../reading';
import type { EncoderInput, MotionInput } from './input';
import { unsupportedInput } from './inputChecks';
import { MotionGrid } from './motionGrid';
import { motionRatio } from './motionRatio';
import type { Confidence, Prepared, Preprocessor, Preset } from './preset';
import { resampleKernel } from './resampleKernel';
import { checkSignals } from './signalChecks';

/** An hour at 1 kHz; only the first window is looked at. */
const MAX_SAMPLES = 3_600_000;
/** Channels times samples of one window: 16 MiB. */
const MAX_VALUES = 2 ** 22;
/** The resampler looks at nine input samples beyond a window's end at most, and no rate is below 1 Hz. */
const FILTER_REACH_SECONDS = 10;
/** Axes of one sensor: accelerometer, gyroscope, … */
const AXES = 3;
/** What GroupNorm adds to a variance. */
const VARIANCE_FLOOR = 1e-5;

/** A way from motion to a tensor, told apart by the rate and by what is done to the values. */
export interface MotionPreset extends Preset {
  /** Where the preset resamples to another rate than the spec's: a window then lasts `spec.samples / rateHz` seconds. */
  readonly rateHz?: number;
  /** Values as they are (m/s², rad/s), or each sensor brought to mean 0 and deviation 1 over the window. */
  readonly values: 'as-measured' | 'standardised';
}

interface Declaration {
  readonly id: string;
  readonly title: string;
  readonly source: string;
  readonly confidence: Confidence;
  readonly rateHz?: number;
  readonly values: MotionPreset['values'];
}

const declarations: readonly Declaration[] = [
  {
    id: 'ego4d',
    title: 'Accelerometer, then gyroscope, as measured, at the rate of the encoder (5 s at 400 Hz)',
    source: 'ImageBind paper §3.3, A.1, fig. 7; units of Ego4D (reference/imagebind.md §7)',
    confidence: 'medium',
    values: 'as-measured',
  },
  {
    id: 'imu-10s-200hz',
    title: 'As measured, at 200 Hz: 10 s fill the 2000 samples',
    source: 'huggingface/transformers pull request 26310, ImageBindImuFeatureExtractor (reference/imagebind.md §7.1)',
    confidence: 'low',
    rateHz: 200,
    values: 'as-measured',
  },
  {
    id: 'standardised',
    title: 'Accelerometer and gyroscope each brought to mean 0 and deviation 1 over the window',
    source: 'facebookresearch/imu2clip, GroupNorm(2, 6) before its encoder (reference/imagebind.md §7.1)',
    confidence: 'low',
    values: 'standardised',
  },
];

export const imuPresets: readonly MotionPreset[] = declarations.map((declaration) => ({
  ...declaration,
  modality: 'imu',
  create: (spec: InputSpec) => new MotionPreprocessor(seriesSpec(spec, declaration.id), declaration),
}));

/**
 * Motion at any rate, resampled by the formula of the audio resampler, cut or zero-padded at the end
 * (reference/imagebind.md §7.2). Output `[1, channels, samples]`.
 *
 * Times that are irregular are brought to a uniform grid first (motionGrid.ts): a bridged gap is flagged `gap` and
 * `interpolated`, samples left out because they are out of order `interpolated`. A window that lacks more than one
 * input sample is flagged `partial-window`.
 */
class MotionPreprocessor implements Preprocessor {
  readonly #spec: SeriesSpec;
  readonly #preset: Declaration;
  readonly #rateHz: number;
  readonly #tensor: Float32Array;
  readonly #channels: readonly Float32Array[];
  readonly #shape: readonly number[];
  readonly #grid = new MotionGrid();

  constructor(spec: SeriesSpec, preset: Declaration) {
    const { channels, samples } = spec;
    this.#spec = spec;
    this.#preset = preset;
    this.#rateHz = preset.rateHz ?? spec.rateHz;
    this.#tensor = new Float32Array(channels * samples);
    this.#channels = Array.from({ length: channels }, (_, channel) =>
      this.#tensor.subarray(channel * samples, (channel + 1) * samples),
    );
    this.#shape = [1, channels, samples];
  }

  prepare(input: EncoderInput): Prepared {
    if (input.kind !== 'motion') throw unsupportedInput(input, this.#preset.id, ['motion']);
    this.#checkAxes(input);
    const { axes, length, rateHz, flags } = this.#uniform(input);
    const { filled, missing } = this.#resample({ axes, length, rateHz });
    if (this.#preset.values === 'standardised') standardise(this.#channels, filled);
    return {
      items: [{ data: this.#tensor, shape: this.#shape }],
      flags: missing ? [...flags, 'partial-window'] : flags,
    };
  }

  #checkAxes({ axes }: MotionInput): void {
    if (axes.length !== this.#spec.channels) {
      throw new SensebindError(
        'INPUT_INVALID',
        `Expected motion with ${this.#spec.channels} axes, found ${axes.length}`,
        'Pass accelerometer x, y, z (m/s² with gravity), then gyroscope x, y, z (rad/s).',
      );
    }
    if (checkSignals(axes, { name: 'motion', maxSamples: MAX_SAMPLES }) > 0) return;
    throw new SensebindError(
      'INPUT_INVALID',
      'Expected at least one motion sample, found none',
      'Wait for the sensor to deliver.',
    );
  }

  #uniform({ axes, timing }: MotionInput): Uniform & { readonly flags: readonly Flag[] } {
    if ('rateHz' in timing) return { axes, length: axes[0]?.length ?? 0, rateHz: timing.rateHz, flags: [] };
    const maxSeconds = this.#spec.samples / this.#rateHz + FILTER_REACH_SECONDS;
    const { gap, dropped, ...signal } = this.#grid.place({ axes, timesMicros: timing.timesMicros }, maxSeconds);
    const flags: Flag[] = gap ? ['gap', 'interpolated'] : dropped > 0 ? ['interpolated'] : [];
    return { ...signal, flags };
  }

  /** How many samples of each channel the input filled, and whether more than one input sample was lacking. */
  #resample({ axes, length, rateHz }: Uniform): { readonly filled: number; readonly missing: boolean } {
    const ratio = motionRatio(rateHz, this.#rateHz);
    const kernel = resampleKernel(ratio);
    const { samples } = this.#spec;
    const filled = Math.min(samples, kernel.outputLength(length));
    for (const [index, channel] of this.#channels.entries()) {
      const signal = axes[index];
      if (signal === undefined) continue;
      kernel.apply({ samples: signal, start: 0, end: length }, channel.subarray(0, filled), { from: 0 });
      channel.fill(0, filled);
    }
    return { filled, missing: samples - filled > kernel.outputLength(1) };
  }
}

interface Uniform {
  readonly axes: readonly Float32Array[];
  readonly length: number;
  readonly rateHz: number;
}

/** Each sensor of three axes to mean 0 and deviation 1 over its first `filled` samples; the padding stays 0. */
function standardise(channels: readonly Float32Array[], filled: number): void {
  for (let first = 0; first < channels.length; first += AXES) {
    const sensor = channels.slice(first, first + AXES).map((channel) => channel.subarray(0, filled));
    const count = sensor.length * filled;
    const mean = total(sensor, (value) => value) / count;
    const variance = total(sensor, (value) => (value - mean) ** 2) / count;
    const scale = 1 / Math.sqrt(variance + VARIANCE_FLOOR);
    for (const axis of sensor) {
      for (let index = 0; index < axis.length; index++) axis[index] = ((axis[index] ?? 0) - mean) * scale;
    }
  }
}

function total(axes: readonly Float32Array[], term: (value: number) => number): number {
  let sum = 0;
  for (const axis of axes) for (const value of axis) sum += term(value);
  return sum;
}

function seriesSpec(spec: InputSpec, preset: string): SeriesSpec {
  if (spec.kind !== 'series') {
    throw new SensebindError(
      'PRESET_UNKNOWN',
      `Expected an encoder that takes a series for preset "${preset}", found one that takes ${spec.kind}`,
      'Correct the preset of this encoder in manifest.json.',
    );
  }
  if (spec.channels * spec.samples > MAX_VALUES) {
    throw new SensebindError(
      'BUNDLE_INVALID',
      `Expected at most ${MAX_VALUES} values in a window for preset "${preset}", found ${spec.channels} × ${spec.samples}`,
      'Correct the input of this encoder in manifest.json.',
    );
  }
  return spec;
}
