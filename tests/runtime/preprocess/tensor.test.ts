import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { InputSpec } from '../../../models/bundle/manifest';
import { isSensebindError } from '../../../runtime/errors';
import { inputShape, tensorItems } from '../../../runtime/preprocess/tensor';

const VISION: InputSpec = { kind: 'picture', channels: 3, frames: 2, height: 4, width: 5 };
const DEPTH: InputSpec = { kind: 'picture', channels: 1, height: 4, width: 5 };
const AUDIO: InputSpec = { kind: 'sound', sampleRateHz: 16_000, clipSeconds: 2, clips: 3, melBins: 8, columns: 6 };
const IMU: InputSpec = { kind: 'series', channels: 6, rateHz: 10, windowSeconds: 1, samples: 10 };
const TEXT: InputSpec = { kind: 'tokens', length: 7, vocabulary: 100 };

function ramp(shape: readonly number[]): { data: Float32Array; shape: readonly number[] } {
  const length = shape.reduce((product, size) => product * size, 1);
  return { data: Float32Array.from({ length }, (_, index) => index), shape };
}

function refused(input: { data: Float32Array | Int32Array; shape: readonly number[] }, spec: InputSpec, code: string) {
  assert.throws(
    () => tensorItems({ kind: 'tensor', ...input }, spec),
    (error) => isSensebindError(error) && error.code === code,
  );
}

describe('tensor inputs', () => {
  it('have the shape that the manifest declares', () => {
    assert.deepEqual([VISION, DEPTH, AUDIO, IMU, TEXT].map(inputShape), [
      [3, 2, 4, 5],
      [1, 4, 5],
      [1, 8, 6],
      [6, 10],
      [7],
    ]);
  });

  it('are split into items of batch one, in private memory', () => {
    const { data } = ramp([3, 1, 8, 6]);
    const shared = new Float32Array(new SharedArrayBuffer(data.byteLength));
    shared.set(data);
    const { items, flags } = tensorItems({ kind: 'tensor', data: shared, shape: [3, 1, 8, 6] }, AUDIO);
    assert.deepEqual(flags, []);
    assert.deepEqual(
      items.map((item) => [item.shape, item.data[0], item.data.length, item.data.buffer instanceof ArrayBuffer]),
      [0, 48, 96].map((first) => [[1, 1, 8, 6], first, 48, true]),
    );
  });

  it('may be stills where the encoder takes frames', () => {
    const [first, second] = tensorItems({ kind: 'tensor', ...ramp([2, 3, 4, 5]) }, VISION).items;
    assert.ok(first && second);
    assert.deepEqual(first.shape, [1, 3, 2, 4, 5]);
    for (let channel = 0; channel < 3; channel++) {
      for (let frame = 0; frame < 2; frame++)
        assert.equal(second.data[(channel * 2 + frame) * 20 + 7], 60 + channel * 20 + 7);
    }
  });

  it('of whole clips stay as they are', () => {
    const input = ramp([1, 3, 2, 4, 5]);
    assert.deepEqual(tensorItems({ kind: 'tensor', ...input }, VISION).items[0]?.data, input.data);
  });

  it('of token ids are whole numbers of the vocabulary', () => {
    const ids = Int32Array.from([98, 1, 99, 0, 0, 0, 0]);
    assert.deepEqual(tensorItems({ kind: 'tensor', data: ids, shape: [1, 7] }, TEXT).items[0]?.data, ids);
    refused({ data: Int32Array.from([98, 1, 100, 0, 0, 0, 0]), shape: [1, 7] }, TEXT, 'INPUT_INVALID');
    refused({ data: Int32Array.from([98, -1, 99, 0, 0, 0, 0]), shape: [1, 7] }, TEXT, 'INPUT_INVALID');
    refused(ramp([1, 7]), TEXT, 'INPUT_INVALID');
    refused({ data: new Int32Array(60), shape: [1, 6, 10] }, IMU, 'INPUT_INVALID');
  });

  it('of another shape, length or kind are refused', () => {
    for (const shape of [[6, 10], [1, 10, 6], [0, 6, 10], [1.5, 6, 10], [-1, 6, 10], [], [1, 1, 6, 10]]) {
      refused({ data: new Float32Array(60), shape }, IMU, 'INPUT_INVALID');
    }
    refused({ data: new Float32Array(59), shape: [1, 6, 10] }, IMU, 'INPUT_INVALID');
    refused({ data: new Float32Array(61), shape: [1, 6, 10] }, IMU, 'INPUT_INVALID');
    refused(ramp([1, 1, 1, 4, 5]), DEPTH, 'INPUT_INVALID');
    refused({ data: new Float32Array(1), shape: [5000, 6, 10] }, IMU, 'INPUT_TOO_LARGE');
  });

  it('must be finite', () => {
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY]) {
      const input = ramp([1, 6, 10]);
      input.data[33] = value;
      refused(input, IMU, 'INPUT_NOT_FINITE');
    }
  });
});
