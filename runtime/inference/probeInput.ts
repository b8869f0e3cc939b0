import { inputShape } from '../preprocess/tensor';
import type { EncoderSetup, TensorData } from './protocol';

/** One item that is the same each time: varied values of ordinary size, or every kind of token id. */
export function probeInput({ spec }: Pick<EncoderSetup, 'spec'>): TensorData {
  const shape = [1, ...inputShape(spec)];
  const length = shape.reduce((product, size) => product * size, 1);
  const data =
    spec.kind === 'tokens'
      ? Int32Array.from({ length }, (_, index) => (index * 7919 + 1) % spec.vocabulary)
      : Float32Array.from({ length }, (_, index) => Math.sin(index * 0.37) + 0.5 * Math.cos(index * 0.0113));
  return { data, shape };
}
