import { SensebindError } from '../../runtime/errors';
import { elementCount } from './elementOrder';
import type { StateDict, TensorInfo } from './stateDict';

export interface NamedShape {
  readonly name: string;
  /** Outermost dimension first. */
  readonly shape: readonly number[];
}

/**
 * A state dict of random float32 weights, for demonstrations, benches and tests. A tensor depends only on the seed,
 * its name and its shape, so any of them can be made alone and in any order; nothing is kept in memory.
 *
 * The scales keep activations of a transformer in the range of trained ones through 32 blocks: matrices have the
 * deviation 1/√(fan in), embeddings 0.02, norms are near 1 and biases near 0. Names are those of the published layout
 * (reference/imagebind.md §1.5), which also fixes logit scales and the causal mask.
 */
export function randomStateDict(layout: readonly NamedShape[], { seed }: { readonly seed: number }): StateDict {
  return new RandomStateDict(layout, seed);
}

const FLOAT32_BYTES = 4;
const PIECE_BYTES = 4 * 1024 * 1024;

class RandomStateDict implements StateDict {
  readonly tensors: ReadonlyMap<string, TensorInfo>;
  readonly #seed: number;

  constructor(layout: readonly NamedShape[], seed: number) {
    this.tensors = new Map(
      layout.map(({ name, shape }) => {
        return [name, { name, elementType: 'float32', shape, byteLength: elementCount(shape) * FLOAT32_BYTES }];
      }),
    );
    this.#seed = seed;
  }

  async readFloats(name: string): Promise<Float32Array> {
    const tensor = this.tensors.get(name);
    if (tensor === undefined) {
      throw new SensebindError(
        'CHECKPOINT_LAYOUT',
        `Expected a tensor named ${name}; the random state dict has ${this.tensors.size} others.`,
        'Check that the layout belongs to the variant that is converted.',
      );
    }
    const floats = new Float32Array(elementCount(tensor.shape));
    fill(floats, { content: contentOf(tensor), state: hash(tensor.name, this.#seed) });
    return floats;
  }

  async *readBytes(name: string): AsyncGenerator<Uint8Array, void> {
    const bytes = new Uint8Array((await this.readFloats(name)).buffer);
    for (let done = 0; done < bytes.length; done += PIECE_BYTES) yield bytes.subarray(done, done + PIECE_BYTES);
  }

  async close(): Promise<void> {}
}

/** `random`: bell-shaped around `centre`, never further than √6 deviations from it. */
type Content =
  | { readonly kind: 'constant'; readonly value: number }
  | { readonly kind: 'random'; readonly centre: number; readonly deviation: number }
  | { readonly kind: 'causalMask'; readonly columns: number };

/** The temperatures of reference/imagebind.md §1.1; text starts at 1/0.07. */
const LOGIT_SCALES: ReadonlyMap<string, number> = new Map([
  ['text', 1 / 0.07],
  ['audio', 20],
  ['depth', 5],
  ['thermal', 10],
  ['imu', 5],
]);

function contentOf({ name, shape }: NamedShape): Content {
  if (name.endsWith('.log_logit_scale')) {
    return { kind: 'constant', value: Math.log(LOGIT_SCALES.get(name.split('.')[1] ?? '') ?? 1) };
  }
  if (name.endsWith('.text.mask')) return { kind: 'causalMask', columns: shape.at(-1) ?? 1 };
  if (shape.length <= 1) {
    // The only weights with one dimension are those of norms.
    return name.endsWith('.weight')
      ? { kind: 'random', centre: 1, deviation: 0.1 / Math.sqrt(6) }
      : { kind: 'random', centre: 0, deviation: 0.05 / Math.sqrt(6) };
  }
  if (/\.(cls_token|pos_embed|token_embedding\.weight|bias_k|bias_v)$/.test(name)) {
    return { kind: 'random', centre: 0, deviation: 0.02 };
  }
  return { kind: 'random', centre: 0, deviation: 1 / Math.sqrt(elementCount(shape.slice(1))) };
}

function fill(floats: Float32Array, { content, state }: { readonly content: Content; readonly state: number }): void {
  switch (content.kind) {
    case 'constant':
      floats.fill(content.value);
      break;
    case 'causalMask':
      for (let index = 0; index < floats.length; index++) {
        const row = Math.floor(index / content.columns);
        if (index % content.columns > row) floats[index] = -Infinity;
      }
      break;
    case 'random':
      fillRandom(floats, { ...content, state });
      break;
  }
}

/** Marsaglia's xorshift32 (13, 17, 5). The sum of both halves of a word has a triangular distribution of variance 1/6. */
function fillRandom(
  floats: Float32Array,
  { centre, deviation, state }: { readonly centre: number; readonly deviation: number; readonly state: number },
): void {
  const scale = (deviation * Math.sqrt(6)) / 65_536;
  const low = centre - scale * 65_535;
  let word = state;
  for (let index = 0; index < floats.length; index++) {
    word ^= word << 13;
    word ^= word >>> 17;
    word ^= word << 5;
    floats[index] = low + scale * ((word & 0xffff) + (word >>> 16));
  }
}

/** FNV-1a over the name with murmur3's final mix; never 0, at which xorshift would stay. */
function hash(name: string, seed: number): number {
  let value = 0x811c9dc5 ^ seed;
  for (let index = 0; index < name.length; index++) value = Math.imul(value ^ name.charCodeAt(index), 0x01000193);
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35);
  value ^= value >>> 16;
  return value === 0 ? 1 : value;
}
