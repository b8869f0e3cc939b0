import type { ElementType } from './stateDict';

/**
 * What the pickle machine can build. Dictionaries are Maps and objects are tagged records of ours, so that no name in
 * a file can touch a prototype.
 */
export type PickleValue =
  | null
  | boolean
  | number
  | string
  | PickleTuple
  | PickleList
  | PickleDictionary
  | PickleGlobal
  | PickleStorage
  | PickleTensor;

/** Values that hold others say how deep they nest: 1 for one that holds only plain values. */
interface Nesting {
  depth: number;
}

export interface PickleTuple extends Nesting {
  readonly kind: 'tuple';
  readonly items: readonly PickleValue[];
}

export interface PickleList extends Nesting {
  readonly kind: 'list';
  readonly items: PickleValue[];
}

/** A `dict` or an `OrderedDict`; both keep the order of insertion. */
export interface PickleDictionary extends Nesting {
  readonly kind: 'dictionary';
  readonly ordered: boolean;
  readonly entries: Map<string | number, PickleValue>;
}

/** The name of one of the few Python objects that a state dict refers to. */
export interface PickleGlobal {
  readonly kind: 'global';
  readonly name: GlobalName;
}

/** The elements of one or more tensors, in the record `data/<key>`. */
export interface PickleStorage {
  readonly kind: 'storage';
  readonly key: string;
  readonly elementType: ElementType;
  readonly elements: number;
}

/** A tensor as a view of a storage; sizes and strides count elements, outermost dimension first. */
export interface PickleTensor {
  readonly kind: 'tensor';
  readonly storage: PickleStorage;
  readonly storageOffset: number;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
}

/** The storage classes that a checkpoint may name, and what their elements are. */
export const STORAGE_ELEMENTS = {
  'torch.FloatStorage': 'float32',
  'torch.HalfStorage': 'float16',
  'torch.BFloat16Storage': 'bfloat16',
  'torch.LongStorage': 'int64',
} as const satisfies Record<string, ElementType>;

/** What a pickle may ask to call. */
const CALLABLES = [
  'collections.OrderedDict',
  'torch._utils._rebuild_tensor_v2',
  'torch._utils._rebuild_parameter',
] as const;

export type StorageName = keyof typeof STORAGE_ELEMENTS;
export type CallableName = (typeof CALLABLES)[number];
export type GlobalName = StorageName | CallableName;

export function isStorageName(name: string): name is StorageName {
  return Object.hasOwn(STORAGE_ELEMENTS, name);
}

export function isCallableName(name: string): name is CallableName {
  return CALLABLES.some((callable) => callable === name);
}

type PickleObject = Extract<PickleValue, object>;

export function isKind<Kind extends PickleObject['kind']>(
  value: PickleValue | undefined,
  kind: Kind,
): value is Extract<PickleObject, { readonly kind: Kind }> {
  return typeof value === 'object' && value !== null && value.kind === kind;
}

/** What a value is, in Python's words. */
export function describeValue(value: PickleValue | undefined): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'None';
  if (typeof value !== 'object') return typeof value === 'string' ? 'a string' : `the ${typeof value} ${value}`;
  if (value.kind === 'global') return value.name;
  return `a ${value.kind}`;
}
