import { promptsOf } from '../../../devices/simulated/captions';
import { createTokenizer } from '../../../models/text/tokenizer';
import { learntEncoder } from '../../../models/training/contrastiveGraph';
import { LearntSession } from '../../../models/training/gradientSession';
import type { ControlRun } from '../evaluate/results';
import { rowsOf } from '../evaluate/rows';
import { classifierFigures, zeroShotFigures } from '../evaluate/sensorFigures';
import { labelPrototypes, type Prototype, type TopFigures } from '../evaluate/zeroShot';
import type { SceneSetSpec } from '../sceneSetSpec';
import { worldTokenizer } from '../worldTokenizer';
import type { Anchor } from './anchor';
import { type ControlCourse, controlCourses, eventVectors, type LessonSources, lessonsOf } from './controlCourses';
import { embedSet } from './embedSet';
import { FrozenPictures, openScenes } from './frozenPictures';
import { labelScores } from './labelVectors';
import type { MiniOptions } from './mini';
import { BOUND_MODALITIES } from './miniRecipe';
import { miniPlan } from './plans';
import { type BoundTower, trainSensor } from './sensor';

/** Test scenes that the controls are judged on. */
export const JUDGED = { seed: 0, new: 2400, held: 1200 } as const;

/**
 * Trains what the shipped model is compared with, and judges each: with captions in place of pictures, with labels, with
 * pairs that do not belong together, with other seeds, and without one event. Goes on where it was interrupted.
 */
export async function trainControls(anchor: Anchor, options: MiniOptions): Promise<readonly ControlRun[]> {
  const textPlan = await miniPlan('text');
  const text = await LearntSession.create(learntEncoder(textPlan), options);
  const tokenizer = createTokenizer(worldTokenizer());
  const embedTexts = (ids: Int32Array): Promise<Float32Array> => text.embed(anchor.text, ids);
  try {
    const prototypes = await labelPrototypes(promptsOf, (prompt) => embedTexts(tokenizer.encode(prompt)));
    const pictures = new FrozenPictures(anchor.vision, options);
    const sources = { ...options, pictures, embedTexts, dimensions: textPlan.dimensions };
    const runs: ControlRun[] = [];
    for (const modality of BOUND_MODALITIES) {
      for (const course of controlCourses(modality, options.recipe.sensors[modality], options.recipe.worldSeed)) {
        runs.push(await runControl(course, { options, sources, prototypes }));
        options.signal?.throwIfAborted();
      }
    }
    return runs;
  } finally {
    await text.release();
  }
}

interface ControlContext {
  readonly options: MiniOptions;
  readonly sources: LessonSources;
  readonly prototypes: readonly Prototype[];
}

async function runControl(course: ControlCourse, context: ControlContext): Promise<ControlRun> {
  const { options, sources } = context;
  const { kind, modality, recipe, spec, event } = course;
  const tower = await trainSensor({
    ...options,
    modality,
    recipe,
    spec,
    name: `${modality}-${kind}-seed-${recipe.seed}`,
    targetsFrom: `${kind} ${sources.pictures.hash}`,
    prepare: () => lessonsOf(course, sources),
  });
  return {
    kind,
    modality,
    seed: recipe.seed,
    steps: recipe.schedule.steps,
    seconds: Math.round(tower.seconds),
    ...(event === undefined ? {} : { event }),
    new: await judge(course, { tower, pairs: 'new', ...context }),
    // Scenes of one event alone are too few among the held-out pairs.
    ...(event === undefined ? { held: await judge(course, { tower, pairs: 'held', ...context }) } : {}),
  };
}

interface Judged extends ControlContext {
  readonly tower: BoundTower;
  readonly pairs: 'new' | 'held';
}

async function judge(
  { kind, modality, event }: ControlCourse,
  { tower: { plan, parameters }, pairs, options, prototypes }: Judged,
): Promise<TopFigures> {
  const spec: SceneSetSpec = { set: 'test', pairs, count: JUDGED[pairs], seed: JUDGED.seed };
  const set = await openScenes(spec, modality, options);
  const embeddings = await embedSet(set, { ...options, plan, parameters, sensor: modality });
  const rows = rowsOf(embeddings, plan.dimensions);
  const asked = { sensor: modality, scenes: set.labels ?? [], seed: JUDGED.seed, event };
  if (kind !== 'supervised') return zeroShotFigures({ ...asked, rows, prototypes });
  const vectors = eventVectors(plan.dimensions);
  return classifierFigures({ ...asked, rows: rows.map((row) => labelScores(row, vectors)) });
}
