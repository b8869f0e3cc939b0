import { TensorProto_DataType } from './onnx.generated';

/** Element types that our graphs use. */
export type DataType = 'float32' | 'float16' | 'int8' | 'uint8' | 'int32' | 'int64' | 'bool';

/** Elements in C order: float16 as its bits, bool as 0 and 1. */
export type Elements = Float32Array | Uint16Array | Int8Array | Int32Array | BigInt64Array | Uint8Array;

/** The numbers of the types in files, and the arrays that hold their elements. */
export const DATA_TYPES = {
  float32: { number: TensorProto_DataType.FLOAT, array: Float32Array },
  float16: { number: TensorProto_DataType.FLOAT16, array: Uint16Array },
  int8: { number: TensorProto_DataType.INT8, array: Int8Array },
  uint8: { number: TensorProto_DataType.UINT8, array: Uint8Array },
  int32: { number: TensorProto_DataType.INT32, array: Int32Array },
  int64: { number: TensorProto_DataType.INT64, array: BigInt64Array },
  bool: { number: TensorProto_DataType.BOOL, array: Uint8Array },
} as const satisfies Record<DataType, unknown>;

/** The type with that number in files; `undefined` for one that our graphs do not use. */
export function dataTypeOf(number: number): DataType | undefined {
  return Object.keys(DATA_TYPES)
    .filter(isDataType)
    .find((type) => DATA_TYPES[type].number === number);
}

function isDataType(name: string): name is DataType {
  return Object.hasOwn(DATA_TYPES, name);
}
