import type { InputSpec, PictureSpec } from '../../models/bundle/manifest';
import { SensebindError } from '../errors';
import { CLIP_MEAN, CLIP_STD } from './byteLevels';
import { CoverPlans, type CropPlan } from './cropPlan';
import { HoleFiller } from './holes';
import type { DepthInput, EncoderInput } from './input';
import { checkFrame, MAX_SENSOR_PIXELS, pictureSpec, unsupportedInput } from './inputChecks';
import type { Confidence, Prepared, Preprocessor, Preset } from './preset';
import { FloatResizer } from './resize';
import { inputShape } from './tensor';

/** How metres become the picture that the encoder sees, before the resize. */
type DepthMap =
  | {
      /** `clamp(baselineFocal / z, 0.01, 75) / 75` with `z = clamp(metres · depthFactor, 0.01, maximumDepth)`. */
      readonly kind: 'disparity';
      readonly depthFactor: number;
      readonly maximumDepth: number;
    }
  | {
      /** 8-bit gray, black at the camera and white at `whiteMetres`, over 255. */
      readonly kind: 'gray';
      readonly whiteMetres: number;
    };

interface DepthRecipe {
  readonly id: string;
  readonly title: string;
  readonly source: string;
  readonly confidence: Confidence;
  readonly map: DepthMap;
  readonly mean: number;
  readonly std: number;
}

/** Where ImageBind issue #134, the one public claim of reaching the paper's figure, cuts the depth. */
const NEAR_RANGE_METRES = 8;
/** Where Omnivore's conversion cuts it. */
const FAR_RANGE_METRES = 50;

const OMNIVORE_MEAN = 0.0418;
const OMNIVORE_STD = 0.0295;

/** The published code has no depth loader: reference/imagebind.md §5 tells what each recipe rests on. */
const recipes: readonly DepthRecipe[] = [
  {
    id: 'metric',
    title: 'Disparity from metres, up to 8 m, Omnivore statistics',
    source: 'ImageBind issue #134 and facebookresearch/omnivore (reference/imagebind.md §5.3)',
    confidence: 'medium-low',
    map: { kind: 'disparity', depthFactor: 1, maximumDepth: NEAR_RANGE_METRES },
    mean: OMNIVORE_MEAN,
    std: OMNIVORE_STD,
  },
  {
    id: 'omnivore',
    title: 'Disparity from the SUN RGB-D raw value / 1000 (eight times the metres), Omnivore statistics',
    source: 'facebookresearch/omnivore #12 and omnivore/predict.py (reference/imagebind.md §5.1)',
    confidence: 'medium-low',
    map: { kind: 'disparity', depthFactor: 8, maximumDepth: FAR_RANGE_METRES },
    mean: OMNIVORE_MEAN,
    std: OMNIVORE_STD,
  },
  {
    id: 'omnivision',
    title: 'Disparity from metres, up to 8 m, without mean and standard deviation',
    source: 'facebookresearch/omnivore omnivision training config (reference/imagebind.md §5.1)',
    confidence: 'medium-low',
    map: { kind: 'disparity', depthFactor: 1, maximumDepth: NEAR_RANGE_METRES },
    mean: 0,
    std: 1,
  },
  {
    id: 'codebind-nyu',
    title: 'Disparity from metres, statistics of NYU Depth v2',
    source: 'Visual-AI/CodeBind datasets/data_transform_rgbd.py (reference/imagebind.md §5.1)',
    confidence: 'low',
    map: { kind: 'disparity', depthFactor: 1, maximumDepth: FAR_RANGE_METRES },
    mean: 0.2321,
    std: 0.1151,
  },
  {
    id: 'codebind-sun',
    title: 'Disparity from metres, statistics of the SUN RGB-D test split',
    source: 'Visual-AI/CodeBind datasets/data_transform_rgbd.py (reference/imagebind.md §5.1)',
    confidence: 'low',
    map: { kind: 'disparity', depthFactor: 1, maximumDepth: FAR_RANGE_METRES },
    mean: 0.3184,
    std: 0.104,
  },
  {
    id: 'image-like',
    title: '8-bit gray depth, far is bright, with the CLIP statistics of red',
    source: 'weaviate/multi2vec-bind-inference (reference/imagebind.md §5.3); white at 8 m is our choice',
    confidence: 'low',
    map: { kind: 'gray', whiteMetres: NEAR_RANGE_METRES },
    mean: CLIP_MEAN[0],
    std: CLIP_STD[0],
  },
];

export const depthPresets: readonly Preset[] = recipes.map((recipe) => ({
  id: recipe.id,
  modality: 'depth',
  title: recipe.title,
  source: recipe.source,
  confidence: recipe.confidence,
  create: (spec: InputSpec) =>
    new DepthPreprocessor(recipe, pictureSpec(spec, { preset: recipe.id, channels: 1, frames: 'one' })),
}));

/** Kinect v1: 0.075 m × 520 px. */
const DEFAULT_BASELINE_FOCAL = 39;
const MINIMUM_DEPTH_METRES = 0.01;
const MAXIMUM_DISPARITY = 75;
/** The least disparity, over the greatest. */
const LOWEST = 0.01 / MAXIMUM_DISPARITY;

class DepthPreprocessor implements Preprocessor {
  readonly #recipe: DepthRecipe;
  readonly #plans: CoverPlans;
  readonly #filler = new HoleFiller();
  readonly #resizer = new FloatResizer();
  readonly #tensor: Float32Array;
  readonly #items: Prepared['items'];
  #region = new Float32Array(0);

  constructor(recipe: DepthRecipe, spec: PictureSpec) {
    const shape = inputShape(spec);
    this.#recipe = recipe;
    this.#plans = new CoverPlans(spec);
    this.#tensor = new Float32Array(spec.height * spec.width);
    this.#items = [{ data: this.#tensor, shape: [1, ...shape] }];
  }

  prepare(input: EncoderInput): Prepared {
    if (input.kind !== 'depth') throw unsupportedInput(input, this.#recipe.id, ['depth']);
    const baselineFocal = checkDepth(input);
    const plan = this.#plans.of(input);
    const holes = this.#mapRegion(input.metres, plan, baselineFocal);
    if (holes === this.#region.length) throw nothingSeen(input);
    if (holes > 0) this.#filler.fill(this.#region, plan.horizontal.to - plan.horizontal.from);
    const window = this.#resizer.crop(this.#region, plan);
    const { mean, std } = this.#recipe;
    for (let index = 0; index < window.length; index++) this.#tensor[index] = ((window[index] ?? 0) - mean) / std;
    return { items: this.#items, flags: holes > 0 ? ['holes-filled'] : [] };
  }

  /** Maps the part of the frame that the crop reads; gives the number of missing pixels, which become NaN. */
  #mapRegion(metres: Float32Array, plan: CropPlan, baselineFocal: number): number {
    const area = (plan.horizontal.to - plan.horizontal.from) * (plan.vertical.to - plan.vertical.from);
    if (this.#region.length !== area) this.#region = new Float32Array(area);
    const { map } = this.#recipe;
    if (map.kind === 'gray') return grayRegion(metres, plan, { whiteMetres: map.whiteMetres, to: this.#region });
    return disparityRegion(metres, plan, { ...map, baselineFocal, to: this.#region });
  }
}

function nothingSeen({ width, height }: DepthInput): SensebindError {
  return new SensebindError(
    'INPUT_INVALID',
    `Expected distances in the part of a depth frame that the encoder sees, found ${width} × ${height} pixels without one`,
    'Look whether the lens is covered, the scene out of range, or the unit wrong.',
  );
}

function checkDepth({ metres, width, height, baselineFocal = DEFAULT_BASELINE_FOCAL }: DepthInput): number {
  checkFrame({
    name: 'a depth frame',
    values: metres,
    valuesPerPixel: 1,
    width,
    height,
    maxPixels: MAX_SENSOR_PIXELS,
  });
  if (!(baselineFocal > 0 && Number.isFinite(baselineFocal))) {
    throw new SensebindError(
      'INPUT_INVALID',
      `Expected a positive baseline × focal length (metres × pixels), found ${baselineFocal}`,
      "Give the camera's own value, or leave it out.",
    );
  }
  return baselineFocal;
}

interface DisparityTarget {
  readonly depthFactor: number;
  readonly maximumDepth: number;
  readonly baselineFocal: number;
  readonly to: Float32Array;
}

/**
 * Gives the number of missing pixels, which become NaN. Both clamps are turned into two distances, so that most pixels
 * cost one division.
 */
function disparityRegion(metres: Float32Array, plan: CropPlan, target: DisparityTarget): number {
  const { depthFactor, maximumDepth, baselineFocal, to } = target;
  const scale = baselineFocal / MAXIMUM_DISPARITY;
  const near = Math.max(MINIMUM_DEPTH_METRES, scale);
  const far = Math.max(near, Math.min(maximumDepth, scale / LOWEST));
  const atNear = clamp(scale / near, LOWEST, 1);
  const atFar = clamp(scale / far, LOWEST, 1);
  let holes = 0;
  let index = 0;
  for (let row = plan.vertical.from; row < plan.vertical.to; row++) {
    const end = row * plan.from.width + plan.horizontal.to;
    for (let at = row * plan.from.width + plan.horizontal.from; at < end; at++) {
      const depth = (metres[at] ?? 0) * depthFactor;
      if (depth > near && depth < far) {
        to[index] = scale / depth;
      } else if (depth > 0 && depth < Number.POSITIVE_INFINITY) {
        to[index] = depth > near ? atFar : atNear;
      } else {
        to[index] = Number.NaN;
        holes++;
      }
      index++;
    }
  }
  return holes;
}

/** A byte over 255. */
const GRAY_LEVELS = Float32Array.from({ length: 256 }, (_, level) => level / 255);

interface GrayTarget {
  readonly whiteMetres: number;
  readonly to: Float32Array;
}

/** Gives the number of missing pixels, which become NaN. */
function grayRegion(metres: Float32Array, plan: CropPlan, { whiteMetres, to }: GrayTarget): number {
  let holes = 0;
  let index = 0;
  for (let row = plan.vertical.from; row < plan.vertical.to; row++) {
    const end = row * plan.from.width + plan.horizontal.to;
    for (let at = row * plan.from.width + plan.horizontal.from; at < end; at++) {
      const depth = metres[at] ?? 0;
      if (depth > 0 && depth < Number.POSITIVE_INFINITY) {
        // Truncated after one half is added: rounding what is not negative, at a third of the time of Math.round.
        const level = Math.trunc((Math.min(depth, whiteMetres) / whiteMetres) * 255 + 0.5);
        to[index] = GRAY_LEVELS[level] ?? 1;
      } else {
        to[index] = Number.NaN;
        holes++;
      }
      index++;
    }
  }
  return holes;
}

function clamp(value: number, minimum: number, maximum: number): number {
  if (value < minimum) return minimum;
  return value > maximum ? maximum : value;
}
