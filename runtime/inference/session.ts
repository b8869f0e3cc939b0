import { createRequire } from 'node:module';
import path from 'node:path';
import { types } from 'node:util';
import type { InferenceSession } from 'onnxruntime-node';
import { exactProductKeys } from '../../models/onnx/exactProducts';
import { messageOf, SensebindError } from '../errors';
import { inputShape } from '../preprocess/tensor';
import type { EncoderSetup, TensorData } from './protocol';
import type { Activity, WorkerFlags } from './quiesce';

export type Runtime = typeof import('onnxruntime-node');

const requireModule = createRequire(__filename);

/**
 * Loads the onnxruntime module, by name or path.
 *
 * @throws {SensebindError} `CONFIG_INVALID` when it is none, or does not load on this machine.
 */
export function loadRuntime(nameOrPath: string): Runtime {
  try {
    const runtime = requireModule(nameOrPath) as Partial<Runtime>;
    if (runtime.InferenceSession && runtime.Tensor && runtime.listSupportedBackends) return runtime as Runtime;
    throw new Error('it exports no InferenceSession, Tensor and listSupportedBackends');
  } catch (error) {
    throw new SensebindError(
      'CONFIG_INVALID',
      `Expected an onnxruntime module at "${nameOrPath}", found that ${messageOf(error)}`,
      'Install the package again ("npm ci"), or correct the path of your own build.',
      { cause: error },
    );
  }
}

export interface SessionOptions {
  readonly runtime: Runtime;
  readonly flags: WorkerFlags;
  readonly threads: number;
  readonly provider: string;
}

/** Where a session writes its prepacked copy while it is created (reference/onnxruntime.md §4). */
export interface CopyTarget {
  readonly folder: string;
  /** Names of the two files in it. */
  readonly model: string;
  readonly weights: string;
}

export interface OpenOptions extends SessionOptions {
  readonly activity?: CallActivity;
  readonly writeTo?: CopyTarget;
  /** Called once, when the session has given its memory back, or was not opened. */
  readonly onReleased?: () => Promise<void>;
}

/** What a native call is shown as while it runs. */
type CallActivity = Extract<Activity, 'creating' | 'probing' | 'running'>;

/**
 * One onnxruntime session: an encoder loaded by path on one execution provider. onnxruntime takes unknown inputs and
 * declared output shapes on trust (reference/onnxruntime.md §7), so both are checked here.
 */
export class EncoderSession {
  readonly #session: InferenceSession;
  readonly #setup: EncoderSetup;
  readonly #options: OpenOptions;
  /** Items that one run may take. */
  readonly batchLimit: number;

  private constructor(session: InferenceSession, setup: EncoderSetup, options: OpenOptions) {
    this.#session = session;
    this.#setup = setup;
    this.#options = options;
    this.batchLimit = batchLimitOf(session);
  }

  get provider(): string {
    return this.#options.provider;
  }

  /**
   * @throws {SensebindError} `ENCODE_FAILED` when the runtime refuses the model, `BUNDLE_INVALID` when its input or output
   * is not what the manifest says.
   */
  static async open(setup: EncoderSetup, options: OpenOptions): Promise<EncoderSession> {
    const { runtime, flags, activity = 'creating' } = options;
    const session = await flags
      .during(activity, () => runtime.InferenceSession.create(setup.modelPath, sessionOptions(options)))
      .catch(async (error: unknown) => {
        await options.onReleased?.();
        throw encodeFailed(`Expected to load ${setup.modelPath} on ${options.provider}`, error);
      });
    const opened = new EncoderSession(session, setup, options);
    try {
      checkInterface(session, setup);
    } catch (error) {
      await opened.release();
      throw error;
    }
    return opened;
  }

  /**
   * One native call.
   *
   * @param batch - `[n, ...item]`, n at most {@link batchLimit}.
   * @returns n embeddings, as the model gives them.
   * @throws {SensebindError} `ENCODE_FAILED`.
   */
  async run(batch: TensorData, activity: CallActivity = 'running'): Promise<readonly Float32Array[]> {
    const { runtime, flags } = this.#options;
    const { spec, dimensions } = this.#setup;
    const count = batch.shape[0] ?? 0;
    if (!sameShape(batch.shape, [count, ...inputShape(spec)]) || batch.data instanceof Int32Array !== takesIds(spec)) {
      throw encodeFailed(`Expected items of [${inputShape(spec)}], found [${batch.shape}]`);
    }
    const [inputName = ''] = this.#session.inputNames;
    const [outputName = ''] = this.#session.outputNames;
    const outputs = await flags
      .during(activity, () => {
        const tensor = new runtime.Tensor(privately(batch.data), batch.shape);
        return this.#session.run({ [inputName]: tensor });
      })
      .catch((error: unknown) => {
        throw encodeFailed(`Expected an embedding from ${this.#setup.modelPath}`, error);
      });
    const output = outputs[outputName];
    if (output === undefined || !types.isFloat32Array(output.data) || !sameShape(output.dims, [count, dimensions])) {
      throw encodeFailed(`Expected float32 embeddings of [${count}, ${dimensions}], found [${output?.dims}]`);
    }
    const { data } = output;
    return Array.from({ length: count }, (_, index) => data.subarray(index * dimensions, (index + 1) * dimensions));
  }

  /** Once: gives the memory back, which nothing else does. */
  async release(): Promise<void> {
    try {
      await this.#options.flags.during('releasing', () => this.#session.release());
    } finally {
      await this.#options.onReleased?.();
    }
  }

  /** {@link release} of a session that failed: that this fails too must not stop its successor, so it is told in words. */
  async leave(): Promise<string> {
    try {
      await this.release();
      return '';
    } catch (error) {
      return ` (and gave no memory back: ${messageOf(error)})`;
    }
  }
}

/** reference/onnxruntime.md §0.7 and §0.8; spinning pools of several sessions would eat each other's cores. */
export function sessionOptions({
  provider,
  threads,
  writeTo,
}: Pick<OpenOptions, 'provider' | 'threads' | 'writeTo'>): InferenceSession.SessionOptions {
  return {
    executionProviders: [provider],
    graphOptimizationLevel: 'all',
    intraOpNumThreads: threads,
    extra: {
      session: {
        ...exactProductKeys(),
        intra_op: { allow_spinning: '0' },
        ...(writeTo === undefined ? {} : writing(writeTo)),
      },
    },
    logSeverityLevel: 3,
    ...(writeTo === undefined ? {} : { optimizedModelFilePath: path.join(writeTo.folder, writeTo.model) }),
  };
}

function writing({ weights }: CopyTarget): Readonly<Record<string, string>> {
  return {
    optimized_model_external_initializers_file_name: weights,
    optimized_model_external_initializers_min_size_in_bytes: '1024',
    save_external_prepacked_constant_initializers: '1',
  };
}

function checkInterface(session: InferenceSession, { spec, dimensions, modelPath }: EncoderSetup): void {
  const [input, ...moreInputs] = session.inputMetadata;
  const [output, ...moreOutputs] = session.outputMetadata;
  const type = takesIds(spec) ? 'int32' : 'float32';
  if (!input?.isTensor || moreInputs.length > 0 || input.type !== type || !sameItems(input.shape, inputShape(spec))) {
    throw unfit(modelPath, `one ${type} input of [batch, ${inputShape(spec)}]`, session.inputMetadata);
  }
  if (
    !output?.isTensor ||
    moreOutputs.length > 0 ||
    output.type !== 'float32' ||
    !sameItems(output.shape, [dimensions])
  ) {
    throw unfit(modelPath, `one float32 output of [batch, ${dimensions}]`, session.outputMetadata);
  }
}

function takesIds(spec: EncoderSetup['spec']): boolean {
  return spec.kind === 'tokens';
}

/** A named dimension of the batch takes any number. */
function batchLimitOf(session: InferenceSession): number {
  const [input] = session.inputMetadata;
  const batch = input?.isTensor ? input.shape[0] : undefined;
  return typeof batch === 'number' ? batch : Number.POSITIVE_INFINITY;
}

function sameShape(left: readonly number[], right: readonly number[]): boolean {
  return left.length === right.length && left.every((size, index) => size === right[index]);
}

/** Compares what follows the batch. */
function sameItems(declared: readonly (number | string)[], item: readonly number[]): boolean {
  return declared.length === item.length + 1 && item.every((size, index) => size === declared[index + 1]);
}

/** The runtime refuses shared memory behind a tensor (reference/onnxruntime.md §0.12). */
function privately(data: TensorData['data']): TensorData['data'] {
  return types.isSharedArrayBuffer(data.buffer) ? data.slice() : data;
}

function encodeFailed(message: string, cause?: unknown): SensebindError {
  return new SensebindError(
    'ENCODE_FAILED',
    cause === undefined ? message : `${message}, found: ${messageOf(cause)}`,
    'Other requests are not affected. If it repeats, check the bundle with "sensebind models verify".',
    cause === undefined ? undefined : { cause },
  );
}

function unfit(modelPath: string, expected: string, found: readonly InferenceSession.ValueMetadata[]): SensebindError {
  const words = found.map((value) => (value.isTensor ? `${value.name} ${value.type} [${value.shape}]` : value.name));
  return new SensebindError(
    'BUNDLE_INVALID',
    `Expected ${modelPath} to have ${expected}, found ${words.join(', ') || 'none'}`,
    'Manifest and model do not belong together: convert the checkpoint again.',
  );
}
