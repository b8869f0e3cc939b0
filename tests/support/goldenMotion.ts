import assert from 'node:assert/strict';
import { readFloats } from '../../runtime/cli/verify/npy';
import type { Embedding } from '../../runtime/embedding';
import type { TensorInput } from '../../runtime/preprocess/input';
import { golden } from './paths';

/** The first motion window of the golden data, and what the reference makes of it. */
export interface GoldenMotion {
  readonly input: TensorInput;
  /** Fails unless the embedding is that of the reference. */
  check(embedding: Embedding): void;
}

export async function goldenMotion(): Promise<GoldenMotion> {
  const windows = await readFloats(golden('enc_imu_in.npy'));
  const vectors = await readFloats(golden('enc_imu_out.npy'));
  const [count = 1, ...shape] = windows.shape;
  const expected = vectors.data.subarray(0, vectors.shape[1]);
  const norm = Math.hypot(...expected);
  return {
    input: { kind: 'tensor', data: windows.data.slice(0, windows.data.length / count), shape: [1, ...shape] },
    check: ({ vector }) => {
      assert.equal(vector.length, expected.length);
      for (const [index, value] of vector.entries()) assert.ok(Math.abs(value - expected[index]! / norm) <= 1e-4);
    },
  };
}

/** `times` copies as one tensor: that many runs of the encoder. */
export function repeated({ kind, data, shape }: TensorInput, times: number): TensorInput {
  const all = new Float32Array(data.length * times);
  for (let copy = 0; copy < times; copy++) all.set(data, copy * data.length);
  return { kind, data: all, shape: [times, ...shape.slice(1)] };
}
