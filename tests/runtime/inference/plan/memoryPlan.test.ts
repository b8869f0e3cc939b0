import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { EncoderNeeds } from '../../../../runtime/inference/plan/estimate';
import { type PlannedEncoder, planMemory } from '../../../../runtime/inference/plan/memoryPlan';

const MACHINE = { memoryBytes: 8e9, cores: 4 };

/** Float32 encoders as large as the published ones; the times of an arbitrary machine. */
function encoder(modality: string, megabytes: number, forwardMillis: number, more = {}): PlannedEncoder {
  const needs: EncoderNeeds = {
    basis: 'measured',
    fileBytes: megabytes * 1e6,
    privateBytes: megabytes * 1e6 + 30e6,
    cachedPrivateBytes: 50e6,
    cachedMappedBytes: megabytes * 1e6,
    cacheBytes: 2 * megabytes * 1e6,
    forwardMillis,
  };
  return { modality, precision: 'fp32', needs, threads: 3, windowsPerSecond: 1, itemsPerWindow: 1, ...more };
}

const vision = encoder('vision', 2531, 1600);
const audio = encoder('audio', 345, 200, { itemsPerWindow: 3, windowsPerSecond: 0.5 });
const imu = encoder('imu', 78, 50);

describe('a memory plan', () => {
  it('adds up what fits, and asks for nothing then', () => {
    const plan = planMemory([vision, imu], { ...MACHINE, cores: 8 });
    assert.deepEqual([plan.isMemoryEnough, plan.isTimeEnough, plan.advice], [true, true, []]);
    assert.equal(plan.privateBytes, 2669e6);
    assert.deepEqual(
      plan.rows.map(({ modality, fits }) => [modality, fits]),
      [
        ['vision', 'plain'],
        ['imu', 'plain'],
      ],
    );
  });

  it('counts the items of a window, its rate, and the threads that its cores share', () => {
    const [row] = planMemory([audio], MACHINE).rows;
    // Half a window of three clips of 0.2 s: 0.3 s of each second, on three of four cores.
    assert.ok(Math.abs(row!.coreShare - 0.225) < 1e-12);
  });

  it('gives the room to the smallest, and says what would make the others fit', () => {
    const plan = planMemory([vision, audio, imu], { ...MACHINE, memoryBytes: 1e9 });
    assert.deepEqual(
      plan.rows.map(({ modality, fits }) => `${modality} ${fits}`),
      ['vision no', 'audio plain', 'imu plain'],
    );
    assert.match(plan.advice[0]!, /Leave out.*: vision\./);
    const roomier = planMemory([vision, audio, imu], { ...MACHINE, memoryBytes: 1.5e9 });
    assert.deepEqual(roomier.rows[0]!.fits, 'int8');
    assert.match(roomier.advice[0]!, /int8.*: vision\./);
  });

  it('takes copies in the device cache where their pages fit, too', () => {
    const heavy = encoder('thermal', 345, 100);
    const needs = { ...heavy.needs, privateBytes: 700e6 };
    const plan = planMemory([{ ...heavy, needs }], { ...MACHINE, memoryBytes: 600e6 });
    assert.equal(plan.rows[0]!.fits, 'deviceCache');
    assert.match(plan.advice[0]!, /models cache --build.*thermal/);
  });

  it('says when there is no time, which encoder takes it, and whether int8 would do', () => {
    const late = planMemory([vision, imu], MACHINE);
    assert.equal(late.isTimeEnough, false);
    assert.match(late.advice[0]!, /124 % of all cores, most of it vision/);
    assert.match(late.advice[1]!, /As int8 they would keep up/);
    const hopeless = planMemory([{ ...vision, precision: 'int8' }, imu], MACHINE);
    assert.match(hopeless.advice[1]!, /fewer windows/);
  });
});
