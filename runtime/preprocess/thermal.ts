import type { InputSpec, PictureSpec } from '../../models/bundle/manifest';
import { SensebindError } from '../errors';
import type { Flag } from '../reading';
import { byteLevels, CLIP_MEAN, CLIP_STD } from './byteLevels';
import type { Size } from './crop';
import { CoverPlans } from './cropPlan';
import type { EncoderInput, PictureFileInput, ThermalInput, ThermalPictureInput } from './input';
import { checkFrame, MAX_PHOTO_PIXELS, pictureSpec, unsupportedInput } from './inputChecks';
import { kelvinPreset } from './kelvin';
import { decodeGray } from './pictureFile';
import type { Confidence, Prepared, Preprocessor, Preset } from './preset';
import { ByteResizer } from './resize';
import { PercentileStretch } from './stretch';
import { inputShape } from './tensor';
import { ThermalFrame } from './thermalFrame';

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

const grayPresets: readonly Preset[] = recipes.map((recipe) => ({
  id: recipe.id,
  modality: 'thermal',
  title: recipe.title,
  source: recipe.source,
  confidence: recipe.confidence,
  create: (spec: InputSpec) =>
    new ThermalPreprocessor(recipe, pictureSpec(spec, { preset: recipe.id, channels: 1, frames: 'one' })),
}));

export const thermalPresets: readonly Preset[] = [...grayPresets, kelvinPreset];

class ThermalPreprocessor implements Preprocessor {
  readonly #recipe: ThermalRecipe;
  readonly #plans: CoverPlans;
  readonly #frame = new ThermalFrame();
  readonly #stretch = new PercentileStretch();
  readonly #resizer = new ByteResizer(1);
  readonly #levels: Float32Array;
  readonly #tensor: Float32Array;
  readonly #items: Prepared['items'];

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
    const { kelvin, flags } = this.#frame.read(input);
    return this.#prepareGray(this.#stretch.apply(kelvin), input, flags);
  }

  #prepareDisplay(input: ThermalPictureInput): Prepared {
    const { gray, width, height } = input;
    checkFrame({
      name: 'a thermal frame',
      values: gray,
      valuesPerPixel: 1,
      width,
      height,
      maxPixels: MAX_PHOTO_PIXELS,
    });
    return this.#prepareGray(gray, input, []);
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
