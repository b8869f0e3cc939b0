import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, it } from 'node:test';
import { SENSORS } from '../../../../devices/simulated/sensor';
import { openBundle } from '../../../../models/bundle/bundle';
import type { CalibrationSource } from '../../../../models/bundle/calibration';
import { miniBundleFolder } from '../../../../models/mini/location';
import type { EncoderItem } from '../../../../models/onnx/quantize/graphSession';
import { systemClock } from '../../../../runtime/clock';
import { Engine } from '../../../../runtime/inference/engine';
import { generatedInputs } from '../../../../runtime/learn/calibrate/generatedInputs';
import { recordedInputs } from '../../../../runtime/learn/calibrate/recordedInputs';
import { recordScenes } from '../../../../runtime/learn/recordScenes';
import { planScenes, sceneOf } from '../../../../runtime/learn/scenePlan';
import { readingOf } from '../../../../runtime/learn/sensorItems';
import { inputShape } from '../../../../runtime/preprocess/tensor';
import { refused } from '../../../support/refused';
import { temporaryFolder } from '../../../support/temporaryFolder';

async function itemsOf(source: CalibrationSource, modality: string, state: string): Promise<readonly EncoderItem[]> {
  const bundle = await openBundle(miniBundleFolder(), { stateDirectory: state });
  const items: EncoderItem[] = [];
  for await (const { data, shape } of source({ modality, encoder: bundle.manifest.encoders[modality]!, bundle })
    .items) {
    items.push({ data: data.slice(), shape });
  }
  return items;
}

describe('generated inputs', () => {
  it('fit every encoder, differ from each other, and are the same each time', async (context) => {
    const state = await temporaryFolder(context);
    const { manifest } = await openBundle(miniBundleFolder(), { stateDirectory: state });
    for (const [modality, { input }] of Object.entries(manifest.encoders)) {
      const items = await itemsOf(generatedInputs, modality, state);
      assert.equal(items.length, 16, modality);
      for (const { shape } of items) assert.deepEqual(shape, [1, ...inputShape(input)], modality);
      assert.ok(new Set(items.map(({ data }) => data.join())).size > 12, modality);
    }
    const again = await itemsOf(generatedInputs, 'imu', state);
    assert.deepEqual(again, await itemsOf(generatedInputs, 'imu', state));
  });
});

describe('inputs out of recordings', () => {
  const SPEC = { set: 'bound', count: 6, seed: 3 } as const;

  it('are what the engine would give its encoders, for every sensor that was recorded', async (context) => {
    const state = await temporaryFolder(context);
    const folder = path.join(state, 'recordings', 'monday');
    await mkdir(path.dirname(folder));
    await recordScenes(SPEC, { folder, sensors: SENSORS, library: 'test', workers: 1 });
    const source = await recordedInputs(folder, { clock: systemClock });
    const bundle = await openBundle(miniBundleFolder(), { stateDirectory: state });
    await using engine = await Engine.open(bundle);
    const scenes = [...planScenes(SPEC)].map(sceneOf);
    for (const modality of ['thermal', 'depth', 'vision'] as const) {
      const items = await itemsOf(source, modality, state);
      assert.equal(items.length, scenes.length, modality);
      for (const [index, scene] of scenes.entries()) {
        const { items: expected } = await engine.prepare(modality, readingOf(modality, scene));
        assert.deepEqual(items[index]!.data, expected[0]!.data, `${modality} ${index}`);
      }
    }
    for (const modality of ['audio', 'imu']) {
      const items = await itemsOf(source, modality, state);
      assert.ok(items.length === scenes.length, `${modality}: ${items.length}`);
      assert.ok(new Set(items.map(({ data }) => data.join())).size === items.length, modality);
    }
    assert.deepEqual(await itemsOf(source, 'text', state), await itemsOf(generatedInputs, 'text', state));
    const above = await recordedInputs(path.dirname(folder), { clock: systemClock });
    assert.deepEqual(await itemsOf(above, 'imu', state), await itemsOf(source, 'imu', state));
  });

  it('are refused where there is no recording, and where one is broken', async (context) => {
    const state = await temporaryFolder(context);
    const none = path.join(state, 'none');
    await assert.rejects(recordedInputs(none, { clock: systemClock }), refused('CALIBRATION_INVALID', /found none/));
    const empty = path.join(state, 'empty');
    await mkdir(empty);
    await writeFile(path.join(empty, 'notes.txt'), 'nothing to see');
    await assert.rejects(recordedInputs(empty, { clock: systemClock }), refused('CALIBRATION_INVALID'));
    const broken = path.join(state, 'broken');
    await mkdir(broken);
    await writeFile(path.join(broken, 'segment-000001.mcap'), 'not what it says');
    const source = await recordedInputs(broken, { clock: systemClock });
    await assert.rejects(itemsOf(source, 'imu', path.join(state, 'bundles')), refused('RECORDING_INVALID'));
  });
});
