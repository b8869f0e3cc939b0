import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { depthOf } from '../../../devices/depth/units';
import { refused } from '../../support/refused';

const PICTURE = { values: Uint16Array.of(0, 1000, 1234, 65_535, 2500, 341), width: 3, height: 2 };

describe('a depth picture', () => {
  it('gives metres of millimetres, and 0 where depth is missing', () => {
    const { metres, width, height } = depthOf(PICTURE, { unit: 'mm' });
    assert.deepEqual([width, height], [3, 2]);
    assert.deepEqual(metres, Float32Array.of(0, 1, 1.234, 65.535, 2.5, 0.341));
  });

  it('takes the unit of a D405', () => {
    assert.equal(depthOf(PICTURE, { unit: '100um' }).metres[1], Math.fround(0.1));
  });

  it('takes the rotated millimetres of SUN RGB-D', () => {
    const values = PICTURE.values.map((value) => (value << 3) | (value >>> 13));
    assert.deepEqual(depthOf({ ...PICTURE, values }, { unit: 'sun-rgbd' }), depthOf(PICTURE, { unit: 'mm' }));
  });

  it('refuses a unit that puts the scene a kilometre away', () => {
    assert.throws(() => depthOf(PICTURE, { unit: 'm' }), refused('INPUT_INVALID', /median of 1234/));
  });
});
