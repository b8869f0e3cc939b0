import '../onnx/noTelemetry';
import { InferenceSession, type OnnxValue, Tensor } from 'onnxruntime-node';
import { SensebindError } from '../../runtime/errors';
import { encodeModel } from '../onnx/encode';
import type { Graph } from '../onnx/graph';
import { fixedShape } from '../onnx/shape';
import { FEEDS, FETCHES } from './contrastiveGraph';

/** Elements of an input tensor in C order, by its name. */
export type Feeds = Readonly<Record<string, Float32Array | Int32Array>>;

/** A training graph that the runtime has loaded. */
export class GradientSession {
  readonly #session: InferenceSession;
  readonly #graph: Graph;
  readonly #gradient: Tensor;
  /** What the last {@link run} found: the caller may change it until the next one. */
  readonly gradient: Float32Array;

  private constructor(session: InferenceSession, graph: Graph) {
    const [size = 0] = fixedShape(graph.inputs.find(({ name }) => name === FEEDS.parameters)?.shape ?? []);
    this.#session = session;
    this.#graph = graph;
    this.gradient = new Float32Array(size);
    this.#gradient = new Tensor('float32', this.gradient, [size]);
  }

  /**
   * @param graph - With the inputs and outputs of {@link FEEDS} and {@link FETCHES}, all shapes numbers.
   * @param threads - Of the runtime.
   */
  static async create(graph: Graph, { threads }: { readonly threads: number }): Promise<GradientSession> {
    const session = await InferenceSession.create(encodeModel(graph), {
      intraOpNumThreads: threads,
      graphOptimizationLevel: 'all',
    });
    return new GradientSession(session, graph);
  }

  /**
   * The loss of a batch; its gradient lies in {@link gradient} then.
   *
   * @throws {SensebindError} `TRAINING_DIVERGED` when it is no number.
   */
  async run(feeds: Feeds): Promise<number> {
    const outputs = await this.#session.run(this.#tensors(feeds), {
      [FETCHES.loss]: null,
      [FETCHES.gradient]: this.#gradient,
    });
    const [loss] = floatsOf(outputs[FETCHES.loss]);
    if (loss !== undefined && Number.isFinite(loss)) return loss;
    throw diverged(`a loss of ${loss}`);
  }

  async release(): Promise<void> {
    await this.#session.release();
  }

  #tensors(feeds: Feeds): Record<string, Tensor> {
    return Object.fromEntries(
      this.#graph.inputs.flatMap(({ name, shape }) => {
        const data = feeds[name];
        return data === undefined ? [] : [[name, tensorOf(data, fixedShape(shape))]];
      }),
    );
  }
}

/** An encoder whose parameters are fed with the items: {@link learntEncoder}. */
export class LearntSession {
  readonly #session: InferenceSession;
  readonly #graph: Graph;

  private constructor(session: InferenceSession, graph: Graph) {
    this.#session = session;
    this.#graph = graph;
  }

  static async create(graph: Graph, { threads }: { readonly threads: number }): Promise<LearntSession> {
    return new LearntSession(await InferenceSession.create(encodeModel(graph), { intraOpNumThreads: threads }), graph);
  }

  /** Unit embeddings of a batch of any size, `[batch, dimensions]`. */
  async embed(parameters: Float32Array, items: Float32Array | Int32Array): Promise<Float32Array> {
    const [flat, input] = [
      this.#graph.inputs.find(({ name }) => name === FEEDS.parameters),
      this.#graph.inputs.find(({ name }) => name !== FEEDS.parameters),
    ];
    const itemShape = fixedShape(input?.shape.slice(1) ?? []);
    const batch = items.length / itemShape.reduce((product, size) => product * size, 1);
    const outputs = await this.#session.run({
      [flat?.name ?? '']: tensorOf(parameters, [parameters.length]),
      [input?.name ?? '']: tensorOf(items, [batch, ...itemShape]),
    });
    return floatsOf(outputs[FETCHES.embedding]);
  }

  async release(): Promise<void> {
    await this.#session.release();
  }
}

/** A training whose numbers have left the range of float32; `found` completes the sentence. */
export function diverged(found: string): SensebindError {
  return new SensebindError(
    'TRAINING_DIVERGED',
    `Expected finite losses and gradients, found ${found}`,
    'Train with a lower learning rate, or look for readings that are no numbers.',
  );
}

function tensorOf(data: Float32Array | Int32Array, shape: readonly number[]): Tensor {
  return data instanceof Float32Array ? new Tensor('float32', data, shape) : new Tensor('int32', data, shape);
}

function floatsOf(value: OnnxValue | undefined): Float32Array {
  const data = value !== undefined && 'data' in value ? value.data : undefined;
  if (data instanceof Float32Array) return data;
  throw new SensebindError('GRAPH_INVALID', 'Expected float32 numbers from the runtime', 'Report this message.');
}
