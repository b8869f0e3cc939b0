import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SENSORS } from '../../../devices/simulated/sensor';
import type { Labelled } from '../../../runtime/learn/baselines/classifier';
import { learn } from '../../world/classifiers';
import { trivialShare } from '../../world/leaks';

// A short form of tests/world/main.ts, which prints the whole table. The same seeds give the same figures each time.
describe('the mean and deviation of a sensor', () => {
  for (const sensor of SENSORS) {
    it(`give at most 35 % of the events away: ${sensor}`, () => {
      assert.ok(trivialShare(sensor, { train: 14, test: 8 }) <= 0.35);
    });
  }
});

describe('the classifiers that judge the world', () => {
  const circle = (count: number, shift: number): Labelled => {
    const points = Array.from({ length: count }, (_, index) => [
      Math.cos(index + shift),
      Math.sin(1.7 * index + shift),
    ]);
    return { features: points, labels: points.map(([x = 0, y = 0]) => (x * y > 0 ? 1 : 0)) };
  };

  it('find what is there: the linear one a line, the other one more than that', () => {
    const train = circle(400, 0);
    const line = { features: train.features, labels: train.features.map(([x = 0, y = 0]) => (x + y > 0 ? 1 : 0)) };
    assert.ok(learn(line, { classes: 2, epochs: 150 })(line) > 0.95);
    assert.ok(learn(train, { classes: 2, epochs: 150 })(circle(300, 0.5)) < 0.65);
    assert.ok(learn(train, { classes: 2, hidden: 32, epochs: 200 })(circle(300, 0.5)) > 0.9);
  });
});
