import { availableParallelism } from 'node:os';
import { setImmediate } from 'node:timers/promises';
import { paraphrasedPromptsOf, promptsOf } from '../../../devices/simulated/captions';
import { events, perceivableTo } from '../../../devices/simulated/events/catalogue';
import { SENSORS } from '../../../devices/simulated/sensor';
import type { Bundle } from '../../../models/bundle/bundle';
import type { Manifest } from '../../../models/bundle/manifest';
import { SensebindError } from '../../errors';
import { Engine } from '../../inference/engine';
import { type PlannedScene, planScenes } from '../scenePlan';
import type { SceneSetSpec } from '../sceneSetSpec';
import { type ArithmeticFigures, arithmetic } from './arithmetic';
import { bundleHash } from './bundleHash';
import { type EmbeddedScenes, embedScenes } from './embedScenes';
import { judgeSensor } from './judgeSensor';
import { drawsOf, labelledScenes } from './labelledScenes';
import type { EvaluationReport } from './report';
import { readResults } from './results';
import type { JudgedEncoder } from './sceneView';
import { judgedRows } from './sensorFigures';
import { labelPrototypes } from './zeroShot';

export interface EvaluationOptions {
  /** New scenes and held-out ones, each as many; half as many of two events. At least one of each label. */
  readonly scenes: number;
  /** Scenes of another seed are other scenes. Whatever it is, no set to learn from has them. */
  readonly seed: number;
  /** Labelled scenes of each event that the trivial classifier learns from. Default: 64. */
  readonly labelledPerEvent?: number | undefined;
  /** Threads that render, and as many that encode. Default: one a core. */
  readonly workers?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: (progress: EvaluationProgress) => void;
}

export interface EvaluationProgress {
  readonly scenes: number;
  readonly of: number;
}

const LABELLED_PER_EVENT = 64;
/** Draws of one labelled scene a label, over which the nearest neighbour is averaged. */
const NEIGHBOUR_DRAWS = 5;

/**
 * Judges every encoder of a bundle that a sensor of the simulated world feeds, on scenes that no training set has, through
 * the engine: the same preprocessing, encoders and tokenizer as for a device.
 *
 * @throws {SensebindError} `MODALITY_UNKNOWN` for a bundle without text or without any sensor's encoder; `INPUT_INVALID`
 * for less scenes than labels; `WORD_UNKNOWN` when its tokenizer does not know the words of this world; what the engine
 * throws; `REQUEST_ABORTED`.
 */
export async function evaluate(bundle: Bundle, options: EvaluationOptions): Promise<EvaluationReport> {
  const {
    scenes: count,
    seed,
    labelledPerEvent = LABELLED_PER_EVENT,
    workers = availableParallelism(),
    signal,
  } = options;
  const { manifest } = bundle;
  const encoders = judgedEncoders(manifest);
  if (count < events.length) {
    throw new SensebindError(
      'INPUT_INVALID',
      `Expected at least ${events.length} scenes, one a label, found ${count}`,
      'Ask for 2,000 or more: intervals get narrower with the square root of their number.',
    );
  }
  await using engine = await Engine.open(bundle, { workers, threadsPerWorker: 1 });
  const embedText = textEmbedder(engine, signal);
  const sets = await plannedSets({ count, seed, labelledPerEvent });
  const draws = drawsOf(sets.labelled, NEIGHBOUR_DRAWS);
  const progress = countTo(sets, options.onProgress);
  const shared = { engine, embedText, workers, signal, onScenes: progress };
  const quiet = { encoders, readings: false, features: false, captions: false, neighbours: [] };
  const labelled = await embedScenes(sets.labelled, { ...shared, request: { ...quiet, features: true } });
  const fresh = await embedScenes(sets.new, {
    ...shared,
    request: { ...quiet, readings: true, features: true, captions: true, neighbours: draws },
  });
  const held = await embedScenes(sets.held, { ...shared, request: { ...quiet, readings: true } });
  const camera = encoders.filter(({ sensor }) => sensor === 'vision');
  const two = await embedScenes(sets.two, { ...shared, request: { ...quiet, encoders: camera, readings: true } });
  const evidence = {
    new: fresh,
    held,
    labelled,
    prototypes: await labelPrototypes(promptsOf, embedText),
    paraphrased: await labelPrototypes(paraphrasedPromptsOf, embedText),
    seed,
  };
  const modalities = [];
  for (const encoder of encoders) {
    signal?.throwIfAborted();
    modalities.push(await judgeSensor(encoder, evidence));
  }
  const hash = bundleHash(manifest);
  const judged = new Set<string>(encoders.map(({ sensor }) => sensor));
  return {
    format: 'sensebind-evaluation/1',
    bundle: { name: manifest.name, hash, space: manifest.space, trained: manifest.trained },
    scenes: {
      seed,
      new: sets.new.length,
      held: sets.held.length,
      two: sets.two.length,
      labelled: sets.labelled.length,
    },
    labels: events.length,
    chance: { top1: 1 / events.length, top5: 5 / events.length },
    modalities,
    notJudged: Object.keys(manifest.encoders).filter((modality) => modality !== TEXT && !judged.has(modality)),
    arithmetic: await imageAndSound({ fresh, two, seed }),
    controls: await readResults(bundle.directory, hash),
  };
}

const TEXT = 'text';

/** The encoders of a bundle that a sensor of the simulated world feeds, whatever modality it is. */
export function judgedEncoders({ encoders }: Manifest): readonly JudgedEncoder[] {
  const judged = SENSORS.flatMap((sensor) => {
    const encoder = encoders[sensor];
    return encoder === undefined ? [] : [{ sensor, input: encoder.input, preset: encoder.preset }];
  });
  if (judged.length > 0 && encoders[TEXT] !== undefined) return judged;
  throw new SensebindError(
    'MODALITY_UNKNOWN',
    `Expected encoders of text and of one of ${SENSORS.join(', ')}, found ${Object.keys(encoders).join(', ')}`,
    'Take a bundle that was converted with text.',
  );
}

type Sets = Awaited<ReturnType<typeof plannedSets>>;

async function plannedSets({
  count,
  seed,
  labelledPerEvent,
}: {
  readonly count: number;
  readonly seed: number;
  readonly labelledPerEvent: number;
}) {
  return {
    labelled: labelledScenes(labelledPerEvent, seed),
    new: await planned({ set: 'test', pairs: 'new', count, seed }),
    held: await planned({ set: 'test', pairs: 'held', count, seed }),
    two: await planned({ set: 'test', pairs: 'two', count: Math.ceil(count / 2), seed }),
  } as const;
}

/** Scenes between two turns of the event loop: about 1 ms. */
const PLANNED_A_TURN = 256;

async function planned(spec: SceneSetSpec): Promise<readonly PlannedScene[]> {
  const scenes: PlannedScene[] = [];
  for (const scene of planScenes(spec)) {
    scenes.push(scene);
    if (scenes.length % PLANNED_A_TURN === 0) await setImmediate();
  }
  return scenes;
}

function countTo(sets: Sets, onProgress: EvaluationOptions['onProgress']): (scenes: number) => void {
  const of = Object.values(sets).reduce((sum, { length }) => sum + length, 0);
  let done = 0;
  return (scenes) => {
    done += scenes;
    onProgress?.({ scenes: done, of });
  };
}

/** Embeds each text once: captions repeat. */
function textEmbedder(engine: Engine, signal: AbortSignal | undefined): (text: string) => Promise<Float32Array> {
  const known = new Map<string, Promise<Float32Array>>();
  return (text) => {
    const earlier = known.get(text);
    if (earlier !== undefined) return earlier;
    const embedded = engine
      .encode(TEXT, { kind: 'text', text }, signal === undefined ? {} : { signal })
      .then(({ vector }) => vector);
    known.set(text, embedded);
    return embedded;
  };
}

async function imageAndSound({
  fresh,
  two,
  seed,
}: {
  readonly fresh: EmbeddedScenes;
  readonly two: EmbeddedScenes;
  readonly seed: number;
}): Promise<ArithmeticFigures | null> {
  const pictures = two.vectors.get('vision') ?? [];
  const visible = new Set(perceivableTo('vision').map(({ id }) => id));
  const images = judgedRows(fresh.scenes, fresh.vectors.get('vision') ?? []).filter(({ event }) => visible.has(event));
  const sounds = judgedRows(fresh.scenes, fresh.vectors.get('audio') ?? []).filter(
    ({ event }) => visible.has(event) && perceivableTo('audio').some(({ id }) => id === event),
  );
  if (pictures.length === 0 || sounds.length === 0) return null;
  const gallery = pictures.map((vector, index) => ({ vector, events: two.scenes[index]?.events ?? [] }));
  return arithmetic({ images, sounds, gallery, seed });
}
