import assert from 'node:assert/strict';
import { readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { describe, it } from 'node:test';
import { promptsOf } from '../../../devices/simulated/captions';
import { SENSORS } from '../../../devices/simulated/sensor';
import { openBundle } from '../../../models/bundle/bundle';
import { readManifest } from '../../../models/bundle/readManifest';
import { MODALITIES } from '../../../models/imagebind/modality';
import { miniBundleFolder } from '../../../models/mini/location';
import { MINI_NOTICE } from '../../../models/mini/makeBundle';
import { Engine } from '../../../runtime/inference/engine';
import { bundleHash } from '../../../runtime/learn/evaluate/bundleHash';
import type { JudgedBundle, Precisions } from '../../../runtime/learn/evaluate/precisions';
import { readResults } from '../../../runtime/learn/evaluate/results';
import { zeroShotFigures } from '../../../runtime/learn/evaluate/sensorFigures';
import { labelPrototypes } from '../../../runtime/learn/evaluate/zeroShot';
import { planScenes, sceneOf } from '../../../runtime/learn/scenePlan';
import { readingOf } from '../../../runtime/learn/sensorItems';
import { recallsOf } from '../../../runtime/learn/train/report';
import { temporaryFolder } from '../../support/temporaryFolder';

/** The most that may lie in the repository. */
const MOST_BYTES = 16e6;
/** What int8 may cost: a point of any figure that is stored. */
const MOST_LOST = 0.01;
/** Four of each event: enough to tell a broken encoder, whose labels are chance, from one that is a little worse. */
const FEW_SCENES = 96;
const judgedSensors = SENSORS.filter((sensor) => sensor !== 'radar');

async function precisionsOf(bundle: string): Promise<Precisions> {
  const stored = await readResults(bundle, bundleHash(await readManifest(bundle)));
  assert.ok(stored.status === 'stored', 'results of this very bundle lie beside it');
  return stored.results.precisions;
}

function figuresOf({ modalities }: JudgedBundle, modality: string): Readonly<Record<string, number>> {
  const { new: fresh, held, toImage, toCaption } = modalities[modality]!;
  return {
    new: fresh.top1.value,
    'new, top 5': fresh.top5.value,
    held: held.top1.value,
    'held, top 5': held.top5.value,
    'to caption': toCaption.recall.at1.value,
    ...(toImage === null ? {} : { 'to image': toImage.recall.at1.value }),
  };
}

describe('the trained bundle in the repository', () => {
  const bundle = miniBundleFolder();
  const report = path.join(bundle, '..', 'training');

  it('has all six encoders, and says what it must not be taken for', async () => {
    const { encoders, trained, notice } = await readManifest(bundle);
    assert.deepEqual(new Set(Object.keys(encoders)), new Set(MODALITIES));
    assert.deepEqual([trained, notice], [true, MINI_NOTICE]);
  });

  it('is as small as a repository bears', async () => {
    const files = await readdir(bundle);
    const sizes = await Promise.all(files.map(async (file) => (await stat(path.join(bundle, file))).size));
    const bytes = sizes.reduce((sum, size) => sum + size, 0);
    assert.ok(bytes <= MOST_BYTES, `${bytes} bytes`);
  });

  it('is the one that the report beside it tells of, with the log of every stage to its last step', async () => {
    const training = JSON.parse(await readFile(path.join(report, 'training.json'), 'utf8'));
    assert.equal(training.bundleHash, bundleHash(await readManifest(bundle)));
    assert.equal(training.stages.length, 5);
    for (const { name, steps } of training.stages) {
      const recalls = await recallsOf(path.join(report, `${name}.log.jsonl`));
      assert.equal(recalls.at(-1)?.step, steps, name);
    }
  });

  it('is int8 in every encoder and layer, and says how well that agrees with the weights it was made of', async () => {
    for (const [modality, { precision, quantization }] of Object.entries((await readManifest(bundle)).encoders)) {
      assert.deepEqual([precision, quantization?.fp32Layers], ['int8', []], modality);
      assert.ok(quantization!.heldBack.worstCosine > 0.999, `${modality}: ${quantization!.heldBack.worstCosine}`);
    }
  });

  it('loses at most a point to float32, by the results beside it', async () => {
    const { floatingPoint, shipped } = await precisionsOf(bundle);
    assert.notEqual(floatingPoint.bundle, shipped.bundle);
    for (const sensor of judgedSensors) {
      const [before, after] = [figuresOf(floatingPoint, sensor), figuresOf(shipped, sensor)];
      for (const [name, value] of Object.entries(before)) {
        const told = `${sensor}, ${name}: ${value} in float32, ${after[name]} in int8`;
        assert.ok(value - after[name]! <= MOST_LOST, told);
      }
    }
  });

  it('does on some of the judged scenes what its results say of all of them', async (context) => {
    const { judged, shipped } = await precisionsOf(bundle);
    const { seed } = judged;
    const scenes = [...planScenes({ set: 'test', pairs: 'new', count: judged.new, seed })].slice(0, FEW_SCENES);
    const stateDirectory = path.join(await temporaryFolder(context), 'state');
    await using engine = await Engine.open(await openBundle(bundle, { stateDirectory }));
    const prototypes = await labelPrototypes(promptsOf, async (text) => {
      return (await engine.encode('text', { kind: 'text', text })).vector;
    });
    for (const sensor of judgedSensors) {
      const rows: Float32Array[] = [];
      for (const scene of scenes) rows.push((await engine.encode(sensor, readingOf(sensor, sceneOf(scene)))).vector);
      const { top1 } = await zeroShotFigures({ sensor, scenes, rows, prototypes, seed });
      const { value } = shipped.modalities[sensor]!.new.top1;
      const told = `${sensor}: ${top1.value} of ${top1.scenes} scenes, ${value} of all`;
      console.log(told);
      const deviation = Math.sqrt((value * (1 - value)) / top1.scenes);
      assert.ok(Math.abs(top1.value - value) <= 4 * deviation, told);
    }
  });
});
