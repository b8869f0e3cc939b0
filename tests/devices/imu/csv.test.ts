import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { readMotionCsv } from '../../../devices/imu/csv';
import { SensebindError } from '../../../runtime/errors';
import { refused } from '../../support/refused';

function read(text: string, options = {}) {
  return readMotionCsv(Buffer.from(text), options);
}

function near(actual: number | undefined, expected: number) {
  assert.ok(
    actual !== undefined && Math.abs(actual - expected) <= 1e-5 * Math.max(1, Math.abs(expected)),
    `${actual} ≠ ${expected}`,
  );
}

describe('motion CSV', () => {
  it('reads SI columns with a time in milliseconds', () => {
    const { axes, timing, skippedRows } = read('t_ms,ax,ay,az,gx,gy,gz\n0,0,0,9.8,1,2,3\n5,0.5,0,9.8,1,2,3\n');
    assert.deepEqual(axes[2], Float32Array.of(9.8, 9.8));
    assert.deepEqual(axes[0], Float32Array.of(0, 0.5));
    assert.deepEqual(axes[5], Float32Array.of(3, 3));
    assert.deepEqual(timing, { timesMicros: Float64Array.of(0, 5000) });
    assert.equal(skippedRows, 0);
  });

  it('reads the layout of Ego4D: gyroscope first, two times, rows with NULL, times that run backwards', () => {
    // Column order from ego4d-data.org/docs/data/imu; made-up values.
    const { axes, timing, skippedRows } = read(
      'component_idx,component_timestamp_ms,canonical_timestamp_ms,gyro_x,gyro_y,gyro_z,accl_x,accl_y,accl_z\n' +
        '0,900,10,0.1,0.2,0.3,1,2,9\n1,905,0,0.4,0.5,0.6,3,4,9\n2,910,15,NULL,0,0,1,1,9\n',
    );
    assert.deepEqual(timing, { timesMicros: Float64Array.of(0, 10_000) });
    assert.deepEqual(axes[0], Float32Array.of(3, 1));
    assert.deepEqual(axes[3], Float32Array.of(0.4, 0.1));
    assert.equal(skippedRows, 1);
  });

  it('converts units stated in titles, and those stated by the caller', () => {
    const titled = read(
      'time (s);acc_x [g];acc_y [g];acc_z [g];gyr_x (°/s);gyr_y (°/s);gyr_z (°/s)\n0;0;0;1;180;0;0\n1;0;0;1;90;0;0\n',
    );
    near(titled.axes[2]?.[0], 9.80665);
    near(titled.axes[3]?.[0], Math.PI);
    const asked = read('ax,ay,az,gx,gy,gz\n0,0,1000,180,0,0\n0,0,1000,180,0,0\n', {
      accelerationUnit: 'mg',
      rotationUnit: 'deg/s',
      rateHz: 100,
    });
    near(asked.axes[2]?.[1], 9.80665);
    near(asked.axes[3]?.[1], Math.PI);
    assert.deepEqual(asked.timing, { rateHz: 100 });
  });

  it('takes columns by the names that the caller gives', () => {
    const columns = { ax: 'A', ay: 'B', az: 'C', gx: 'D', gy: 'E', gz: 'F' };
    const { axes } = read('F,E,D,C,B,A\n6,5,4,9,2,1\n6,5,4,9,2,1\n', { columns, rateHz: 50 });
    assert.deepEqual(
      axes.map((axis) => axis[0]),
      [1, 2, 9, 4, 5, 6],
    );
  });

  it('refuses what would be silently wrong', () => {
    const header = 'ax,ay,az,gx,gy,gz\n';
    assert.throws(
      () => read(`${header}0,0,1,0,0,0\n0,0,1,0,0,0\n`, { rateHz: 50 }),
      refused('INPUT_INVALID', /unit is another/),
    );
    assert.throws(
      () => read(`${header}0,0,9,0,0,0\n0,0,9,0,0,0\n`),
      refused('INPUT_INVALID', /no time column and no rate/),
    );
    assert.throws(() => read(`${header}0,0,9,0,0,0\n0,,9,0,0,0\n`, { rateHz: 50 }), refused('INPUT_INVALID', /row 2/));
    assert.throws(() => read(`${header}0,0,9,0,0,0\n0,x,9,0,0,0\n`, { rateHz: 50 }), refused('INPUT_INVALID', /"x"/));
    assert.throws(() => read(`t,${header}0,0,0,9,0,0,0\n1,0,0,9,0,0,0\n`), refused('INPUT_INVALID', /without a unit/));
    assert.throws(() => read('t_s,ax,ay,az\n0,0,0,9\n'), refused('INPUT_INVALID', /one column for gx, found 0/));
    assert.throws(
      () => read(`ax,${header}1,0,0,9,0,0,0\n`, { rateHz: 1 }),
      refused('INPUT_INVALID', /for ax, found 2/),
    );
    assert.throws(() => read(header, { rateHz: 1 }), refused('INPUT_INVALID', /0 complete row/));
  });

  it('refuses a file that no five seconds need', () => {
    assert.throws(() => readMotionCsv(Buffer.alloc(2 ** 26 + 1)), refused('INPUT_TOO_LARGE', /67108865/));
  });

  it('gives ascending times and finite samples, or a typed error, for any table', () => {
    const word = fc.oneof(
      fc.double().map(String),
      fc.constantFrom('', 'NULL', '9.8', '"', 'x'),
      fc.string({ maxLength: 6 }),
    );
    const row = fc.array(word, { minLength: 1, maxLength: 8 }).map((cells) => cells.join(','));
    fc.assert(
      fc.property(fc.array(row, { maxLength: 20 }), (rows) => {
        try {
          const { axes, timing } = read(
            ['t_us,ax,ay,az,gx,gy,gz', '0,0,0,9.8,0,0,0', '5,0,0,9.8,0,0,0', ...rows].join('\n'),
          );
          assert.ok('timesMicros' in timing);
          timing.timesMicros.forEach((time, index, all) => {
            assert.ok(index === 0 || time > (all[index - 1] ?? Number.NaN));
          });
          assert.ok(axes.every((axis) => axis.length === timing.timesMicros.length && !axis.some(Number.isNaN)));
        } catch (error) {
          assert.ok(error instanceof SensebindError, String(error));
        }
      }),
      { numRuns: 500 },
    );
  });

  it('answers any bytes with a typed error', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        assert.throws(() => readMotionCsv(bytes, { rateHz: 100 }), SensebindError);
      }),
    );
  });
});
