import type { Graph } from '../graph';
import { type EncoderItem, GraphSession } from './graphSession';
import type { Layer } from './layers';
import { observedGraph } from './observedGraph';

/** Items of an encoder, and which of them are for what. */
export interface CalibrationItems {
  /** What smoothing is worked out from. */
  readonly calibration: readonly EncoderItem[];
  /** What the result is judged by. */
  readonly heldBack: readonly EncoderItem[];
}

/** What an encoder does with calibration inputs before anything is changed. */
export interface Observations {
  /** Largest magnitude of each channel that goes into a layer that can be smoothed, by the layer's name. */
  readonly magnitudes: ReadonlyMap<string, Float32Array>;
  /** Embeddings, in the order of the items. */
  readonly calibration: readonly Float32Array[];
  readonly heldBack: readonly Float32Array[];
}

/** Runs the encoder as it is over all items, one after the other. */
export async function observe(
  source: Graph,
  {
    layers,
    items,
    folder,
    threads,
    signal,
    onItem,
  }: {
    readonly layers: readonly Layer[];
    readonly items: CalibrationItems;
    readonly folder: string;
    readonly threads: number;
    readonly signal?: AbortSignal | undefined;
    readonly onItem: () => void;
  },
): Promise<Observations> {
  const { graph, outputs } = observedGraph(source, layers);
  const [embedding = ''] = source.outputs.map(({ name }) => name);
  const magnitudes = new Map<string, Float32Array>();
  const session = await GraphSession.ofGraph(graph, { folder, threads });
  const embed = async (item: EncoderItem, observed: ReadonlyMap<string, string>): Promise<Float32Array> => {
    signal?.throwIfAborted();
    const results = await session.run(item, [embedding, ...observed.values()]);
    for (const [layer, output] of observed) {
      magnitudes.set(layer, larger(magnitudes.get(layer), results.get(output) ?? new Float32Array()));
    }
    onItem();
    return (results.get(embedding) ?? new Float32Array()).slice();
  };
  try {
    const calibration: Float32Array[] = [];
    for (const item of items.calibration) calibration.push(await embed(item, outputs));
    const heldBack: Float32Array[] = [];
    for (const item of items.heldBack) heldBack.push(await embed(item, new Map()));
    return { magnitudes, calibration, heldBack };
  } finally {
    await session.release();
  }
}

function larger(known: Float32Array | undefined, found: Float32Array): Float32Array {
  return found.map((magnitude, channel) => Math.max(magnitude, known?.[channel] ?? 0));
}
