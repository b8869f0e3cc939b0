import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { InputSpec } from '../../../models/bundle/manifest';
import { isSensebindError } from '../../../runtime/errors';
import { presetOf, presets } from '../../../runtime/preprocess/presets';

describe('the list of presets', () => {
  it('has unique names and a default for each modality of ImageBind', () => {
    const names = presets.map(({ modality, id }) => `${modality}/${id}`);
    assert.equal(new Set(names).size, names.length);
    for (const name of ['vision/clip', 'depth/metric', 'thermal/gray8', 'imu/ego4d'])
      assert.ok(names.includes(name), name);
    assert.deepEqual([...new Set(presets.map(({ modality }) => modality))].sort(), [
      'audio',
      'depth',
      'imu',
      'radar',
      'text',
      'thermal',
      'vision',
    ]);
  });

  it('gives source and confidence for each', () => {
    for (const { source, confidence, title } of presets) assert.ok(source && confidence && title);
  });

  it('is told in the error for an unknown name', () => {
    assert.throws(
      () => presetOf('thermal', 'metric'),
      (error) =>
        isSensebindError(error, 'PRESET_UNKNOWN') && error.cure.includes('gray8') && error.cure.includes('half'),
    );
  });

  it('takes tensors of modalities that only a bundle knows', async () => {
    const spec: InputSpec = { kind: 'series', channels: 2, rateHz: 4, windowSeconds: 1, samples: 4 };
    const radar = presetOf('radar', 'raw').create(spec, {});
    const data = Float32Array.from({ length: 8 }, (_, index) => index);
    const { items } = await radar.prepare({ kind: 'tensor', data, shape: [1, 2, 4] });
    assert.deepEqual(items, [{ data, shape: [1, 2, 4] }]);
    assert.throws(
      () => radar.prepare({ kind: 'text', text: 'a dog' }),
      (error) => isSensebindError(error, 'INPUT_UNSUPPORTED'),
    );
  });
});
