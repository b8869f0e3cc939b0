import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { SoundSpec } from '../../../models/bundle/manifest';
import { Engine } from '../../../runtime/inference/engine';
import { ItemCache } from '../../../runtime/inference/itemCache';
import { FAULTY_RUNTIME, RuntimeFaults } from '../../support/faultyRuntime';
import { type TinyBundle, tinyBundle } from '../../support/tinyBundle';
import { noise } from '../preprocess/noise';

describe('the clips of a sliding window', () => {
  let tiny: TinyBundle;
  let spec: SoundSpec;
  before(async () => {
    tiny = await tinyBundle();
    const { input } = tiny.bundle.manifest.encoders['audio']!;
    assert.ok(input.kind === 'sound');
    spec = input;
  });
  after(() => tiny.remove());

  it('are encoded once each, those of the first window in one run, and give what they give alone', async () => {
    const faults = new RuntimeFaults();
    await using engine = await Engine.open(tiny.bundle, { runtimeModule: FAULTY_RUNTIME, modalities: ['audio'] });
    const clipLength = spec.clipSeconds * spec.sampleRateHz;
    const windowLength = spec.clips * clipLength;
    const sound = Float32Array.from(noise(windowLength + 4 * clipLength, 1), (byte) => (byte - 128) / 512);
    const encode = async (stream: string, clip: number) => {
      const [runs, items] = [faults.count('runs'), faults.count('items')];
      const firstSample = clip * clipLength;
      const samples = sound.subarray(firstSample, firstSample + windowLength);
      const { vector } = await engine.encode('audio', { kind: 'soundStream', stream, firstSample, samples });
      return { vector, runs: faults.count('runs') - runs, items: faults.count('items') - items };
    };
    const first = await encode('mic0/1', 0);
    assert.deepEqual([first.runs, first.items], [1, spec.clips]);
    for (let clip = 1; clip <= 4; clip++) {
      const { vector, runs, items } = await encode('mic0/1', clip);
      assert.deepEqual([runs, items], [1, 1], `window ${clip}`);
      const alone = await encode(`another ${clip}`, clip);
      assert.equal(alone.items, spec.clips);
      assert.ok(vector.every((value, index) => Math.abs(value - alone.vector[index]!) <= 1e-6));
    }
    const again = await encode('mic0/1', 4);
    assert.deepEqual([again.runs, again.items], [0, 0]);
    assert.notDeepEqual(again.vector, first.vector);
  });
});

describe('the memory of clips', () => {
  it('forgets the longest unused one, and holds no more than it may', () => {
    const cache = new ItemCache();
    const vector = Float32Array.of(1);
    cache.set('used', vector);
    for (let clip = 0; clip < 63; clip++) cache.set(`clip ${clip}`, Float32Array.of(clip));
    assert.equal(cache.get('used'), vector);
    cache.set('one more', Float32Array.of(0));
    assert.equal(cache.get('used'), vector);
    assert.equal(cache.get('clip 0'), undefined);
    assert.deepEqual(cache.get('clip 1'), Float32Array.of(1));
    assert.equal(cache.get('never seen'), undefined);
  });
});
