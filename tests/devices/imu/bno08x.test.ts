import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { type RvcFrame, RvcParser } from '../../../devices/imu/bno08x';
import { RvcDecoder } from '../../../devices/imu/bno08xDevice';
import { SimulatedRvc } from '../../../devices/simulated/wire/bno08x';
import type { MotionReading } from '../../../runtime/reading';
import { ManualClock } from '../../support/manualClock';
import { collectingSink } from '../../support/sinks';
import { cutAt } from '../cut';

/** From the datasheet (BNO080, 1000-3927, §1.3.5.2): −371, −20 and 977 mg; yaw 0.01°, pitch −1.10°, roll 20.85°. */
const DATASHEET = Buffer.from('AAAADE010092FF25088DFEECFFD103000000E7', 'hex');

function framesOf(...chunks: readonly Uint8Array[]): RvcFrame[] {
  const parser = new RvcParser();
  const frames: RvcFrame[] = [];
  for (const chunk of chunks) {
    parser.append(chunk);
    for (let frame = parser.next(); frame; frame = parser.next()) frames.push(frame);
    assert.ok(parser.pending < 19);
  }
  return frames;
}

/** What the decoder makes of frames that come at their rate. */
function decode(frames: readonly Buffer[]) {
  const sink = collectingSink();
  const decoder = new RvcDecoder({ source: 'imu0', clock: new ManualClock() }, { sink, fail: assert.fail });
  frames.forEach((frame, index) => {
    decoder.append(frame, index * 10_000);
  });
  decoder.finish();
  const readings = sink.readings.filter((reading): reading is MotionReading => reading.modality === 'imu');
  return { readings, losses: sink.losses };
}

describe('BNO08x UART-RVC', () => {
  it('decodes the frame of the datasheet', () => {
    const [frame, ...others] = framesOf(DATASHEET);
    assert.equal(others.length, 0);
    assert.ok(frame?.kind === 'motion');
    assert.equal(frame.index, 222);
    const degrees = frame.yawPitchRollRadians.map((radians) => Number(((radians * 180) / Math.PI).toFixed(6)));
    assert.deepEqual(degrees, [0.01, -1.1, 20.85]);
    const milliG = frame.metresPerSecond2.map((value) => Math.round((value / 9.80665) * 1000));
    assert.deepEqual(milliG, [-371, -20, 977]);
  });

  it('finds a frame behind a third header byte, however it is cut', () => {
    const stream = Buffer.concat([Buffer.from('AAAAAA', 'hex'), DATASHEET, Buffer.from('AA', 'hex'), DATASHEET]);
    fc.assert(
      fc.property(fc.array(fc.nat(stream.length)), (cuts) => {
        const frames = framesOf(...cutAt(stream, cuts));
        assert.equal(frames.filter(({ kind }) => kind === 'motion').length, 2);
      }),
    );
  });

  it('accounts for every byte of any input and never throws', () => {
    const pieces = fc.array(
      fc.oneof(fc.constant(DATASHEET), fc.uint8Array({ maxLength: 40 }), fc.constant(Buffer.from('AAAA', 'hex'))),
    );
    fc.assert(
      fc.property(pieces, (parts) => {
        const stream = Buffer.concat(parts);
        const parser = new RvcParser();
        parser.append(stream);
        let bytes = 0;
        for (let frame = parser.next(); frame; frame = parser.next()) {
          bytes += frame.kind === 'discarded' ? frame.bytes : 19;
        }
        assert.equal(bytes + parser.pending, stream.length);
      }),
    );
  });

  it('gives acceleration without rotation, and counts what is missing in the index, over its wrap too', () => {
    const device = new SimulatedRvc();
    const frames = Array.from({ length: 300 }, (_, index) =>
      device.encodeSample({ acceleration: [index / 1000, 0, 9.8], micros: 0 }),
    );
    const { readings, losses } = decode(frames.filter((_, index) => index !== 5 && (index < 254 || index > 256)));
    assert.equal(readings.length, 296);
    assert.ok(readings.every(({ angularVelocity }) => angularVelocity === undefined));
    assert.deepEqual(losses, { lost: 4 });
    assert.deepEqual(
      readings.flatMap(({ flags }, index) => (flags.includes('gap') ? [index] : [])),
      [5, 253],
    );
  });

  it('counts a frame that comes twice, and does not hand it on twice', () => {
    const { readings, losses } = decode([DATASHEET, DATASHEET]);
    assert.equal(readings.length, 1);
    assert.deepEqual(losses, { duplicate: 1 });
  });
});
