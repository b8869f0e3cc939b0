/**
 * An onnxruntime without models: every run answers at once, always with the same embedding. Give the path of this module
 * as `inference.runtime`. What inputs and outputs an encoder has is read from the manifest beside its model.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { EncoderManifest, Manifest } from '../../models/bundle/manifest';
import { inputShape } from '../../runtime/preprocess/tensor';

export const EMPTY_RUNTIME = __filename;

type TensorValues = Float32Array | Int32Array;

class PlainTensor {
  constructor(
    readonly data: TensorValues,
    readonly dims: readonly number[],
  ) {}
}

const BATCH = 'batch';
const INPUT = 'input';
const OUTPUT = 'output';

class EmptySession {
  readonly inputNames = [INPUT];
  readonly outputNames = [OUTPUT];
  readonly inputMetadata: readonly unknown[];
  readonly outputMetadata: readonly unknown[];
  readonly #dimensions: number;

  constructor({ input }: EncoderManifest, dimensions: number) {
    this.#dimensions = dimensions;
    const type = input.kind === 'tokens' ? 'int32' : 'float32';
    this.inputMetadata = [{ isTensor: true, name: INPUT, type, shape: [BATCH, ...inputShape(input)] }];
    this.outputMetadata = [{ isTensor: true, name: OUTPUT, type: 'float32', shape: [BATCH, dimensions] }];
  }

  async run({
    [INPUT]: tensor,
  }: Readonly<Record<string, PlainTensor>>): Promise<Readonly<Record<string, PlainTensor>>> {
    const count = tensor?.dims[0] ?? 0;
    const values = Float32Array.from(
      { length: count * this.#dimensions },
      (_, index) => 1 + (index % this.#dimensions),
    );
    return { [OUTPUT]: new PlainTensor(values, [count, this.#dimensions]) };
  }

  async release(): Promise<void> {}
}

async function create(modelPath: string): Promise<EmptySession> {
  // The engine has checked it; its schema would cost the worker memory that no other runtime needs.
  const manifest = JSON.parse(readFileSync(path.join(path.dirname(modelPath), 'manifest.json'), 'utf8')) as Manifest;
  const encoder = Object.values(manifest.encoders).find(({ model }) => model.file === path.basename(modelPath));
  if (encoder === undefined) throw new Error(`expected ${modelPath} in its manifest`);
  return new EmptySession(encoder, manifest.dimensions);
}

export const InferenceSession = { create };
export const Tensor = PlainTensor;
export const listSupportedBackends = (): readonly { readonly name: string; readonly bundled: boolean }[] => [
  { name: 'cpu', bundled: true },
];
