import { SensebindError } from '../../runtime/errors';
import type { StateDict } from '../checkpoint/stateDict';
import { formatShape, sizeAt } from '../onnx/shape';
import { type TensorLayout, type Tower, towerLayout } from './layout';
import { belongsTo, blockNames, type ImagebindModality, TOWERS } from './modality';

/** A tower's sizes, and the tensors that hold it. */
export interface InferredTower extends Tower {
  readonly output: number;
  /** What the encoder reads: all but the mask. */
  readonly tensors: readonly TensorLayout[];
}

/**
 * Works out the sizes of a tower from the shapes of a checkpoint and checks every one of its tensors.
 *
 * @throws {SensebindError} `CHECKPOINT_LAYOUT` for a tensor that is missing, of another shape, or of no known name.
 */
export function inferTower(checkpoint: StateDict, modality: ImagebindModality): InferredTower {
  const { names } = TOWERS[modality];
  const sizes = {
    width: sizeOf(checkpoint, { name: names.positions, axis: 2, rank: 3 }),
    tokens: sizeOf(checkpoint, { name: names.positions, axis: 1, rank: 3 }),
    hidden: sizeOf(checkpoint, { name: blockNames(modality, 0).expandWeight, axis: 0, rank: 2 }),
    output: sizeOf(checkpoint, { name: names.headWeight, axis: 0, rank: 2 }),
    stem: stemSizes(checkpoint, modality),
    blocks: countBlocks(checkpoint, modality),
  };
  const layout = towerLayout(modality, sizes).filter(({ name }) => name !== names.mask || checkpoint.tensors.has(name));
  for (const tensor of layout) checkShape(checkpoint, tensor);
  refuseOthers(checkpoint, { modality, layout });
  return { ...sizes, tensors: layout.filter(({ name }) => name !== names.mask) };
}

/** The shape of the stem's weight without the width. */
function stemSizes(checkpoint: StateDict, modality: ImagebindModality): readonly number[] {
  const { stem, stemRank, names } = TOWERS[modality];
  const shape = shapeOf(checkpoint, { name: names.stemWeight, rank: stemRank + 1 });
  return stem === 'vocabulary' ? shape.slice(0, -1) : shape.slice(1);
}

function sizeOf(
  checkpoint: StateDict,
  { axis, ...tensor }: { readonly name: string; readonly rank: number; readonly axis: number },
): number {
  return sizeAt(shapeOf(checkpoint, tensor), axis);
}

function shapeOf(
  checkpoint: StateDict,
  { name, rank }: { readonly name: string; readonly rank: number },
): readonly number[] {
  const { shape } = tensorOf(checkpoint, name);
  if (shape.length === rank && shape.every((size) => size > 0)) return shape;
  throw layoutError(`Expected ${name} to have ${rank} dimensions of 1 or more, found ${formatShape(shape)}`);
}

/** Blocks are there when one of their tensors is: what then lacks is missed by name. */
function countBlocks({ tensors }: StateDict, modality: ImagebindModality): number {
  const starts = (index: number): boolean =>
    Object.values(blockNames(modality, index)).some((name) => tensors.has(name) || tensors.has(`${name}.weight`));
  let count = 1;
  while (starts(count)) count++;
  return count;
}

function checkShape(checkpoint: StateDict, { name, shape }: TensorLayout): void {
  const { shape: found } = tensorOf(checkpoint, name);
  if (formatShape(found) === formatShape(shape)) return;
  throw layoutError(`Expected ${name} of shape ${formatShape(shape)}, found ${formatShape(found)}`);
}

function refuseOthers(
  { tensors }: StateDict,
  { modality, layout }: { readonly modality: ImagebindModality; readonly layout: readonly TensorLayout[] },
): void {
  const known = new Set(layout.map(({ name }) => name));
  for (const name of tensors.keys()) {
    if (belongsTo(modality, name) && !known.has(name)) {
      throw layoutError(`Expected only tensors of ImageBind's ${modality} encoder, found ${name}`);
    }
  }
}

function tensorOf({ tensors }: StateDict, name: string): { readonly shape: readonly number[] } {
  const tensor = tensors.get(name);
  if (tensor === undefined) throw layoutError(`Expected the tensor ${name}, found that the checkpoint has none`);
  return tensor;
}

/** A checkpoint that is not laid out as the encoder needs it. */
export function layoutError(message: string): SensebindError {
  return new SensebindError(
    'CHECKPOINT_LAYOUT',
    message,
    'Use the state dict of an ImageBind model, and the variant that it was made with.',
  );
}
