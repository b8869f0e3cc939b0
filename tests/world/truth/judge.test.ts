import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { figuresOf } from './figures';
import { type Detection, type Happened, judge, OVERSTAY_SECONDS, TOLERANCE_SECONDS } from './judge';

const fire = (from: number, to: number): Happened => ({ event: 'fire', from, to, sensors: ['vision'] });
const found = (from: number, to: number, event = 'fire'): Detection => ({ event, from, to });

describe('the judge of what was found', () => {
  const cases: readonly [string, Detection[], number, number][] = [
    ['nothing', [], 0, 0],
    ['during it', [found(12, 15)], 1, 0],
    ['at its very end', [found(20 + TOLERANCE_SECONDS, 21)], 1, 0],
    ['too late', [found(20.1 + TOLERANCE_SECONDS, 22)], 0, 1],
    ['long before', [found(2, 4)], 0, 1],
    ['something else', [found(12, 15, 'smoke')], 0, 1],
    ['as long as windows reach back', [found(12, 20 + OVERSTAY_SECONDS)], 1, 0],
    ['for ever', [found(12, 100)], 1, 1],
    ['twice', [found(11, 12), found(16, 17)], 1, 0],
  ];
  for (const [name, detections, hits, alarms] of cases) {
    it(`${name}: ${hits} found, ${alarms} false`, () => {
      const { happened, falseAlarms } = judge([fire(10, 20)], detections);
      assert.equal(happened.filter(({ isFound }) => isFound).length, hits);
      assert.equal(falseAlarms.length, alarms);
    });
  }

  it('takes one detection over two happenings for right about both', () => {
    const { happened, falseAlarms } = judge([fire(10, 20), fire(24, 30)], [found(11, 31)]);
    assert.deepEqual([happened.map(({ isFound }) => isFound), falseAlarms], [[true, true], []]);
  });

  it('counts over plays, and brackets what it counted', () => {
    const good = judge([fire(10, 20)], [found(12, 15)]);
    const bad = judge([fire(10, 20)], [found(50, 55)]);
    const figures = figuresOf([good, good, good, bad], { seconds: 900, seed: 1 });
    assert.deepEqual([figures.recall.value, figures.falseAlarmsAnHour.value], [0.75, 1]);
    for (const { value, low, high } of [figures.recall, figures.falseAlarmsAnHour])
      assert.ok(low < value && value < high);
    assert.deepEqual(figuresOf([good, good], { seconds: 900, seed: 1 }).recall, { value: 1, low: 1, high: 1 });
  });
});
