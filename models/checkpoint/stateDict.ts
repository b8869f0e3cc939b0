import type { Scratch } from '../streaming/scratch';

/** Element types that a state dict may hold; all little-endian. */
export type ElementType = 'float32' | 'float16' | 'bfloat16' | 'int64';

/** What is known of a tensor before its elements are read. */
export interface TensorInfo {
  readonly name: string;
  readonly elementType: ElementType;
  /** Outermost dimension first; empty for a scalar. */
  readonly shape: readonly number[];
  readonly byteLength: number;
}

/**
 * Named tensors whose elements are read one tensor at a time, so that a checkpoint of any size fits in memory.
 */
export interface StateDict {
  readonly tensors: ReadonlyMap<string, TensorInfo>;
  /**
   * The tensor's elements in C order, as float32 whatever the stored type is. The caller's: a new array, or one that is
   * taken from `scratch`.
   *
   * @throws {SensebindError} `CHECKPOINT_LAYOUT` when there is no such tensor; `CHECKPOINT_CORRUPT` when its bytes are not there.
   */
  readFloats(name: string, scratch?: Scratch): Promise<Float32Array>;
  /** The tensor's raw little-endian bytes in C order, in pieces of at most a few MiB; a piece is valid until the next. */
  readBytes(name: string): AsyncIterable<Uint8Array>;
  close(): Promise<void>;
}
