import { availableParallelism } from 'node:os';
import { paraphrasedPromptsOf, promptsOf } from '../../../devices/simulated/captions';
import type { Bundle } from '../../../models/bundle/bundle';
import { Engine } from '../../inference/engine';
import { type EmbeddedScenes, type EmbedScenesOptions, embedScenes } from './embedScenes';
import type { Evidence } from './judgeSensor';
import { drawsOf } from './labelledScenes';
import type { PlannedSets } from './plannedSets';
import type { JudgedEncoder, ViewRequest } from './sceneView';
import { labelPrototypes } from './zeroShot';

export interface GatherOptions {
  readonly encoders: readonly JudgedEncoder[];
  readonly sets: PlannedSets;
  /** Of intervals, draws and pools. */
  readonly seed: number;
  /** Threads that render, and as many that encode. Default: one a core. */
  readonly workers?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onScenes: (scenes: number) => void;
}

/** Pictures of two events, beside the evidence of single ones. */
export interface Gathered {
  readonly evidence: Evidence;
  readonly two: EmbeddedScenes;
}

/** Draws of one labelled scene a label, over which the nearest neighbour is averaged. */
const NEIGHBOUR_DRAWS = 5;

/** Renders and embeds everything that a bundle is judged by, through an engine of its own. */
export async function gatherEvidence(bundle: Bundle, options: GatherOptions): Promise<Gathered> {
  const { encoders, sets, seed, workers = availableParallelism(), signal, onScenes } = options;
  await using engine = await Engine.open(bundle, { workers, threadsPerWorker: 1 });
  const embedText = textEmbedder(engine, signal);
  const shared: Omit<EmbedScenesOptions, 'request'> = { engine, embedText, workers, signal, onScenes };
  const nothing: ViewRequest = { encoders, readings: false, features: false, captions: false, neighbours: [] };
  const embed = (set: keyof PlannedSets, wanted: Partial<ViewRequest>): Promise<EmbeddedScenes> =>
    embedScenes(sets[set], { ...shared, request: { ...nothing, ...wanted } });
  const labelled = await embed('labelled', { features: true });
  const neighbours = drawsOf(sets.labelled, NEIGHBOUR_DRAWS);
  const fresh = await embed('new', { readings: true, features: true, captions: true, neighbours });
  const held = await embed('held', { readings: true });
  const camera = encoders.filter(({ sensor }) => sensor === 'vision');
  const two = await embed('two', { readings: true, encoders: camera });
  const prototypes = await labelPrototypes(promptsOf, embedText);
  const paraphrased = await labelPrototypes(paraphrasedPromptsOf, embedText);
  return { evidence: { new: fresh, held, labelled, prototypes, paraphrased, seed }, two };
}

/** Embeds each text once: captions repeat. */
function textEmbedder(engine: Engine, signal: AbortSignal | undefined): (text: string) => Promise<Float32Array> {
  const known = new Map<string, Promise<Float32Array>>();
  return (text) => {
    const earlier = known.get(text);
    if (earlier !== undefined) return earlier;
    const embedded = engine
      .encode('text', { kind: 'text', text }, signal === undefined ? {} : { signal })
      .then(({ vector }) => vector);
    known.set(text, embedded);
    return embedded;
  };
}
