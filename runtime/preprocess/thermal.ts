import type { InputSpec, PictureSpec } from '../../models/bundle/manifest';
import { SensebindError } from '../errors';
import type { Flag } from '../reading';
import { byteLevels, CLIP_MEAN, CLIP_STD } from './byteLevels';
import type { Size } from './crop';
import { CoverPlans } from './cropPlan';
import { HoleFiller } from './holes';
import type { EncoderInput, PictureFileInput, ThermalInput, ThermalPictureInput } from './input';
import { checkFrame, MAX_PHOTO_PIXELS, MAX_SENSOR_PIXELS, pictureSpec, unsupportedInput } from './inputChecks';
import { decodeGray } from './pictureFile';
import type { Confidence, Prepared, Preprocessor, Preset } from './preset';
import { ByteResizer } from './resize';
import { PercentileStretch } from './stretch';
import { inputShape } from './tensor';

interface ThermalRecipe {
  readonly id: string;
  readonly title: string;
  readonly source: string;
  readonly confidence: Confidence;
  readonly mean: number;
  readonly std: number;
}

/** The published code has no thermal loader: reference/imagebind.md §6 tells what each recipe rests on. */
const recipes: readonly ThermalRecipe[] = [
  {
    id: 'gray8',
    title: '8-bit gray, hot is bright, without mean and standard deviation',
    source: 'ImageBind PR #73 and PandaGPT (reference/imagebind.md §6.2)',
    confidence: 'medium',
    mean: 0,
    std: 1,
  },
  {
    id: 'half',
    title: '8-bit gray, mean 0.5 and standard deviation 0.5',
    source: 'QC-LY/UniBind utils/data_transform.py (reference/imagebind.md §6.1)',
    confidence: 'low',
    mean: 0.5,
    std: 0.5,
  },
  {
    id: 'clip',
    title: '8-bit gray with the CLIP statistics of red',
    source: 'weaviate/multi2vec-bind-inference bind_data.py (reference/imagebind.md §6.1)',
    confidence: 'low',
    mean: CLIP_MEAN[0],
    std: CLIP_STD[0],
  },
  {
    id: 'codebind',
    title: "8-bit gray with CodeBind's constants for LLVIP",
    source: 'Visual-AI/CodeBind (reference/imagebind.md §6.1)',
    confidence: 'low',
    mean: 1,
    std: 0.5,
  },
  {
    id: 'codebind-flir',
    title: '8-bit gray with the statistics of FLIR',
    source: 'Visual-AI/CodeBind (reference/imagebind.md §6.1)',
    confidence: 'low',
    mean: 0.4453,
    std: 0.2692,
  },
];

export const thermalPresets: readonly Preset[] = recipes.map((recipe) => ({
  id: recipe.id,
  modality: 'thermal',
  title: recipe.title,
  source: recipe.source,
  confidence: recipe.confidence,
  create: (spec: InputSpec) =>
    new ThermalPreprocessor(recipe, pictureSpec(spec, { preset: recipe.id, channels: 1, frames: 'one' })),
}));

/** No thermal camera measures more; a dead pixel that reads full scale must not set the range of the frame. */
const MAXIMUM_KELVIN = 5000;

class ThermalPreprocessor implements Preprocessor {
  readonly #recipe: ThermalRecipe;
  readonly #plans: CoverPlans;
  readonly #filler = new HoleFiller();
  readonly #stretch = new PercentileStretch();
  readonly #resizer = new ByteResizer(1);
  readonly #levels: Float32Array;
  readonly #tensor: Float32Array;
  readonly #items: Prepared['items'];
  #kelvin = new Float32Array(0);

  constructor(recipe: ThermalRecipe, spec: PictureSpec) {
    this.#recipe = recipe;
    this.#plans = new CoverPlans(spec);
    this.#levels = byteLevels(recipe.mean, recipe.std);
    this.#tensor = new Float32Array(spec.height * spec.width);
    this.#items = [{ data: this.#tensor, shape: [1, ...inputShape(spec)] }];
  }

  prepare(input: EncoderInput): Prepared | Promise<Prepared> {
    switch (input.kind) {
      case 'thermal':
        return this.#prepareRadiometric(input);
      case 'thermalPicture':
        return this.#prepareDisplay(input);
      case 'pictureFile':
        return this.#prepareFile(input);
      default:
        throw unsupportedInput(input, this.#recipe.id, ['thermal', 'thermalPicture', 'pictureFile']);
    }
  }

  #prepareRadiometric(input: ThermalInput): Prepared {
    checkFrame({ ...frame(input), values: input.kelvin, maxPixels: MAX_SENSOR_PIXELS });
    const holes = this.#copyValid(input.kelvin);
    if (holes === input.kelvin.length) throw nothingSeen(input);
    if (holes > 0) this.#filler.fill(this.#kelvin, input.width);
    return this.#prepareGray(this.#stretch.apply(this.#kelvin), input, holes > 0 ? ['holes-filled'] : []);
  }

  /** Copies a frame; gives the number of dead pixels, which become NaN. */
  #copyValid(kelvin: Float32Array): number {
    if (this.#kelvin.length !== kelvin.length) this.#kelvin = new Float32Array(kelvin.length);
    const copy = this.#kelvin;
    let holes = 0;
    for (let index = 0; index < kelvin.length; index++) {
      const value = kelvin[index] ?? 0;
      if (value > 0 && value <= MAXIMUM_KELVIN) {
        copy[index] = value;
      } else {
        copy[index] = Number.NaN;
        holes++;
      }
    }
    return holes;
  }

  #prepareDisplay(input: ThermalPictureInput): Prepared {
    checkFrame({ ...frame(input), values: input.gray, maxPixels: MAX_PHOTO_PIXELS });
    return this.#prepareGray(input.gray, input, []);
  }

  async #prepareFile(input: PictureFileInput): Promise<Prepared> {
    const picture = await decodeGray(input.bytes);
    if (picture.bitDepth === 8) return this.#prepareGray(picture.values, picture, []);
    throw new SensebindError(
      'INPUT_UNSUPPORTED',
      'Expected a thermal display picture of 8 bits a pixel, found a gray picture of 16 bits',
      'If the values are temperatures, pass the file as radiometric together with their unit; else save it with 8 bits.',
    );
  }

  #prepareGray(gray: Uint8Array, size: Size, flags: readonly Flag[]): Prepared {
    const window = this.#resizer.crop(gray, this.#plans.of(size));
    const levels = this.#levels;
    for (let index = 0; index < window.length; index++) this.#tensor[index] = levels[window[index] ?? 0] ?? 0;
    return { items: this.#items, flags };
  }
}

function frame({ width, height }: Size): { name: string; valuesPerPixel: number; width: number; height: number } {
  return { name: 'a thermal frame', valuesPerPixel: 1, width, height };
}

function nothingSeen({ width, height }: Size): SensebindError {
  return new SensebindError(
    'INPUT_INVALID',
    `Expected temperatures between 0 K and ${MAXIMUM_KELVIN} K, found ${width} × ${height} pixels without one`,
    'Look at the unit of the values: this input takes kelvin.',
  );
}
