import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SimulatedRvc } from '../../devices/simulated/wire/bno08x';
import { encodeMcu90640 } from '../../devices/simulated/wire/mcu90640';
import { SimulatedMotionLines } from '../../devices/simulated/wire/motionLines';
import { SimulatedWitMotion, witMotionPacket } from '../../devices/simulated/wire/witmotion';
import type { MotionReading } from '../../runtime/reading';

const READING: MotionReading = {
  source: 'imu0',
  modality: 'imu',
  timeMicros: 0,
  monotonicMicros: 0,
  clockQuality: 'simulated',
  flags: [],
  sampleMicros: Float64Array.of(0, 5000),
  acceleration: [Float32Array.of(0, 0), Float32Array.of(0, 0), Float32Array.of(9.80665, 1e6)],
  angularVelocity: [Float32Array.of(0.17453, 0), Float32Array.of(-0.17453, 0), Float32Array.of(0, 0)],
};

describe('simulated devices', () => {
  it('write the packets of WitMotion as its datasheet computes them', () => {
    const bytes = new SimulatedWitMotion().encode(READING);
    assert.equal(bytes.length, 88);
    assert.equal(bytes.subarray(0, 11).toString('hex'), '5551000000000008c4097b');
    // The reference's packet, from its formula: 10.0 degrees a second are 164 steps.
    assert.equal(bytes.subarray(11, 22).toString('hex'), '5552a4005cff0000c40973');
    // Beyond the range of the sensor.
    assert.equal(bytes.readInt16LE(44 + 6), 32_767);
    assert.equal(witMotionPacket(0x53, [0x2000, 0xeaab, 0x4000, 0]).toString('hex'), '55530020abea004000009d');
  });

  it('write the frames of a BNO08x with the layout and the sum of its datasheet', () => {
    const bytes = new SimulatedRvc().encode(READING);
    // 1000 mg upwards: E8 + 03 = EB.
    assert.equal(bytes.subarray(0, 19).toString('hex'), 'aaaa0000000000000000000000e803000000eb');
    assert.equal(bytes.readUInt8(19 + 2), 1);
  });

  it('write the frames of a GY-MCU90640 with the sums that the reference states', () => {
    const picture = new Float32Array(768).fill(298.15);
    const sum = (checksum: 'bytes' | 'words'): number =>
      encodeMcu90640(picture, { ambientKelvin: 301.65, checksum }).readUInt16LE(1542);
    assert.deepEqual([sum('bytes'), sum('words')], [0x67e9, 0xb77e]);
  });

  it('write lines as boards print them', () => {
    const [header, line] = new SimulatedMotionLines('csv').encode(READING).toString().split('\n');
    assert.equal(header, 't_ms,ax,ay,az,gx,gy,gz');
    assert.equal(line, '0,0,0,9.80665,0.17453,-0.17453,0');
    assert.deepEqual(JSON.parse(new SimulatedMotionLines('json').encode(READING).toString().split('\n')[1] ?? ''), {
      t_ms: 5,
      ax: 0,
      ay: 0,
      az: 1e6,
      gx: 0,
      gy: 0,
      gz: 0,
    });
  });
});
