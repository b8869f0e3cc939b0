import type { InputSpec, PictureSpec } from '../../models/bundle/manifest';
import { SensebindError } from '../errors';
import { CoverPlans, type CropPlan } from './cropPlan';
import type { EncoderInput } from './input';
import { pictureSpec, unsupportedInput } from './inputChecks';
import type { Prepared, Preprocessor, Preset } from './preset';
import { FloatResizer } from './resize';
import { inputShape } from './tensor';
import { ThermalFrame } from './thermalFrame';

const ID = 'kelvin';

/** 20 °C: about what a room's walls have. */
const ROOM_KELVIN = 293.15;
/** Within this many kelvin of a room's temperature the picture is nearly linear, beyond them logarithmic. */
const LINEAR_KELVIN = 8;
/** Brings a frame with a person or a machine in it to a deviation of about one half. */
const DIVISOR = 2;

/**
 * Temperatures as they are: `asinh((kelvin - 293.15) / 8) / 2`, the same for every frame. A stretch by the range of the
 * frame, as display pictures have it, makes a freezer of 250 K and a wall of 290 K alike, and lets one hot spot blacken
 * all else; a camera that measures temperatures can tell them apart. The inverse hyperbolic sine leaves tenths of a
 * kelvin visible near room temperature and keeps a fire of 1000 K below 3.
 *
 * Pixels are averaged as temperatures, before the curve: a small hot thing gives the same value near and resized.
 */
export const kelvinPreset: Preset = {
  id: ID,
  modality: 'thermal',
  title: 'Absolute temperature: asinh((K - 293.15) / 8) / 2, without a stretch by the range of the frame',
  source: 'our own; what the small model of the simulated world is trained with',
  confidence: 'exact',
  create: (spec: InputSpec) => new KelvinPreprocessor(pictureSpec(spec, { preset: ID, channels: 1, frames: 'one' })),
};

class KelvinPreprocessor implements Preprocessor {
  readonly #plans: CoverPlans;
  readonly #frame = new ThermalFrame();
  readonly #resizer = new FloatResizer();
  readonly #tensor: Float32Array;
  readonly #items: Prepared['items'];
  #region = new Float32Array(0);

  constructor(spec: PictureSpec) {
    this.#plans = new CoverPlans(spec);
    this.#tensor = new Float32Array(spec.height * spec.width);
    this.#items = [{ data: this.#tensor, shape: [1, ...inputShape(spec)] }];
  }

  prepare(input: EncoderInput): Prepared {
    if (input.kind === 'thermalPicture' || input.kind === 'pictureFile') throw displayPicture();
    if (input.kind !== 'thermal') throw unsupportedInput(input, ID, ['thermal']);
    const { kelvin, flags } = this.#frame.read(input);
    const plan = this.#plans.of(input);
    const window = this.#resizer.crop(this.#cut(kelvin, plan), plan);
    for (let index = 0; index < window.length; index++) {
      this.#tensor[index] = Math.asinh(((window[index] ?? 0) - ROOM_KELVIN) / LINEAR_KELVIN) / DIVISOR;
    }
    return { items: this.#items, flags };
  }

  /** The part of the frame that the crop reads, without gaps. */
  #cut(kelvin: Float32Array, { from, horizontal, vertical }: CropPlan): Float32Array {
    const width = horizontal.to - horizontal.from;
    const area = width * (vertical.to - vertical.from);
    if (area === kelvin.length) return kelvin;
    if (this.#region.length !== area) this.#region = new Float32Array(area);
    for (let row = vertical.from; row < vertical.to; row++) {
      const start = row * from.width;
      this.#region.set(kelvin.subarray(start + horizontal.from, start + horizontal.to), (row - vertical.from) * width);
    }
    return this.#region;
  }
}

function displayPicture(): SensebindError {
  return new SensebindError(
    'INPUT_UNSUPPORTED',
    `Expected temperatures for preset "${ID}", found a display picture, which says only what is warmer than what`,
    'Pass a radiometric frame together with its unit, or use an encoder with another thermal preset.',
  );
}
