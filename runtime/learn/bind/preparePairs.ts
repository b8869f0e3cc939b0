import type { Bundle } from '../../../models/bundle/bundle';
import type { EncoderManifest, Manifest } from '../../../models/bundle/manifest';
import { elementCount } from '../../../models/onnx/shape';
import { SensebindError } from '../../errors';
import { Engine } from '../../inference/engine';
import { modalityUnknown } from '../../inference/engineErrors';
import { presetOf } from '../../preprocess/presets';
import type { Modality } from '../../reading';
import { identityOf, type RecordingIdentity } from './bindingRecord';
import { collectExamples, type Examples } from './collect';
import { type PairCounts, pairSessions, type Split, splitByTime } from './pairs';
import { constantReadings } from './profileScaling';
import { windowMicrosOf } from './sensorFacts';
import type { SensorTower } from './sensorTower';
import type { Sources, Survey } from './tracks';

export interface PreparePairsOptions {
  /** Its anchor encoder stays as it is. */
  readonly bundle: Bundle;
  /** Recordings in which both sources stand. */
  readonly recordings: readonly string[];
  readonly sources: Sources;
  /** Pairs a step. */
  readonly batch: number;
  readonly toleranceMicros: number;
  readonly everyMicros: number;
  readonly signal?: AbortSignal | undefined;
  /** What comes before training: readings looked at, then embeddings and items made. */
  readonly onPrepared?: (progress: Preparation) => void;
}

export interface Preparation {
  readonly step: 'read' | 'embed';
  readonly done: number;
  readonly of?: number;
}

/** Share of each recording that is never learnt from. */
const HELD_BACK_SHARE = 0.1;
const LEAST_HELD_BACK = 8;
/** Embeddings of one picture differ by this where threads add in another order. */
const SAME = 1e-5;

/** The frozen encoder that another is bound to. */
export interface Anchor {
  readonly modality: Modality;
  readonly manifest: EncoderManifest;
}

/** @throws {SensebindError} `MODALITY_UNKNOWN` for a bundle that has no such encoder. */
export function anchorOf({ encoders }: Manifest, modality: Modality): Anchor {
  const manifest = Object.hasOwn(encoders, modality) ? encoders[modality] : undefined;
  if (manifest === undefined) throw modalityUnknown(modality, Object.keys(encoders));
  return { modality, manifest };
}

/** All that a training reads. */
export interface PreparedPairs {
  readonly recordings: readonly RecordingIdentity[];
  readonly counts: PairCounts;
  readonly examples: Examples;
  /** Rows of the examples. */
  readonly split: Split;
}

/**
 * Pairs what both sources read, embeds one side by the frozen encoder, prepares the other, and holds some back.
 *
 * @throws {SensebindError} `INPUT_INVALID` for too few pairs or readings that are all the same.
 */
export async function preparePairs(
  options: PreparePairsOptions,
  {
    survey,
    anchor,
    tower,
    modality,
  }: { readonly survey: Survey; readonly anchor: Anchor; readonly tower: SensorTower; readonly modality: string },
): Promise<PreparedPairs> {
  const { bundle, sources, signal, batch, toleranceMicros } = options;
  const { sessions } = survey;
  const sensorWindowMicros = windowMicrosOf(tower.plan.input);
  const rules = { ...options, anchorWindowMicros: windowMicrosOf(anchor.manifest.input), sensorWindowMicros };
  const { pairs, counts } = pairSessions(sessions, rules);
  requirePairs(pairs.length, { batch, counts, toleranceMicros });
  const recordings = await Promise.all(options.recordings.map((recording) => identityOf(recording, signal)));
  await using engine = await Engine.open(bundle, { modalities: [anchor.modality] });
  const examples = await collectExamples({
    recordings: options.recordings,
    sources,
    sessions,
    pairs,
    anchor: { engine, modality: anchor.modality, dimensions: bundle.manifest.dimensions },
    sensor: {
      preprocessor: presetOf(modality, tower.plan.preset).create(tower.plan.input, {}),
      itemLength: elementCount(tower.plan.itemShape),
    },
    signal,
    onDone: (done) => options.onPrepared?.({ step: 'embed', done, of: 2 * pairs.length }),
  });
  const usable = examples.pairs.flatMap((index) => pairs[index] ?? []);
  const windowMicros = Math.max(sensorWindowMicros, rules.anchorWindowMicros);
  const split = splitByTime(usable, { share: HELD_BACK_SHARE, sessions, windowMicros });
  const isEnough = split.learnt.length >= batch && split.heldBack.length >= LEAST_HELD_BACK;
  requirePairs(isEnough ? pairs.length : split.learnt.length, { batch, counts, toleranceMicros });
  requireVaried(examples.targets, examples.dimensions, 'the anchor');
  requireVaried(examples.items, examples.itemLength, 'the new sensor');
  return { recordings, counts, examples, split };
}

function requirePairs(
  found: number,
  {
    batch,
    counts,
    toleranceMicros,
  }: { readonly batch: number; readonly counts: PairCounts; readonly toleranceMicros: number },
): void {
  const least = Math.ceil(Math.max(batch / (1 - HELD_BACK_SHARE), LEAST_HELD_BACK / HELD_BACK_SHARE));
  if (found >= least) return;
  const { anchorReadings, pairs, withoutPartner, sharedPartner, tooSoon } = counts;
  throw new SensebindError(
    'INPUT_INVALID',
    `Expected at least ${least} pairs, a batch of ${batch} and some to judge by, found ${found} of use and ${pairs} pairs among ${anchorReadings} readings of the anchor: ${withoutPartner} had no partner within ${toleranceMicros / 1000} ms, ${sharedPartner} shared one, ${tooSoon} came too soon`,
    'Record for longer (thousands of pairs are better), with both sources at the same time; raise --tolerance where their clocks differ; lower --every or --batch.',
  );
}

/** @throws {SensebindError} `INPUT_INVALID` when all rows are the same. */
function requireVaried(numbers: Float32Array, length: number, side: string): void {
  for (let index = length; index < numbers.length; index++) {
    if (Math.abs((numbers[index] ?? 0) - (numbers[index % length] ?? 0)) > SAME) return;
  }
  throw constantReadings(side);
}
