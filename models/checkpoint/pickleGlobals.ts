import type { SensebindError } from '../../runtime/errors';
import {
  type CallableName,
  describeValue,
  isCallableName,
  isKind,
  isStorageName,
  type PickleGlobal,
  type PickleStorage,
  type PickleTensor,
  type PickleValue,
  STORAGE_ELEMENTS,
} from './pickleValues';
import { corrupt, overLimit, unsafe, unsupported } from './refusals';

const MAX_DIMENSIONS = 8;
/** 4 GiB of float32; the largest tensor of the full layout has 50.6 million. */
const MAX_ELEMENTS = 2 ** 30;
const MAX_ARGUMENTS_NAMED = 7;

/**
 * The Python object of that name, as a name and nothing more.
 *
 * @throws {SensebindError} `CHECKPOINT_UNSAFE` for every name that a state dict has no need of.
 */
export function resolveGlobal(module: string, name: string): PickleGlobal {
  const path = `${module}.${name}`;
  if (isCallableName(path) || isStorageName(path)) return { kind: 'global', name: path };
  throw unsafe(
    `Expected a pickle that names only tensors, their storages and OrderedDict; this one names ${JSON.stringify(path)}. Nothing was executed.`,
  );
}

/** What the pickle's REDUCE would call, done by us for the three callables that a state dict needs. */
export function reduceGlobal(callable: PickleValue, argument: PickleValue): PickleValue {
  if (!isKind(callable, 'global') || !isCallableName(callable.name)) {
    throw unsafe(
      `Expected a pickle that builds only tensors and OrderedDict; this one calls ${describeValue(callable)}.`,
    );
  }
  const values = tupleItems(argument);
  switch (callable.name) {
    case 'collections.OrderedDict':
      if (values.length > 0) throw unsupportedCall(callable.name, values);
      return { kind: 'dictionary', ordered: true, entries: new Map(), depth: 1 };
    case 'torch._utils._rebuild_tensor_v2':
      return rebuildTensor(values);
    case 'torch._utils._rebuild_parameter':
      return rebuildParameter(values);
  }
}

/**
 * BUILD, which in Python sets attributes. A state dict has only `_metadata`, the versions of its modules: not needed.
 */
export function buildState(target: PickleValue, state: PickleValue): void {
  const harmless =
    isKind(target, 'dictionary') &&
    target.ordered &&
    isKind(state, 'dictionary') &&
    [...state.entries].every(([key, value]) => key === '_metadata' && isKind(value, 'dictionary'));
  if (!harmless) {
    throw unsafe(
      `Expected the pickle to set nothing but _metadata of an OrderedDict; it sets the state of ${describeValue(target)}.`,
    );
  }
}

/** A persistent id: `('storage', <storage class>, <key>, <device>, <elements>)`. */
export function resolveStorage(id: PickleValue): PickleStorage {
  const [tag, type, key, , elements] = tupleItems(id);
  if (tag !== 'storage' || typeof key !== 'string') {
    throw corrupt(`Expected a storage as persistent id; found one that starts with ${describeValue(tag)}.`);
  }
  if (!isKind(type, 'global') || !isStorageName(type.name)) {
    throw unsafe(`Expected a storage class in the persistent id; found ${describeValue(type)}.`);
  }
  return { kind: 'storage', key, elementType: STORAGE_ELEMENTS[type.name], elements: size(elements) };
}

/** `(storage, offset, size, stride, requires_grad, backward_hooks[, metadata])` */
function rebuildTensor(values: readonly PickleValue[]): PickleTensor {
  const [storage, offset, shapeValue, stridesValue, , , metadata] = values;
  if (values.length < 6 || values.length > 7 || !isKind(storage, 'storage')) {
    throw unsupportedCall('torch._utils._rebuild_tensor_v2', values);
  }
  // Metadata marks negated and conjugated views, whose elements are not those that are stored.
  if (metadata !== undefined && metadata !== null && !(isKind(metadata, 'dictionary') && metadata.entries.size === 0)) {
    throw unsupported(`Expected a tensor without view metadata; found ${describeValue(metadata)}.`);
  }
  const shape = tupleItems(shapeValue).map(size);
  const strides = tupleItems(stridesValue).map(size);
  if (shape.length !== strides.length) {
    throw corrupt(`Expected a stride for each of ${shape.length} dimensions; found ${strides.length}.`);
  }
  if (shape.length > MAX_DIMENSIONS) {
    throw overLimit(`Expected tensors of at most ${MAX_DIMENSIONS} dimensions; found ${shape.length}.`);
  }
  requireElementCount(shape);
  return { kind: 'tensor', storage, storageOffset: size(offset), shape, strides };
}

function requireElementCount(shape: readonly number[]): void {
  let elements = 1;
  for (const dimension of shape) {
    elements *= dimension;
    if (elements > MAX_ELEMENTS) {
      throw overLimit(`Expected tensors of at most ${MAX_ELEMENTS} elements; found the shape [${shape}].`);
    }
  }
}

/** `(tensor, requires_grad, backward_hooks)` */
function rebuildParameter(values: readonly PickleValue[]): PickleTensor {
  const [tensor] = values;
  if (values.length !== 3 || !isKind(tensor, 'tensor')) {
    throw unsupportedCall('torch._utils._rebuild_parameter', values);
  }
  return tensor;
}

function size(value: PickleValue | undefined): number {
  if (typeof value === 'number' && value >= 0) return value;
  throw corrupt(`Expected a size, stride or offset of at least 0; found ${describeValue(value)}.`);
}

function tupleItems(value: PickleValue | undefined): readonly PickleValue[] {
  if (isKind(value, 'tuple')) return value.items;
  throw corrupt(`Expected a tuple in the pickle; found ${describeValue(value)}.`);
}

function unsupportedCall(name: CallableName, values: readonly PickleValue[]): SensebindError {
  const first = values.slice(0, MAX_ARGUMENTS_NAMED).map(describeValue).join(', ');
  return corrupt(`Expected other arguments of ${name}; found ${values.length}: ${first}.`);
}
