import type { NamedShape } from '../checkpoint/randomStateDict';
import { elementCount } from '../onnx/shape';
import { GaussianNoise } from './seededNumbers';

/** 1 / temperature that learnt temperatures start from (CLIP, section 2.5, and arXiv 2305.05665 use 1 / 0.07). */
const FIRST_SCALE = 1 / 0.07;
/** Deviation of tables, tokens and learnt rows (timm's and CLIP's usual one). */
const TABLE_DEVIATION = 0.02;

/** Where the numbers of one tensor lie in the flat vector of all. */
export interface Slot extends NamedShape {
  readonly offset: number;
  readonly length: number;
  /** Whether weight decay pulls it towards zero: matrices only. */
  readonly decays: boolean;
}

/** All of them one after the other. */
export function slotsOf(layout: readonly NamedShape[]): readonly Slot[] {
  let offset = 0;
  return layout.map(({ name, shape }) => {
    const length = elementCount(shape);
    const slot = { name, shape, offset, length, decays: shape.length >= 2 && !isTable(name) };
    offset += length;
    return slot;
  });
}

/**
 * First values of a transformer that is to be trained: matrices of deviation 1/√(fan in), those that end a residual
 * branch smaller by √(2 · blocks) so that the sum over all blocks keeps its size, norms 1, biases 0.
 *
 * The same seed gives the same values.
 */
export function initialParameters(layout: readonly NamedShape[], { seed }: { readonly seed: number }): Float32Array {
  const slots = slotsOf(layout);
  const last = slots.at(-1);
  const flat = new Float32Array(last === undefined ? 0 : last.offset + last.length);
  const noise = new GaussianNoise(seed);
  for (const slot of slots) {
    const numbers = flat.subarray(slot.offset, slot.offset + slot.length);
    const { mean, deviation } = startOf(slot, blocksBeside(slot, layout));
    for (let index = 0; index < numbers.length; index++) numbers[index] = mean + deviation * noise.next();
  }
  return flat;
}

function startOf({ name, shape }: NamedShape, blocks: number): { readonly mean: number; readonly deviation: number } {
  if (name.endsWith('log_logit_scale')) return { mean: Math.log(FIRST_SCALE), deviation: 0 };
  if (isTable(name)) return { mean: 0, deviation: TABLE_DEVIATION };
  if (shape.length < 2) return { mean: name.endsWith('weight') ? 1 : 0, deviation: 0 };
  const deviation = 1 / Math.sqrt(elementCount(shape.slice(1)));
  return { mean: 0, deviation: endsBranch(name) ? deviation / Math.sqrt(2 * blocks) : deviation };
}

function isTable(name: string): boolean {
  return /(token_embedding\.weight|pos_embed|cls_token|bias_[kv])$/.test(name);
}

function endsBranch(name: string): boolean {
  return /\.(out_proj|fc2)\.weight$/.test(name);
}

/** How many blocks the tower of that tensor has: those whose names differ from its own in the number only. */
function blocksBeside({ name }: NamedShape, layout: readonly NamedShape[]): number {
  const place = /\.blocks\.\d+\./;
  const pattern = name.replace(place, '.blocks.#.');
  return layout.filter((other) => other.name.replace(place, '.blocks.#.') === pattern).length;
}
