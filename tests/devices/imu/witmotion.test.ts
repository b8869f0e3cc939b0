import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { type WitMotionPacket, WitMotionParser } from '../../../devices/imu/witmotion';
import { STANDARD_GRAVITY } from '../../../devices/units';
import { cutAt } from '../cut';

/** Level and at rest, 25.00 °C: built from the formula of the datasheet, p. 11; not a capture. */
const AT_REST = Buffer.from('5551000000000008C4097B', 'hex');
/** +10.0098, −10.0098, 0 °/s: built the same way. */
const TURNING = Buffer.from('5552A4005CFF0000C40973', 'hex');
/** Roll 45°, pitch −29.998°, yaw 90°: built the same way. */
const TILTED = Buffer.from('55530020ABEA004000009D', 'hex');

function packetsOf(...chunks: readonly Uint8Array[]): WitMotionPacket[] {
  const parser = new WitMotionParser();
  const packets: WitMotionPacket[] = [];
  for (const chunk of chunks) {
    parser.append(chunk);
    for (let packet = parser.next(); packet; packet = parser.next()) packets.push(packet);
    assert.ok(parser.pending < 11);
  }
  return packets;
}

function near(actual: readonly number[], expected: readonly number[], tolerance: number) {
  actual.forEach((value, index) => {
    assert.ok(Math.abs(value - expected[index]!) <= tolerance, `${actual} ≠ ${expected}`);
  });
}

describe('WitMotion packets', () => {
  it('decodes the packet at rest to one g upwards', () => {
    assert.deepEqual(packetsOf(AT_REST), [
      { kind: 'acceleration', metresPerSecond2: [0, 0, STANDARD_GRAVITY], celsius: 25, isClipped: false },
    ]);
  });

  it('decodes the packet of a slow turn', () => {
    const [packet] = packetsOf(TURNING);
    assert.ok(packet?.kind === 'angularVelocity');
    near(packet.radiansPerSecond, [(10.0098 * Math.PI) / 180, (-10.0098 * Math.PI) / 180, 0], 1e-6);
  });

  it('decodes the packet of angles', () => {
    const [packet] = packetsOf(TILTED);
    assert.ok(packet?.kind === 'angles');
    near(
      packet.rollPitchYawRadians.map((radians) => (radians * 180) / Math.PI),
      [45, -29.998, 90],
      5e-4,
    );
  });

  it('gives the same packets however the bytes are cut', () => {
    const stream = Buffer.concat([AT_REST, Buffer.from([0x55, 0x00, 0x55]), TURNING, Buffer.from([0x55]), TILTED]);
    const isPacket = ({ kind }: WitMotionPacket): boolean => kind !== 'discarded';
    const whole = packetsOf(stream).filter(isPacket);
    assert.equal(whole.length, 3);
    fc.assert(
      fc.property(fc.array(fc.nat(stream.length)), (cuts) => {
        assert.deepEqual(packetsOf(...cutAt(stream, cuts)).filter(isPacket), whole);
      }),
    );
  });

  it('finds the packet behind a beginning that was none', () => {
    const beginning = AT_REST.subarray(0, 7);
    assert.deepEqual(
      packetsOf(Buffer.concat([beginning, TURNING, AT_REST])).map(({ kind }) => kind),
      ['discarded', 'angularVelocity', 'acceleration'],
    );
  });

  it('accounts for every byte of any input and never throws', () => {
    const noise = fc.array(fc.oneof(fc.constant(AT_REST), fc.constant(TURNING), fc.uint8Array({ maxLength: 30 })));
    fc.assert(
      fc.property(noise, (pieces) => {
        const stream = Buffer.concat(pieces);
        const parser = new WitMotionParser();
        parser.append(stream);
        let bytes = 0;
        for (let packet = parser.next(); packet; packet = parser.next()) {
          bytes += packet.kind === 'discarded' ? packet.bytes : 11;
        }
        assert.equal(bytes + parser.pending, stream.length);
      }),
    );
  });
});
