import { events } from '../../../devices/simulated/events/catalogue';
import { type Classifier, trainClassifier } from '../baselines/classifier';
import type { EmbeddedScenes, Signal } from './embedScenes';
import { type Figure, figureOf } from './figure';
import { inTurns } from './inTurns';
import type { AmongFew, ModalityReport } from './report';
import { type RetrievalFigures, retrieval } from './retrieval';
import type { JudgedEncoder } from './sceneView';
import { scopesOf } from './scopes';
import { judgedRows, zeroShotFigures } from './sensorFigures';
import { creditWithin, type Standing, standingOf } from './standing';
import { type JudgedEmbedding, labelStandings, type Prototype, topFigures, zeroShot } from './zeroShot';

/** Everything that figures are made of. Scenes of `new` and `held` show one event each. */
export interface Evidence {
  readonly new: EmbeddedScenes;
  readonly held: EmbeddedScenes;
  /** With labels: what the trivial classifier learns from. */
  readonly labelled: EmbeddedScenes;
  readonly prototypes: readonly Prototype[];
  readonly paraphrased: readonly Prototype[];
  /** Of all intervals, draws and pools. */
  readonly seed: number;
}

/** Scenes that a partner is looked for among, where there are that many. */
const POOL = 200;

/** Full passes over the labelled scenes. */
const EPOCHS = 100;

/** Scenes between two turns of the event loop. */
const SCENES_A_TURN = 512;

/** Judges one encoder: zero-shot labels, retrieval, and what the raw signal alone tells. */
export async function judgeSensor({ sensor, preset }: JudgedEncoder, evidence: Evidence): Promise<ModalityReport> {
  const { prototypes, paraphrased, seed } = evidence;
  const { perceivable, blind, unshown, shared } = scopesOf(sensor);
  const ofSet = ({ scenes, vectors }: EmbeddedScenes) => ({ scenes, rows: vectors.get(sensor) ?? [], sensor, seed });
  const [fresh, held] = [ofSet(evidence.new), ofSet(evidence.held)];
  const all = judgedRows(fresh.scenes, fresh.rows);
  const trivial = await trivialStandings(evidence, sensor);
  const everything = [...all, ...judgedRows(held.scenes, held.rows)];
  return {
    modality: sensor,
    preset,
    perceivable: perceivable.size,
    trivial: await topFigures(trivial.filter(({ event }) => perceivable.has(event)).map(standingOnly), seed),
    nearestRaw: await nearestFigure(evidence, { sensor, by: 'nearestRaw' }),
    nearestInput: await nearestFigure(evidence, { sensor, by: 'nearestInput' }),
    new: await zeroShotFigures({ ...fresh, prototypes }),
    held: await zeroShotFigures({ ...held, prototypes }),
    shown: await zeroShot(
      all.filter(({ event }) => shared.has(event)),
      prototypes,
      seed,
    ),
    paraphrased: await zeroShotFigures({ ...fresh, prototypes: paraphrased }),
    everyScene: {
      trivial: await topFigures(trivial.map(standingOnly), seed),
      new: await zeroShot(all, prototypes, seed),
    },
    blind: await amongFew(everything, { only: blind, prototypes, seed }),
    unshown: await amongFew(everything, { only: unshown, prototypes, seed }),
    toImage: await toImage(evidence, { sensor, shared }),
    toCaption: await retrieved(evidence, { sensor, shared, partners: evidence.new.captions }),
    recallOfEvent: await recallOfEvent(
      all.filter(({ event }) => perceivable.has(event)),
      prototypes,
    ),
  };
}

type Sensor = JudgedEncoder['sensor'];

async function amongFew(
  embeddings: readonly JudgedEmbedding[],
  {
    only,
    prototypes,
    seed,
  }: { readonly only: ReadonlySet<string>; readonly prototypes: readonly Prototype[]; readonly seed: number },
): Promise<AmongFew | null> {
  if (only.size < 2) return null;
  const few = prototypes.filter(({ event }) => only.has(event));
  const { top1 } = await zeroShot(
    embeddings.filter(({ event }) => only.has(event)),
    few,
    seed,
  );
  return { events: few.map(({ event }) => event), chance: 1 / few.length, top1 };
}

async function toImage(
  evidence: Evidence,
  { sensor, shared }: { readonly sensor: Sensor; readonly shared: ReadonlySet<string> },
): Promise<RetrievalFigures | null> {
  const partners = evidence.new.vectors.get('vision');
  return sensor === 'vision' || partners === undefined ? null : retrieved(evidence, { sensor, shared, partners });
}

function retrieved(
  { new: fresh, seed }: Evidence,
  {
    sensor,
    shared,
    partners,
  }: { readonly sensor: Sensor; readonly shared: ReadonlySet<string>; readonly partners: readonly Float32Array[] },
): Promise<RetrievalFigures> {
  const isShared = (_: unknown, index: number): boolean => shared.has(fresh.scenes[index]?.events[0] ?? '');
  const queries = (fresh.vectors.get(sensor) ?? []).filter(isShared);
  return retrieval(queries, partners.filter(isShared), { pool: Math.min(POOL, queries.length), seed });
}

async function recallOfEvent(
  embeddings: readonly JudgedEmbedding[],
  prototypes: readonly Prototype[],
): Promise<Record<string, number>> {
  const recall: [string, number][] = [];
  for (const { id } of events) {
    const standings = await labelStandings(
      embeddings.filter(({ event }) => event === id),
      prototypes,
    );
    const sum = standings.reduce((total, standing) => total + creditWithin(standing, 1), 0);
    if (standings.length > 0) recall.push([id, sum / standings.length]);
  }
  return Object.fromEntries(recall);
}

/** New scenes as the raw signal tells of them. */
function signalsOf({ new: fresh }: Evidence, sensor: Sensor): readonly (Signal & { readonly event: string })[] {
  return (fresh.signals.get(sensor) ?? []).map((signal, index) => ({
    ...signal,
    event: fresh.scenes[index]?.events[0] ?? '',
  }));
}

interface EventStanding {
  readonly event: string;
  readonly standing: Standing;
}

function standingOnly({ standing }: EventStanding): Standing {
  return standing;
}

async function trivialStandings(evidence: Evidence, sensor: Sensor): Promise<readonly EventStanding[]> {
  const classifier = await trivialClassifier(evidence.labelled, sensor);
  const found = await inTurns(signalsOf(evidence, sensor), SCENES_A_TURN, ({ features, event }) => {
    const standing = standingOf(classifier.scores(features ?? []), (label) => events[label]?.id === event);
    return standing === undefined ? [] : [{ event, standing }];
  });
  return found.flat();
}

/** A linear classifier of mean and deviation, over all labels. */
function trivialClassifier({ scenes, signals }: EmbeddedScenes, sensor: Sensor): Promise<Classifier> {
  const labelOf = new Map(events.map(({ id }, label) => [id, label]));
  const train = {
    features: (signals.get(sensor) ?? []).map(({ features }) => features ?? []),
    labels: scenes.map(({ events: [event = ''] }) => labelOf.get(event) ?? -1),
  };
  return trainClassifier(train, { classes: events.length, epochs: EPOCHS });
}

/** One nearest neighbour among one labelled scene a label; the mean over the draws of them. */
function nearestFigure(
  evidence: Evidence,
  { sensor, by }: { readonly sensor: Sensor; readonly by: 'nearestRaw' | 'nearestInput' },
): Promise<Figure> {
  const { perceivable } = scopesOf(sensor);
  const outcomes = signalsOf(evidence, sensor)
    .filter(({ event }) => perceivable.has(event))
    .map((signal) => signal[by].filter((found) => found === signal.event).length / signal[by].length);
  return figureOf(outcomes, evidence.seed);
}
