import { events } from '../../../devices/simulated/events/catalogue';
import { createTokenizer } from '../../../models/text/tokenizer';
import { SeededNumbers } from '../../../models/training/seededNumbers';
import { SensebindError } from '../../errors';
import type { ControlKind } from '../evaluate/results';
import type { SceneSet } from '../openSceneSet';
import type { SceneSetSpec } from '../sceneSetSpec';
import { worldTokenizer } from '../worldTokenizer';
import { type FrozenPictures, openScenes, type ScenesContext } from './frozenPictures';
import { labelVectors } from './labelVectors';
import type { BoundModality, SensorRecipe } from './miniRecipe';
import { HELD_BACK, type Lessons } from './sensor';

/** One training to compare the shipped one with. */
export interface ControlCourse {
  readonly kind: ControlKind;
  readonly modality: BoundModality;
  readonly recipe: SensorRecipe;
  readonly spec: SceneSetSpec;
  /** Id of the event that it never sees. */
  readonly event?: string;
}

/** Perceived by every sensor, so that each can be asked about it. */
export const LEFT_OUT_EVENT = 'forklift';
const FURTHER_SEEDS = [1000, 2000] as const;

/** Every control of one sensor, each with the recipe of the shipped training. */
export function controlCourses(
  modality: BoundModality,
  recipe: SensorRecipe,
  worldSeed: number,
): readonly ControlCourse[] {
  const bound: SceneSetSpec = { set: 'bound', count: recipe.scenes, seed: worldSeed };
  const labelled: SceneSetSpec = { set: 'control', count: recipe.scenes, seed: worldSeed };
  const course = (kind: ControlKind, spec: SceneSetSpec): ControlCourse => ({ kind, modality, recipe, spec });
  return [
    course('textPaired', labelled),
    course('supervised', labelled),
    course('shuffled', bound),
    ...FURTHER_SEEDS.map((more) => ({
      ...course('furtherSeed', bound),
      recipe: { ...recipe, seed: recipe.seed + more },
    })),
    { ...course('leftOut', { ...bound, without: LEFT_OUT_EVENT }), event: LEFT_OUT_EVENT },
  ];
}

/** What a control learns from. */
export interface LessonSources extends ScenesContext {
  readonly pictures: FrozenPictures;
  readonly embedTexts: (ids: Int32Array) => Promise<Float32Array>;
  readonly dimensions: number;
}

/** Reads the scenes of a control and what belongs to each. */
export async function lessonsOf(course: ControlCourse, sources: LessonSources): Promise<Lessons> {
  const { kind, modality, recipe, spec } = course;
  const set = await openScenes(spec, modality, sources);
  switch (kind) {
    case 'textPaired':
      return { set, targets: await captionEmbeddings(set, sources) };
    case 'supervised':
      return { set, ...labelLessons(set, sources.dimensions) };
    case 'shuffled':
      return { set, targets: shuffledRows(await sources.pictures.of(spec), sources.dimensions, recipe.seed) };
    case 'furtherSeed':
    case 'leftOut':
      return { set, targets: await sources.pictures.of(spec) };
  }
}

const CAPTIONS_A_RUN = 256;

/** All captions of each scene by the frozen text tower: the supervision that the shipped sensors never had. */
async function captionEmbeddings(
  { captions = [] }: SceneSet,
  { embedTexts, dimensions }: LessonSources,
): Promise<Float32Array> {
  const tokenizer = createTokenizer(worldTokenizer());
  const texts = captions.flat();
  const all = new Float32Array(texts.length * dimensions);
  for (let first = 0; first < texts.length; first += CAPTIONS_A_RUN) {
    const part = texts.slice(first, first + CAPTIONS_A_RUN);
    const ids = new Int32Array(part.length * tokenizer.contextLength);
    for (const [row, text] of part.entries()) ids.set(tokenizer.encode(text), row * tokenizer.contextLength);
    all.set(await embedTexts(ids), first * dimensions);
  }
  return all;
}

/** Vectors of the 24 labels, whatever the seed of a training. */
export function eventVectors(dimensions: number): Float32Array {
  return labelVectors(events.length, { dimensions, seed: 0 });
}

/** Scenes of one event, and the vector of its label. */
function labelLessons({ labels, count }: SceneSet, dimensions: number): Omit<Lessons, 'set'> {
  if (labels === undefined) throw new SensebindError('INTERNAL', 'Expected labels, found none', 'Please report this.');
  const classes = eventVectors(dimensions);
  const targets = new Float32Array(count * dimensions);
  const used: number[] = [];
  for (const [scene, { events: happening }] of labels.entries()) {
    const label = events.findIndex(({ id }) => id === happening[0]);
    if (happening.length !== 1) continue;
    targets.set(classes.subarray(label * dimensions, (label + 1) * dimensions), scene * dimensions);
    if (scene < count - HELD_BACK) used.push(scene);
  }
  return { targets, classes, scenesUsed: Uint32Array.from(used) };
}

/** The same rows in another order: each scene gets the picture of another one. */
function shuffledRows(rows: Float32Array, dimensions: number, seed: number): Float32Array {
  const random = new SeededNumbers(seed);
  const shuffled = rows.slice();
  for (let row = rows.length / dimensions - 1; row > 0; row--) {
    const other = random.integer(row + 1);
    const kept = shuffled.slice(row * dimensions, (row + 1) * dimensions);
    shuffled.copyWithin(row * dimensions, other * dimensions, (other + 1) * dimensions);
    shuffled.set(kept, other * dimensions);
  }
  return shuffled;
}
