import type { InputSpec } from '../../models/bundle/manifest';
import { SensebindError } from '../errors';
import type { TensorInput } from './input';
import type { Item, Prepared } from './preset';
import { checkFinite } from './signalChecks';

/** More clips than half an hour of sound has; each costs one encoder run. */
const MAX_ITEMS = 1024;

/** Dimensions of one item of this encoder, without the batch. */
export function inputShape(spec: InputSpec): readonly number[] {
  switch (spec.kind) {
    case 'picture':
      return spec.frames === undefined
        ? [spec.channels, spec.height, spec.width]
        : [spec.channels, spec.frames, spec.height, spec.width];
    case 'sound':
      return [1, spec.melBins, spec.columns];
    case 'series':
      return [spec.channels, spec.samples];
    case 'profile':
      return [1, spec.bins];
    case 'tokens':
      return [spec.length];
  }
}

/**
 * Splits a ready-made tensor into items of batch one, in private memory. Where the encoder takes frames, still
 * pictures `[n, channels, height, width]` are taken too, each repeated as the reference does.
 *
 * @throws {SensebindError} `INPUT_INVALID` for another shape or element type, `INPUT_NOT_FINITE`, `INPUT_TOO_LARGE`.
 */
export function tensorItems(input: TensorInput, spec: InputSpec): Prepared {
  const [count = 0, ...rest] = input.shape;
  const shape = inputShape(spec);
  const stills = spec.kind === 'picture' && spec.frames !== undefined && sameShape(rest, stillShape(shape));
  if (!(stills || sameShape(rest, shape)) || !Number.isInteger(count) || count < 1) {
    throw shapeError(input.shape, spec);
  }
  if (count > MAX_ITEMS) {
    throw new SensebindError(
      'INPUT_TOO_LARGE',
      `Expected a tensor of at most ${MAX_ITEMS} items, found ${count}`,
      'Send fewer items at once.',
    );
  }
  const itemLength = product(rest);
  checkLength(input, count * itemLength);
  checkValues(input, spec);
  const itemShape = [1, ...shape];
  const items: Item[] = [];
  for (let index = 0; index < count; index++) {
    // `slice` copies out of shared memory, which the runtime refuses behind a tensor.
    const data = input.data.slice(index * itemLength, (index + 1) * itemLength);
    items.push({ data: stills && data instanceof Float32Array ? repeatFrames(data, shape) : data, shape: itemShape });
  }
  return { items, flags: [] };
}

/** `[channels, frames, height, width]` without the frames. */
function stillShape([channels = 0, , height = 0, width = 0]: readonly number[]): readonly number[] {
  return [channels, height, width];
}

/** `[channels, height, width]` → `[channels, frames, height, width]`. */
function repeatFrames(
  still: Float32Array,
  [channels = 0, frames = 0, height = 0, width = 0]: readonly number[],
): Float32Array {
  const plane = height * width;
  const clip = new Float32Array(channels * frames * plane);
  for (let channel = 0; channel < channels; channel++) {
    const pixels = still.subarray(channel * plane, (channel + 1) * plane);
    for (let frame = 0; frame < frames; frame++) clip.set(pixels, (channel * frames + frame) * plane);
  }
  return clip;
}

function checkLength(input: TensorInput, expected: number): void {
  if (input.data.length === expected) return;
  throw new SensebindError(
    'INPUT_INVALID',
    `Expected ${expected} values in a tensor of shape [${input.shape.join(', ')}], found ${input.data.length}`,
    'Pass the shape of the data itself.',
  );
}

function checkValues({ data }: TensorInput, spec: InputSpec): void {
  if (spec.kind === 'tokens' && data instanceof Int32Array) {
    checkTokens(data, spec.vocabulary);
  } else if (spec.kind !== 'tokens' && data instanceof Float32Array) {
    checkFinite(data, 'the tensor');
  } else {
    const wanted = spec.kind === 'tokens' ? 'token ids as an Int32Array' : 'values as a Float32Array';
    throw new SensebindError(
      'INPUT_INVALID',
      `Expected ${wanted}, found ${data.constructor.name}`,
      'Convert the values first.',
    );
  }
}

function checkTokens(ids: ArrayLike<number>, vocabulary: number): void {
  for (let index = 0; index < ids.length; index++) {
    const id = ids[index] ?? 0;
    if (id >= 0 && id < vocabulary) continue;
    throw new SensebindError(
      'INPUT_INVALID',
      `Expected token ids from 0 to ${vocabulary - 1}, found ${id} at index ${index}`,
      'Use the tokenizer of the same bundle.',
    );
  }
}

function shapeError(found: readonly number[], spec: InputSpec): SensebindError {
  const shape = inputShape(spec);
  const wanted = [shape];
  if (spec.kind === 'picture' && spec.frames !== undefined) wanted.push(stillShape(shape));
  return new SensebindError(
    'INPUT_INVALID',
    `Expected a tensor of shape ${wanted.map((sizes) => `[n, ${sizes.join(', ')}]`).join(' or ')}, found [${found.join(', ')}]`,
    'The first dimension counts items; the others come from the manifest of the bundle.',
  );
}

function sameShape(left: readonly number[], right: readonly number[]): boolean {
  return left.length === right.length && left.every((size, index) => size === right[index]);
}

function product(sizes: readonly number[]): number {
  return sizes.reduce((result, size) => result * size, 1);
}
