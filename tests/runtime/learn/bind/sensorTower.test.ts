import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { drawScene } from '../../../../devices/simulated/drawScene';
import type { Sensor } from '../../../../devices/simulated/sensor';
import { elementCount } from '../../../../models/onnx/shape';
import { profileSpecOf } from '../../../../runtime/learn/bind/profileScaling';
import { motionRate, type SensorFacts, sensorTower } from '../../../../runtime/learn/bind/sensorTower';
import { readingOf } from '../../../../runtime/learn/sensorItems';
import type { ProfileInput } from '../../../../runtime/preprocess/input';
import { presetOf } from '../../../../runtime/preprocess/presets';
import { refused } from '../../../support/refused';

function profiles(count: number): readonly ProfileInput[] {
  return Array.from({ length: count }, (_, seed) => {
    const input = readingOf('radar', drawScene(seed));
    assert.ok(input.kind === 'profile');
    return input;
  });
}

const FACTS: Readonly<Record<Sensor, SensorFacts>> = {
  vision: { modality: 'vision' },
  depth: { modality: 'depth' },
  thermal: { modality: 'thermal' },
  audio: { modality: 'audio' },
  imu: { modality: 'imu', rateHz: 200, axes: 6, windowSeconds: 5 },
  radar: { modality: 'radar', profile: profileSpecOf(profiles(8)) },
};

describe('the tower of a new sensor', () => {
  it('takes what its preset makes of readings of every modality, under any name', async () => {
    for (const [modality, facts] of Object.entries(FACTS)) {
      for (const name of [modality, 'mine']) {
        const { plan } = await sensorTower(facts, { name, size: { width: 64, blocks: 2 }, dimensions: 16 });
        assert.equal(plan.heads, 2);
        assert.equal(plan.dimensions, 16);
        const preprocessor = presetOf(name, plan.preset).create(plan.input, {});
        const { items } = await preprocessor.prepare(readingOf(facts.modality, drawScene(1)));
        assert.equal(items.length, 1);
        assert.deepEqual(items[0]!.shape, [1, ...plan.itemShape], `${name} of ${modality}`);
        assert.equal(items[0]!.data.length, elementCount(plan.itemShape));
      }
    }
  });

  it('scales the logarithms of profiles to mean 0 and deviation 1', async () => {
    const seen = profiles(64);
    const spec = profileSpecOf(seen);
    const preprocessor = presetOf('radar', 'range-log').create(spec, {});
    const values: number[] = [];
    for (const input of seen) values.push(...(await preprocessor.prepare(input)).items[0]!.data);
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
    assert.ok(Math.abs(mean) < 1e-3 && Math.abs(variance - 1) < 1e-3);
  });

  it('refuses profiles in decibels and of different sizes, and motion that is too slow', () => {
    const [one] = profiles(1);
    const other = { ...one!, binMetres: 1 };
    const decibels = { ...one!, strengths: one!.strengths.map((strength) => 20 * Math.log10(strength)) };
    assert.throws(() => profileSpecOf([one!, other]), refused('INPUT_INVALID', /one size/));
    assert.throws(() => profileSpecOf([decibels]), refused('INPUT_INVALID', /linear/));
    assert.throws(() => motionRate(5), refused('INPUT_UNSUPPORTED', /5.0 Hz/));
    assert.deepEqual([1000, 198, 104, 60, 9.5].map(motionRate), [400, 200, 100, 50, 10]);
  });
});
