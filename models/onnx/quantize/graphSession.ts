import '../noTelemetry';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { SensebindError } from '../../../runtime/errors';
import { encodeModel } from '../encode';
import { exactProductKeys } from '../exactProducts';
import type { Content, Graph, Value } from '../graph';

/** One item of an encoder, batch of one first. */
export interface EncoderItem {
  readonly data: Float32Array | Int32Array;
  readonly shape: readonly number[];
}

export interface GraphSessionOptions {
  readonly threads: number;
  /**
   * `mapped`: weights stay in their file. `packed`: as the engine holds them, which is faster, and a second copy in
   * memory, 2.4 GB for the largest encoder (reference/onnxruntime.md §4). `mapped` unless given.
   */
  readonly weights?: 'mapped' | 'packed';
}

/** An encoder in the main thread, for measurements. */
export class GraphSession {
  readonly #session: InferenceSession;

  private constructor(session: InferenceSession) {
    this.#session = session;
  }

  /** A model that was written. */
  static async ofFile(modelPath: string, options: GraphSessionOptions): Promise<GraphSession> {
    return new GraphSession(await InferenceSession.create(modelPath, sessionOptions(options)));
  }

  /**
   * A graph that was not.
   *
   * @param folder - Of the weights file that its elements lie in.
   * @param contents - Elements that lie elsewhere than the graph says.
   */
  static async ofGraph(
    graph: Graph,
    {
      folder,
      contents,
      ...options
    }: GraphSessionOptions & { readonly folder: string; readonly contents?: ReadonlyMap<Value, Content> },
  ): Promise<GraphSession> {
    const keys = { model_external_initializers_file_folder_path: folder };
    return new GraphSession(await InferenceSession.create(encodeModel(graph, contents), sessionOptions(options, keys)));
  }

  /** One run; some of the outputs, by name. */
  async run({ data, shape }: EncoderItem, outputs: readonly string[]): Promise<ReadonlyMap<string, Float32Array>> {
    const tensor = data instanceof Float32Array ? new Tensor('float32', data, shape) : new Tensor('int32', data, shape);
    const [input = ''] = this.#session.inputNames;
    const results = await this.#session.run({ [input]: tensor }, [...outputs]);
    return new Map(
      outputs.map((name) => {
        const found = results[name]?.data;
        if (found instanceof Float32Array) return [name, found];
        throw new SensebindError('GRAPH_INVALID', `Expected float32 numbers in ${name}`, 'Report this message.');
      }),
    );
  }

  /** One embedding. */
  async embed(item: EncoderItem): Promise<Float32Array> {
    const [name = ''] = this.#session.outputNames;
    return (await this.run(item, [name])).get(name) ?? new Float32Array();
  }

  async release(): Promise<void> {
    await this.#session.release();
  }
}

function sessionOptions(
  { threads, weights = 'mapped' }: GraphSessionOptions,
  keys: Readonly<Record<string, string>> = {},
): InferenceSession.SessionOptions {
  const isMapped = weights === 'mapped';
  return {
    executionProviders: ['cpu'],
    graphOptimizationLevel: 'all',
    intraOpNumThreads: threads,
    extra: {
      session: {
        ...keys,
        ...(isMapped ? { disable_prepacking: '1' } : {}),
        ...exactProductKeys(),
        intra_op: { allow_spinning: '0' },
      },
      // What is stored as float16 is widened where it is used: folded, all of it would be in memory as float32.
      ...(isMapped ? { optimization: { disable_specified_optimizers: 'ConstantFolding' } } : {}),
    },
    logSeverityLevel: 3,
  };
}
