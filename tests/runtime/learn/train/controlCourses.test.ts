import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { captionsOf } from '../../../../devices/simulated/captions';
import { eventOf, events } from '../../../../devices/simulated/events/catalogue';
import { createTokenizer } from '../../../../models/text/tokenizer';
import { learntLayout } from '../../../../models/training/contrastiveGraph';
import { initialParameters } from '../../../../models/training/initialise';
import { systemClock } from '../../../../runtime/clock';
import { rowsOf } from '../../../../runtime/learn/evaluate/rows';
import { planScenes, sceneOf } from '../../../../runtime/learn/scenePlan';
import {
  type ControlCourse,
  controlCourses,
  eventVectors,
  LEFT_OUT_EVENT,
  type LessonSources,
  lessonsOf,
} from '../../../../runtime/learn/train/controlCourses';
import { FrozenPictures, type ScenesContext } from '../../../../runtime/learn/train/frozenPictures';
import { MINI_RECIPE } from '../../../../runtime/learn/train/miniRecipe';
import { miniPlan } from '../../../../runtime/learn/train/plans';
import { HELD_BACK } from '../../../../runtime/learn/train/sensor';
import { worldTokenizer } from '../../../../runtime/learn/worldTokenizer';

/** More than are held back, so that some are left to learn from. */
const SCENES = HELD_BACK + 40;
const recipe = { ...MINI_RECIPE.sensors.thermal, scenes: SCENES };
const courses = controlCourses('thermal', recipe, 7);

function courseOf(kind: ControlCourse['kind']): ControlCourse {
  const course = courses.find((one) => one.kind === kind);
  assert.ok(course !== undefined);
  return course;
}

describe('the controls of a sensor', () => {
  let root: string;
  let sources: LessonSources;

  before(async () => {
    root = await mkdtemp(path.join(tmpdir(), 'sensebind-controls-'));
    const context: ScenesContext = { threads: 1, clock: systemClock, scenes: { root } };
    const vision = initialParameters(learntLayout(await miniPlan('vision')), { seed: 1 });
    // Tells texts apart without a tower: their first token ids.
    const dimensions = 8;
    const embedTexts = async (ids: Int32Array): Promise<Float32Array> => {
      const rows = ids.length / worldTokenizerLength;
      return Float32Array.from({ length: rows * dimensions }, (_, at) => {
        return ids[Math.floor(at / dimensions) * worldTokenizerLength + (at % dimensions)] ?? 0;
      });
    };
    sources = { ...context, pictures: new FrozenPictures(vision, context), embedTexts, dimensions };
  });
  after(() => rm(root, { recursive: true }));

  const tokenizer = createTokenizer(worldTokenizer());
  const worldTokenizerLength = tokenizer.contextLength;

  it('learn from words or labels on scenes that are told apart from those of the shipped model by their set', () => {
    const sets = courses.map(({ kind, spec }) => `${kind} ${spec.set}`);
    assert.deepEqual(sets, [
      'textPaired control',
      'supervised control',
      'shuffled bound',
      'furtherSeed bound',
      'furtherSeed bound',
      'leftOut bound',
    ]);
    const seeds = courses.filter(({ kind }) => kind === 'furtherSeed').map((course) => course.recipe.seed);
    assert.equal(new Set([recipe.seed, ...seeds]).size, 3);
    for (const course of courses) assert.deepEqual(course.recipe.schedule, recipe.schedule);
  });

  it('leave out one event that every sensor perceives, and the camera', () => {
    const { spec, event } = courseOf('leftOut');
    assert.ok(spec.set === 'bound');
    assert.deepEqual([spec.without, event], [LEFT_OUT_EVENT, LEFT_OUT_EVENT]);
    const { sensors } = eventOf(LEFT_OUT_EVENT)!;
    for (const sensor of ['vision', 'depth', 'thermal', 'audio', 'imu'] as const) assert.ok(sensors.includes(sensor));
  });

  it('with words: every caption of the scene itself, by the text tower', async () => {
    const course = courseOf('textPaired');
    const { targets, classes } = await lessonsOf(course, sources);
    const expected = [...planScenes(course.spec)].flatMap((planned) =>
      captionsOf(sceneOf(planned)).flatMap((text) => [...tokenizer.encode(text).subarray(0, sources.dimensions)]),
    );
    assert.deepEqual([...targets], expected);
    assert.equal(classes, undefined);
  });

  it('with labels: scenes of one event, each with the vector of its label, and none that is held back', async () => {
    const course = courseOf('supervised');
    const dimensions = (await miniPlan('thermal')).dimensions;
    const { targets, classes, scenesUsed = [] } = await lessonsOf(course, { ...sources, dimensions });
    const vectors = rowsOf(eventVectors(dimensions), dimensions);
    assert.deepEqual(classes, eventVectors(dimensions));
    const scenes = [...planScenes(course.spec)];
    const single = scenes.slice(0, SCENES - HELD_BACK).flatMap(({ events: ids }, at) => (ids.length === 1 ? [at] : []));
    assert.deepEqual([...scenesUsed], single);
    const rows = rowsOf(targets, dimensions);
    for (const at of scenesUsed) {
      assert.deepEqual(rows[at], vectors[events.findIndex(({ id }) => id === scenes[at]?.events[0])]);
    }
  });

  it('with shuffled pairs: the same pictures in another order, the same for the same seed', async () => {
    const course = courseOf('shuffled');
    const { dimensions } = await miniPlan('vision');
    const asked = { ...sources, dimensions };
    const own = rowsOf(await sources.pictures.of(course.spec), dimensions).map((row) => row.join());
    const { targets } = await lessonsOf(course, asked);
    const shuffled = rowsOf(targets, dimensions).map((row) => row.join());
    assert.deepEqual(shuffled.toSorted(), own.toSorted());
    assert.ok(shuffled.filter((row, at) => row === own[at]).length <= 5);
    assert.deepEqual((await lessonsOf(course, asked)).targets, targets);
  });
});
