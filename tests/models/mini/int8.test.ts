import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { perceivableTo } from '../../../devices/simulated/events/catalogue';
import type { EventDeclaration } from '../../../devices/simulated/events/event';
import { SENSORS } from '../../../devices/simulated/sensor';
import { type Bundle, openBundle } from '../../../models/bundle/bundle';
import { quantizeBundle } from '../../../models/bundle/quantizeBundle';
import { miniBundleFolder } from '../../../models/mini/location';
import { Engine } from '../../../runtime/inference/engine';
import { dot } from '../../../runtime/inference/vectors';
import { labelPrototypes } from '../../../runtime/learn/evaluate/zeroShot';
import { planScenes, sceneOf } from '../../../runtime/learn/scenePlan';
import { readingOf } from '../../../runtime/learn/sensorItems';
import { fewInputs } from '../../support/fewInputs';
import { temporaryFolder } from '../../support/temporaryFolder';

/** Scenes to be judged on: other ones than those that int8 was calibrated with. */
const SCENES = [...planScenes({ set: 'test', pairs: 'new', count: 24, seed: 7 })].map((planned) => ({
  scene: sceneOf(planned),
  event: planned.events[0]!,
}));

/** One prompt a label: the words of all of them are the evaluation's business. */
const plainPrompts = ({ phrases }: EventDeclaration): readonly string[] => phrases.slice(0, 1);

type Answers = ReadonlyMap<string, readonly { readonly vector: Float32Array; readonly label: string }[]>;

/** What each sensor's encoder makes of every scene whose event it perceives. */
async function answersOf(bundle: Bundle): Promise<Answers> {
  await using engine = await Engine.open(bundle);
  const prototypes = await labelPrototypes(plainPrompts, async (text) => {
    return (await engine.encode('text', { kind: 'text', text })).vector;
  });
  const answers = new Map<string, { vector: Float32Array; label: string }[]>();
  for (const sensor of SENSORS.filter((one) => one in bundle.manifest.encoders)) {
    const perceived = new Set(perceivableTo(sensor).map(({ id }) => id));
    const list: { vector: Float32Array; label: string }[] = [];
    for (const { scene } of SCENES.filter(({ event }) => perceived.has(event))) {
      const { vector } = await engine.encode(sensor, readingOf(sensor, scene));
      const cosines = prototypes.map((prototype) => dot(vector, prototype.vector));
      list.push({ vector, label: prototypes[cosines.indexOf(Math.max(...cosines))]!.event });
    }
    answers.set(sensor, list);
  }
  return answers;
}

test('the shipped bundle gives the same answers in int8, scene by scene', async (context) => {
  const folder = await temporaryFolder(context);
  const stateDirectory = path.join(folder, 'state');
  const before = await openBundle(miniBundleFolder(), { stateDirectory });
  const outputDirectory = path.join(folder, 'int8');
  const { encoders } = await quantizeBundle(before, { outputDirectory, calibration: fewInputs(8), threads: 2 });
  for (const { modality, worstCosine } of encoders) assert.ok(worstCosine > 0.999, `${modality}: ${worstCosine}`);
  const int8 = await openBundle(outputDirectory, { stateDirectory });
  const [expected, found] = [await answersOf(before), await answersOf(int8)];
  assert.deepEqual([...found.keys()], ['vision', 'depth', 'thermal', 'audio', 'imu']);
  for (const [sensor, answers] of found) {
    const pairs = answers.map((answer, index) => ({ answer, other: expected.get(sensor)![index]! }));
    assert.ok(pairs.length >= 8, `${sensor}: ${pairs.length} scenes`);
    for (const { answer, other } of pairs) assert.ok(dot(answer.vector, other.vector) > 0.998, sensor);
    // A scene between two labels may tip; the eval table of 2400 scenes moves by 0.2 points.
    const other = pairs.filter(({ answer, other }) => answer.label !== other.label);
    assert.ok(other.length <= 1, `${sensor}: ${other.map((pair) => `${pair.other.label} → ${pair.answer.label}`)}`);
  }
});
