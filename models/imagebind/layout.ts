import { blockNames, type ImagebindModality, MODALITIES, TOWERS } from './modality';

/** Sizes of one tower, all of which a checkpoint's shapes tell. */
export interface Tower {
  readonly width: number;
  readonly blocks: number;
  /** Hidden units of a block's perceptron. */
  readonly hidden: number;
  /** Rows of the positional table, the class token included. */
  readonly tokens: number;
  /**
   * Shape of the stem's weight without the width: channels and kernel of a convolution (frames, vertical, horizontal),
   * features of a linear stem (channels × samples of a step), words of a vocabulary.
   */
  readonly stem: readonly number[];
}

export interface ImagebindDimensions {
  /** Length of every embedding. */
  readonly output: number;
  readonly towers: Readonly<Record<ImagebindModality, Tower>>;
}

/** Name and shape of one tensor of a checkpoint. */
export interface TensorLayout {
  readonly name: string;
  /** Outermost dimension first; empty for a scalar. */
  readonly shape: readonly number[];
}

/** The published model (reference/imagebind.md §1.1): 1311 tensors, 1,200,786,990 elements. */
export const IMAGEBIND_HUGE: ImagebindDimensions = {
  output: 1024,
  towers: {
    vision: tower({
      width: 1280,
      blocks: 32,
      tokens: 257,
      stem: [3, 2, 14, 14],
    }),
    text: tower({ width: 1024, blocks: 24, tokens: 77, stem: [49_408] }),
    audio: tower({
      width: 768,
      blocks: 12,
      tokens: 229,
      stem: [1, 16, 16],
    }),
    depth: tower({
      width: 384,
      blocks: 12,
      tokens: 197,
      stem: [1, 16, 16],
    }),
    thermal: tower({
      width: 768,
      blocks: 12,
      tokens: 197,
      stem: [1, 16, 16],
    }),
    imu: tower({ width: 512, blocks: 6, tokens: 251, stem: [48] }),
  },
};

/** A small model with the published inputs, for demonstrations and tests with random weights. */
export const IMAGEBIND_DEMO: ImagebindDimensions = {
  output: 64,
  towers: {
    vision: tower({
      width: 64,
      blocks: 2,
      tokens: 257,
      stem: [3, 2, 14, 14],
    }),
    text: tower({ width: 32, blocks: 2, tokens: 77, stem: [49_408] }),
    audio: tower({ width: 64, blocks: 2, tokens: 229, stem: [1, 16, 16] }),
    depth: tower({ width: 32, blocks: 2, tokens: 197, stem: [1, 16, 16] }),
    thermal: tower({ width: 64, blocks: 2, tokens: 197, stem: [1, 16, 16] }),
    imu: tower({ width: 32, blocks: 2, tokens: 251, stem: [48] }),
  },
};

/**
 * The small model that is trained on the simulated world and shipped: small inputs, and of text only the words that this
 * world is described with and as many tokens as its longest caption takes (runtime/learn/worldTokenizer.ts).
 */
export const IMAGEBIND_MINI: ImagebindDimensions = {
  output: 128,
  towers: {
    vision: tower({ width: 128, blocks: 4, tokens: 65, stem: [3, 1, 8, 8] }),
    text: tower({ width: 128, blocks: 3, tokens: 25, stem: [232] }),
    audio: tower({ width: 128, blocks: 4, tokens: 49, stem: [1, 16, 16] }),
    depth: tower({ width: 128, blocks: 4, tokens: 65, stem: [1, 8, 8] }),
    thermal: tower({ width: 128, blocks: 4, tokens: 50, stem: [1, 8, 8] }),
    imu: tower({ width: 128, blocks: 4, tokens: 51, stem: [120] }),
  },
};

/** A tower whose hidden layer is four times its width, as in every published one. */
function tower(sizes: Omit<Tower, 'hidden'>): Tower {
  return { ...sizes, hidden: 4 * sizes.width };
}

/** Every tensor of a checkpoint with these sizes, the `text.mask` buffer included (reference/imagebind.md §1.5). */
export function imagebindLayout(
  dimensions: ImagebindDimensions,
  modalities: readonly ImagebindModality[] = MODALITIES,
): readonly TensorLayout[] {
  return modalities.flatMap((modality) =>
    towerLayout(modality, { ...dimensions.towers[modality], output: dimensions.output }),
  );
}

/** The tensors of one tower. */
export function towerLayout(
  modality: ImagebindModality,
  sizes: Tower & { readonly output: number },
): readonly TensorLayout[] {
  const { names, stem } = TOWERS[modality];
  const { width, tokens, output, blocks } = sizes;
  return [
    ...optional(names.classToken, [1, 1, width]),
    { name: names.stemWeight, shape: stem === 'vocabulary' ? [...sizes.stem, width] : [width, ...sizes.stem] },
    ...norm(names.stemNorm, width),
    { name: names.positions, shape: [1, tokens, width] },
    ...optional(names.mask, [tokens, tokens]),
    ...norm(names.trunkNorm, width),
    ...Array.from({ length: blocks }, (_, index) => blockLayout(modality, { ...sizes, index })).flat(),
    ...norm(names.headNorm, width),
    { name: names.headWeight, shape: [output, width] },
    ...optional(names.logitScale, []),
  ];
}

function blockLayout(
  modality: ImagebindModality,
  { width, hidden, index }: Tower & { readonly index: number },
): readonly TensorLayout[] {
  const names = blockNames(modality, index);
  return [
    { name: names.packedWeight, shape: [3 * width, width] },
    { name: names.packedBias, shape: [3 * width] },
    ...optional(names.keyBias, [1, 1, width]),
    ...optional(names.valueBias, [1, 1, width]),
    { name: names.outputWeight, shape: [width, width] },
    { name: names.outputBias, shape: [width] },
    ...norm(names.attentionNorm, width),
    { name: names.expandWeight, shape: [hidden, width] },
    { name: names.expandBias, shape: [hidden] },
    { name: names.contractWeight, shape: [width, hidden] },
    { name: names.contractBias, shape: [width] },
    ...norm(names.hiddenNorm, width),
  ];
}

function optional(name: string | undefined, shape: readonly number[]): readonly TensorLayout[] {
  return name === undefined ? [] : [{ name, shape }];
}

function norm(prefix: string | undefined, width: number): readonly TensorLayout[] {
  if (prefix === undefined) return [];
  return [
    { name: `${prefix}.weight`, shape: [width] },
    { name: `${prefix}.bias`, shape: [width] },
  ];
}
