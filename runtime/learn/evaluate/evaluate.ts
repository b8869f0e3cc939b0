import { events, perceivableTo } from '../../../devices/simulated/events/catalogue';
import { SENSORS } from '../../../devices/simulated/sensor';
import type { Bundle } from '../../../models/bundle/bundle';
import type { Manifest } from '../../../models/bundle/manifest';
import { SensebindError } from '../../errors';
import { type ArithmeticFigures, arithmetic } from './arithmetic';
import { bundleHash } from './bundleHash';
import { type Gathered, type GatherOptions, gatherEvidence } from './gatherEvidence';
import { judgeSensor } from './judgeSensor';
import { type PlannedSets, planSets, type SetSizes } from './plannedSets';
import type { EvaluationReport, ModalityReport } from './report';
import { readResults } from './results';
import type { JudgedEncoder } from './sceneView';
import { judgedRows } from './sensorFigures';

/** Scenes of another seed are other scenes. Whatever it is, no set to learn from has them. */
export interface EvaluationOptions
  extends Omit<SetSizes, 'labelledPerEvent'>,
    Pick<GatherOptions, 'workers' | 'signal'> {
  /** Labelled scenes of each event that the trivial classifier learns from. Default: 64. */
  readonly labelledPerEvent?: number | undefined;
  readonly onProgress?: (progress: EvaluationProgress) => void;
}

export interface EvaluationProgress {
  readonly scenes: number;
  readonly of: number;
}

const LABELLED_PER_EVENT = 64;

/**
 * Judges every encoder of a bundle that a sensor of the simulated world feeds, on scenes that no training set has, through
 * the engine: the same preprocessing, encoders and tokenizer as for a device.
 *
 * @throws {SensebindError} `MODALITY_UNKNOWN` for a bundle without text or without any sensor's encoder; `INPUT_INVALID`
 * for less scenes than labels; `FILE_UNREADABLE` for its stored results; `WORD_UNKNOWN` when its tokenizer does not know
 * the words of this world; what the engine throws; `REQUEST_ABORTED`.
 */
export async function evaluate(bundle: Bundle, options: EvaluationOptions): Promise<EvaluationReport> {
  const { labelledPerEvent = LABELLED_PER_EVENT, seed, workers, signal, onProgress } = options;
  const { manifest, directory } = bundle;
  requireEnough(options.scenes);
  const encoders = judgedEncoders(manifest);
  const hash = bundleHash(manifest);
  const controls = await readResults(directory, hash);
  const sets = await planSets({ ...options, labelledPerEvent });
  const gathered = await gatherEvidence(bundle, {
    encoders,
    sets,
    seed,
    workers,
    signal,
    onScenes: countTo(sets, onProgress),
  });
  const modalities: ModalityReport[] = [];
  for (const encoder of encoders) {
    signal?.throwIfAborted();
    modalities.push(await judgeSensor(encoder, gathered.evidence));
  }
  const { labelled, new: fresh, held, two } = sets;
  return {
    format: 'sensebind-evaluation/1',
    bundle: { name: manifest.name, hash, space: manifest.space, trained: manifest.trained },
    scenes: { seed, new: fresh.length, held: held.length, two: two.length, labelled: labelled.length },
    labels: events.length,
    chance: { top1: 1 / events.length, top5: 5 / events.length },
    modalities,
    notJudged: otherModalities(manifest, encoders),
    arithmetic: await imageAndSound(gathered),
    controls,
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

function otherModalities({ encoders }: Manifest, judged: readonly JudgedEncoder[]): string[] {
  const known = new Set<string>([TEXT, ...judged.map(({ sensor }) => sensor)]);
  return Object.keys(encoders).filter((modality) => !known.has(modality));
}

function requireEnough(scenes: number): void {
  if (scenes >= events.length) return;
  throw new SensebindError(
    'INPUT_INVALID',
    `Expected at least ${events.length} scenes, one a label, found ${scenes}`,
    'Ask for 2,000 or more: intervals get narrower with the square root of their number.',
  );
}

function countTo(sets: PlannedSets, onProgress: EvaluationOptions['onProgress']): (scenes: number) => void {
  const of = Object.values(sets).reduce((sum, { length }) => sum + length, 0);
  let done = 0;
  return (scenes) => {
    done += scenes;
    onProgress?.({ scenes: done, of });
  };
}

async function imageAndSound({ evidence, two }: Gathered): Promise<ArithmeticFigures | null> {
  const { new: fresh, seed } = evidence;
  const seen = new Set(perceivableTo('vision').map(({ id }) => id));
  const heard = new Set(perceivableTo('audio').map(({ id }) => id));
  const images = judgedRows(fresh.scenes, fresh.vectors.get('vision') ?? []).filter(({ event }) => seen.has(event));
  const sounds = judgedRows(fresh.scenes, fresh.vectors.get('audio') ?? []).filter(
    ({ event }) => seen.has(event) && heard.has(event),
  );
  if (images.length === 0 || sounds.length === 0) return null;
  const pictures = two.vectors.get('vision') ?? [];
  const gallery = pictures.map((vector, index) => ({ vector, events: two.scenes[index]?.events ?? [] }));
  return arithmetic({ images, sounds, gallery, seed });
}
