import assert from 'node:assert/strict';
import path from 'node:path';
import { describe, it } from 'node:test';
import { drawScene } from '../../../devices/simulated/drawScene';
import { renderExample } from '../../../devices/simulated/example';
import type { Sensor } from '../../../devices/simulated/sensor';
import { openBundle } from '../../../models/bundle/bundle';
import { convertCheckpoint } from '../../../models/bundle/convert';
import { RANDOM_WEIGHTS_LICENCE } from '../../../models/bundle/licences';
import { randomStateDict } from '../../../models/checkpoint/randomStateDict';
import { IMAGEBIND_MINI, imagebindLayout } from '../../../models/imagebind/layout';
import { readVariant } from '../../../models/imagebind/variant';
import { Engine } from '../../../runtime/inference/engine';
import { formatOf, itemMaker } from '../../../runtime/learn/sensorItems';
import type { EncoderInput } from '../../../runtime/preprocess/input';
import { temporaryFolder } from '../../support/temporaryFolder';

const MODALITIES = ['vision', 'depth', 'thermal', 'audio', 'imu'] as const;
const SCENES = [3, 2 ** 47 + 11].map((seed) => drawScene(seed));

describe('the items of a scene', () => {
  it('are what the engine makes of the same readings for a bundle of the small variant', async (context) => {
    const folder = await temporaryFolder(context);
    const directory = path.join(folder, 'mini');
    await convertCheckpoint(randomStateDict(imagebindLayout(IMAGEBIND_MINI), { seed: 1 }), {
      variant: await readVariant('imagebind_mini'),
      modalities: MODALITIES,
      outputDirectory: directory,
      precision: 'fp32',
      name: 'mini',
      trained: false,
      licence: RANDOM_WEIGHTS_LICENCE,
    });
    const engine = await Engine.open(await openBundle(directory, { stateDirectory: path.join(folder, 'state') }));
    try {
      const makers = MODALITIES.map((modality) => [modality, itemMaker(modality)] as const);
      for (const scene of SCENES) {
        const { rgb, depthMetres, kelvin, sound, motion } = renderExample(scene);
        const readings: Record<(typeof MODALITIES)[number], EncoderInput> = {
          vision: { kind: 'picture', frames: [{ rgb, width: 64, height: 64 }] },
          depth: { kind: 'depth', metres: depthMetres, width: 64, height: 64 },
          thermal: { kind: 'thermal', kelvin, width: 32, height: 32 },
          audio: { kind: 'sound', sampleRateHz: 16_000, channels: [sound] },
          imu: { kind: 'motion', axes: motion, timing: { rateHz: 200 } },
        };
        for (const [modality, maker] of makers) {
          const { items } = await engine.prepare(modality, readings[modality]);
          assert.equal(items.length, 1);
          assert.deepEqual(items[0]!.shape, [1, ...maker.format.shape]);
          assert.deepEqual(await maker.make(scene), items[0]!.data, modality);
        }
      }
    } finally {
      await engine.close();
    }
  });

  it('of the radar grow with the echo, and are neither huge nor flat', async () => {
    const { make, format } = itemMaker('radar');
    assert.deepEqual(format.shape, [1, 128]);
    for (const scene of SCENES) {
      const { radar } = renderExample(scene);
      const item = await make(scene);
      const byEcho = [...radar.keys()].sort((a, b) => radar[a]! - radar[b]!);
      for (const [at, bin] of byEcho.slice(1).entries()) assert.ok(item[bin]! >= item[byEcho[at]!]!);
      assert.ok(Math.min(...item) > -3 && Math.max(...item) < 7);
    }
  });

  it('have the shapes of the small variant', () => {
    const shapes = (['vision', 'depth', 'thermal', 'audio', 'imu', 'radar'] satisfies Sensor[]).map(
      (sensor) => formatOf(sensor).shape,
    );
    assert.deepEqual(shapes, [
      [3, 1, 64, 64],
      [1, 64, 64],
      [1, 32, 32],
      [1, 64, 204],
      [6, 1000],
      [1, 128],
    ]);
  });
});
