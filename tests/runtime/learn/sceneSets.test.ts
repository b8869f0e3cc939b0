import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { open, readFile, truncate } from 'node:fs/promises';
import path from 'node:path';
import { describe, it } from 'node:test';
import { captionsOf } from '../../../devices/simulated/captions';
import { SENSORS, type Sensor } from '../../../devices/simulated/sensor';
import { systemClock } from '../../../runtime/clock';
import { isSensebindError } from '../../../runtime/errors';
import { openSceneSet } from '../../../runtime/learn/openSceneSet';
import { planScenes, sceneOf } from '../../../runtime/learn/scenePlan';
import type { SceneSetSpec } from '../../../runtime/learn/sceneSetSpec';
import { makeSceneSet, type SceneSetOptions } from '../../../runtime/learn/sceneSets';
import { itemMaker } from '../../../runtime/learn/sensorItems';
import { temporaryFolder } from '../../support/temporaryFolder';

/** Two tasks and a bit. */
const COUNT = 70;
const CAPTIONED: SceneSetSpec = { set: 'captioned', count: COUNT, seed: 0 };
const BOUND: SceneSetSpec = { set: 'bound', count: COUNT, seed: 5 };
const TEST: SceneSetSpec = { set: 'test', pairs: 'held', count: 40, seed: 9 };

function make(spec: SceneSetSpec, options: Partial<SceneSetOptions> & { readonly root: string }) {
  return makeSceneSet(spec, { sensors: ['thermal'], clock: systemClock, workers: 1, ...options });
}

async function overwrite(file: string, at: number): Promise<void> {
  const handle = await open(file, 'r+');
  await handle.write(Uint8Array.of(0x12, 0x34), 0, 2, at);
  await handle.close();
}

describe('a set of scenes', () => {
  it('has the same bytes whatever the number of threads', async (context) => {
    const root = await temporaryFolder(context);
    const sensors: readonly Sensor[] = ['thermal', 'imu', 'radar'];
    const [one, two] = [
      await make(BOUND, { root: path.join(root, 'one'), sensors, workers: 1 }),
      await make(BOUND, { root: path.join(root, 'two'), sensors, workers: 2 }),
    ];
    const files = readdirSync(one.folder).sort();
    assert.deepEqual(files, ['imu.f16', 'radar.f16', 'scenes.json', 'thermal.f16']);
    assert.deepEqual(readdirSync(two.folder).sort(), files);
    for (const file of files) {
      assert.ok(readFileSync(path.join(one.folder, file)).equals(readFileSync(path.join(two.folder, file))), file);
    }
  });

  it('gives back each item, rounded to binary16, in any order', async (context) => {
    const { folder } = await make(TEST, { root: await temporaryFolder(context), sensors: SENSORS, workers: 2 });
    const set = await openSceneSet(folder, { sensors: SENSORS });
    const scenes = [...planScenes(TEST)].map(sceneOf);
    const indices = [39, 0, 7, 7];
    for (const sensor of SENSORS) {
      const { length, shape } = set.items(sensor);
      const target = new Float32Array(indices.length * length + 1).fill(-99);
      set.take(sensor, indices, target);
      const maker = itemMaker(sensor);
      assert.deepEqual(shape, maker.format.shape);
      for (const [at, index] of indices.entries()) {
        const expected = (await maker.make(scenes[index]!)).map(Math.f16round);
        assert.deepEqual(target.subarray(at * length, (at + 1) * length), expected, sensor);
      }
      assert.equal(target.at(-1), -99);
    }
  });

  it('tells how far it is, and ends at the whole', async (context) => {
    const seen: number[] = [];
    const { made } = await make(BOUND, {
      root: await temporaryFolder(context),
      sensors: ['radar'],
      onProgress: ({ scenes, of, scenesPerSecond }) => {
        assert.equal(of, COUNT);
        assert.ok(scenesPerSecond > 0);
        seen.push(scenes);
      },
    });
    assert.deepEqual(made, ['radar']);
    assert.deepEqual(seen, [32, 64, 70]);
  });

  it('refuses scenes and targets that do not fit', async (context) => {
    const { folder } = await make(TEST, { root: await temporaryFolder(context), sensors: ['radar'] });
    const set = await openSceneSet(folder, { sensors: ['radar'] });
    const target = new Float32Array(128);
    for (const index of [-1, 40, 0.5, Number.NaN]) {
      assert.throws(
        () => set.take('radar', [index], target),
        (error) => isSensebindError(error, 'INPUT_INVALID'),
      );
    }
    assert.throws(
      () => set.take('radar', [0, 1], target),
      (error) => isSensebindError(error, 'INPUT_INVALID'),
    );
    assert.throws(
      () => set.take('imu', [0], target),
      (error) => isSensebindError(error, 'INPUT_INVALID'),
    );
    await assert.rejects(openSceneSet(folder, { sensors: ['imu'] }), (error) =>
      isSensebindError(error, 'SCENES_INVALID'),
    );
  });
});

describe('words', () => {
  it('of a captioned set are those of its scenes, and it has no labels', async (context) => {
    const { folder } = await make(CAPTIONED, { root: await temporaryFolder(context), sensors: ['vision'], workers: 2 });
    const { captions, labels } = await openSceneSet(folder, { sensors: [] });
    assert.deepEqual(
      captions,
      [...planScenes(CAPTIONED)].map((planned) => captionsOf(sceneOf(planned))),
    );
    assert.equal(labels, undefined);
  });

  it('never reach a sensor of the emergent model: a captioned set takes pictures only', async (context) => {
    const root = await temporaryFolder(context);
    for (const sensor of SENSORS.filter((name) => name !== 'vision')) {
      await assert.rejects(make(CAPTIONED, { root, sensors: ['vision', sensor] }), (error) =>
        isSensebindError(error, 'INPUT_INVALID'),
      );
    }
  });

  it('and labels are in no file of a bound set', async (context) => {
    const { folder } = await make(BOUND, { root: await temporaryFolder(context), sensors: ['radar'] });
    assert.deepEqual(readdirSync(folder).sort(), ['radar.f16', 'scenes.json']);
    const { captions, labels } = await openSceneSet(folder, { sensors: ['radar'] });
    assert.deepEqual([captions, labels], [undefined, undefined]);
  });

  it('are not even known to the threads that render', () => {
    const reached = new Set<string>();
    const follow = (file: string): void => {
      if (reached.has(file)) return;
      reached.add(file);
      for (const [, imported = ''] of readFileSync(file, 'utf8').matchAll(/require\("(\.[^"]+)"\)/g)) {
        follow(`${path.resolve(path.dirname(file), imported)}.js`);
      }
    };
    follow(require.resolve('../../../runtime/learn/workers/itemWorker'));
    follow(require.resolve('../../../runtime/learn/workers/readingWorker'));
    assert.ok(reached.has(require.resolve('../../../devices/simulated/drawScene')));
    assert.ok(!reached.has(require.resolve('../../../devices/simulated/captions')));
  });

  it('of a set to judge on are its events and rooms', async (context) => {
    const { folder } = await make(TEST, { root: await temporaryFolder(context), sensors: ['radar'] });
    const { captions, labels } = await openSceneSet(folder, { sensors: [] });
    assert.equal(captions, undefined);
    assert.deepEqual(labels, [...planScenes(TEST)]);
  });
});

describe('a set that is there already', () => {
  it('is kept, and only what is asked for and lacking is added', async (context) => {
    const root = await temporaryFolder(context);
    await make(BOUND, { root, sensors: ['thermal'] });
    const { made, reused, folder } = await make(BOUND, { root, sensors: ['thermal', 'radar'] });
    assert.deepEqual([made, reused], [['radar'], ['thermal']]);
    await make(BOUND, { root, sensors: ['radar'] });
    const set = await openSceneSet(folder, { sensors: ['thermal', 'radar'] });
    assert.equal(set.items('thermal').half.length, COUNT * 1024);
  });

  it('is made again where the code of today would write other bytes, or the file is short', async (context) => {
    const root = await temporaryFolder(context);
    const { folder } = await make(BOUND, { root });
    const file = path.join(folder, 'thermal.f16');
    const good = await readFile(file);
    for (const spoil of [() => overwrite(file, 100), () => truncate(file, good.length - 2)]) {
      await spoil();
      assert.deepEqual((await make(BOUND, { root })).made, ['thermal']);
      assert.ok(good.equals(await readFile(file)));
    }
  });

  it('is not opened when its bytes are others than were written', async (context) => {
    const root = await temporaryFolder(context);
    for (const [spec, name, sensors] of [
      [BOUND, 'thermal.f16', ['thermal']],
      [TEST, 'labels.jsonl', []],
    ] as const) {
      const { folder } = await make(spec, { root });
      await overwrite(path.join(folder, name), 1000);
      await assert.rejects(openSceneSet(folder, { sensors }), (error) => isSensebindError(error, 'SCENES_INVALID'));
    }
  });
});

describe('making that is stopped', () => {
  it('leaves nothing half made, and can begin again', async (context) => {
    const root = await temporaryFolder(context);
    const controller = new AbortController();
    await assert.rejects(
      make(BOUND, { root, signal: controller.signal, onProgress: () => controller.abort() }),
      (error) => isSensebindError(error, 'REQUEST_ABORTED'),
    );
    const [folder = ''] = readdirSync(root);
    assert.deepEqual(readdirSync(path.join(root, folder)), ['scenes.json']);
    await assert.rejects(openSceneSet(path.join(root, folder), { sensors: ['thermal'] }), (error) =>
      isSensebindError(error, 'SCENES_INVALID'),
    );
    assert.deepEqual((await make(BOUND, { root })).made, ['thermal']);
  });
});
