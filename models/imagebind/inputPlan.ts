import type { InputSpec } from '../bundle/manifest';
import { elementCount, formatShape, kernelPositions, sizeAt } from '../onnx/shape';
import { layoutError } from './infer';
import type { Tower } from './layout';
import { type ImagebindModality, TOWERS } from './modality';
import { type Variant, variantInvalid } from './variant';

/** What a variant adds to the sizes of a tower. */
export interface InputPlan {
  readonly input: InputSpec;
  /** Shape of the input tensor without the batch. */
  readonly itemShape: readonly number[];
  /** Steps between two positions of the stem's kernel, along the axes of the item after its channels. */
  readonly stride: readonly number[];
  readonly heads: number;
  readonly preset: string;
}

interface Sources {
  readonly modality: ImagebindModality;
  readonly tower: Tower;
  readonly variant: Variant;
}

/**
 * Joins a variant with the sizes of a tower.
 *
 * @throws {SensebindError} `VARIANT_INVALID` when the variant has no such encoder, or numbers that do not divide;
 * `CHECKPOINT_LAYOUT` when the stem or the positional table does not fit the input.
 */
export function planInput(sources: Sources): InputPlan {
  const { modality, tower } = sources;
  const plan = unchecked(sources);
  if (tower.width % plan.heads !== 0) {
    throw variantInvalid(`${plan.heads} ${modality} heads do not divide the width ${tower.width} of the checkpoint`);
  }
  checkTokens(plan, sources);
  return plan;
}

function unchecked({ modality, tower, variant }: Sources): InputPlan {
  switch (modality) {
    case 'vision': {
      const { heads, preset, stride, frames, height, width } = encoderOf(variant, 'vision');
      const channels = channelsOf(tower);
      const input = { kind: 'picture', channels, frames, height, width } as const;
      return { input, itemShape: [channels, frames, height, width], stride, heads, preset };
    }
    case 'depth':
    case 'thermal': {
      const { heads, preset, stride, height, width } = encoderOf(variant, modality);
      const channels = channelsOf(tower);
      const input = { kind: 'picture', channels, height, width } as const;
      return { input, itemShape: [channels, height, width], stride, heads, preset };
    }
    case 'audio': {
      const { heads, preset, stride, ...sound } = encoderOf(variant, 'audio');
      return {
        input: { kind: 'sound', ...sound },
        itemShape: [1, sound.melBins, sound.columns],
        stride,
        heads,
        preset,
      };
    }
    case 'imu': {
      const { heads, preset, kernel, rateHz, windowSeconds } = encoderOf(variant, 'imu');
      const samples = rateHz * windowSeconds;
      const channels = elementCount(tower.stem) / kernel;
      if (!Number.isInteger(channels) || !Number.isInteger(samples / kernel)) {
        throw variantInvalid(
          `an imu kernel of ${kernel} does not divide both ${tower.stem} features of the checkpoint and ${samples} samples`,
        );
      }
      const input = { kind: 'series', channels, rateHz, windowSeconds, samples } as const;
      return { input, itemShape: [channels, samples], stride: [kernel], heads, preset };
    }
    case 'text': {
      const { heads, preset } = encoderOf(variant, 'text');
      const input = { kind: 'tokens', length: tower.tokens, vocabulary: elementCount(tower.stem) } as const;
      return { input, itemShape: [tower.tokens], stride: [], heads, preset };
    }
  }
}

type Encoders = Variant['encoders'];

function encoderOf<Modality extends keyof Encoders>(
  variant: Variant,
  modality: Modality,
): NonNullable<Encoders[Modality]> {
  const encoder = variant.encoders[modality];
  if (encoder === undefined) throw variantInvalid(`the variant "${variant.name}" describes no ${modality} encoder`);
  return encoder;
}

function channelsOf({ stem }: Tower): number {
  return sizeAt(stem, 0);
}

/** The positional table has one row per token (the reference would interpolate it, or fail: imagebind.md §1.3). */
function checkTokens(plan: InputPlan, { modality, tower }: Sources): void {
  const { names } = TOWERS[modality];
  const expected = positions(plan, { modality, tower }) + (names.classToken === undefined ? 0 : 1);
  if (tower.tokens === expected) return;
  throw layoutError(
    `Expected ${expected} rows in ${names.positions} for input of ${formatShape(plan.itemShape)} with stride ${formatShape(plan.stride)}, found ${tower.tokens}`,
  );
}

/** Tokens that the stem makes of one item. */
function positions({ itemShape, stride }: InputPlan, { modality, tower }: Pick<Sources, 'modality' | 'tower'>): number {
  const { stem, names } = TOWERS[modality];
  const [channels = 0, ...sizes] = itemShape;
  switch (stem) {
    case 'vocabulary':
      return channels;
    case 'linear':
      return sizeAt(sizes, 0) / sizeAt(stride, 0);
    case 'convolution': {
      if (channelsOf(tower) !== channels) {
        throw layoutError(`Expected ${names.stemWeight} with ${channels} channels, found ${channelsOf(tower)}`);
      }
      const kernel = tower.stem.slice(1);
      return elementCount(
        sizes.map((size, axis) =>
          kernelPositions({ size, kernel: sizeAt(kernel, axis), stride: sizeAt(stride, axis) }),
        ),
      );
    }
  }
}
