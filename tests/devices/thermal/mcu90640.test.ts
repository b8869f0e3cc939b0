import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { encodeMcu90640 } from '../../../devices/simulated/wire/mcu90640';
import { type Mcu90640Frame, Mcu90640Parser } from '../../../devices/thermal/mcu90640';
import { Mcu90640Decoder, mcu90640Command } from '../../../devices/thermal/mcu90640Device';
import type { FrameMemory, ThermalReading } from '../../../runtime/reading';
import { deviceContext } from '../../support/deviceContext';
import { ManualClock } from '../../support/manualClock';
import { collectingSink } from '../../support/sinks';
import { cutAt } from '../cut';

/** All pixels 25.00 °C, the sensor 28.50 °C: built from the layout, with the sums that the reference states. */
function wholeFrame(checksum: number): Buffer {
  const pixels = Buffer.concat(Array.from({ length: 768 }, () => Buffer.from('C409', 'hex')));
  const sum = Buffer.alloc(2);
  sum.writeUInt16LE(checksum);
  return Buffer.concat([Buffer.from('5A5A0206', 'hex'), pixels, Buffer.from('220B', 'hex'), sum]);
}

const BYTE_SUM = 0x67e9;
const WORD_SUM = 0xb77e;

function framesOf(...chunks: readonly Uint8Array[]): Mcu90640Frame[] {
  const parser = new Mcu90640Parser();
  const frames: Mcu90640Frame[] = [];
  for (const chunk of chunks) {
    parser.append(chunk);
    for (let frame = parser.next(); frame; frame = parser.next()) frames.push(frame);
    assert.ok(parser.pending < 1544 + 4);
  }
  return frames;
}

const checksums = (frames: readonly Mcu90640Frame[]): string[] =>
  frames.flatMap((frame) => (frame.kind === 'picture' ? [frame.checksum] : []));

/** A picture that tells itself from others. */
function picture(index: number): Float32Array {
  return Float32Array.from({ length: 768 }, (_, pixel) => 290 + (pixel % 32) / 10 + index / 100);
}

const OTHER_SUM = { checksum: 'unverified' } as const;

function decode(frames: readonly Buffer[], memory?: FrameMemory) {
  const sink = collectingSink();
  const context = { ...deviceContext({ clock: new ManualClock() }), ...(memory && { memory }) };
  const decoder = new Mcu90640Decoder({ kind: 'mcu90640', path: '/dev/null' }, context, sink);
  for (const frame of frames) decoder.append(frame, 0);
  decoder.finish();
  const readings = sink.readings.filter((reading): reading is ThermalReading => reading.modality === 'thermal');
  return { readings, losses: sink.losses };
}

describe('GY-MCU90640', () => {
  for (const [name, sum] of [
    ['bytes', BYTE_SUM],
    ['words', WORD_SUM],
  ] as const) {
    it(`decodes the frame of the reference whose checksum is a sum of ${name}`, () => {
      const [frame, ...others] = framesOf(wholeFrame(sum));
      assert.equal(others.length, 0);
      assert.ok(frame?.kind === 'picture');
      assert.deepEqual([...new Set(frame.centiCelsius)], [2500]);
      assert.equal(frame.ambientCelsius, 28.5);
      assert.equal(frame.checksum, name);
    });
  }

  it('writes the commands of the reference', () => {
    assert.equal(mcu90640Command(0x35, 0x02).toString('hex'), 'a53502dc');
    assert.equal(mcu90640Command(0x45, 0x5f).toString('hex'), 'a5455f49');
  });

  it('takes frames whose sum nobody knows once three in a row stood where they must, and says so', () => {
    const frames = Array.from({ length: 6 }, (_, index) => encodeMcu90640(picture(index), OTHER_SUM));
    assert.deepEqual(checksums(framesOf(Buffer.concat(frames))), ['unverified', 'unverified', 'unverified']);
    const { readings } = decode(frames);
    assert.ok(readings.length === 3 && readings.every(({ flags }) => flags.includes('unverified')));
  });

  it('takes no frame without a proof from a module that proved one', () => {
    const good = encodeMcu90640(picture(0), { checksum: 'words' });
    const frames = [good, ...Array.from({ length: 5 }, (_, index) => encodeMcu90640(picture(index), OTHER_SUM)), good];
    assert.deepEqual(checksums(framesOf(Buffer.concat(frames))), ['words', 'words']);
    const otherSum = encodeMcu90640(picture(1), { checksum: 'bytes' });
    assert.deepEqual(checksums(framesOf(Buffer.concat([good, otherSum, good]))), ['words', 'words']);
  });

  it('is not unsettled by one sum that fits by chance', () => {
    const other = encodeMcu90640(picture(0), OTHER_SUM);
    const chance = encodeMcu90640(picture(1), { checksum: 'bytes' });
    const stream = [other, other, other, other, chance, other, other, other];
    assert.deepEqual(checksums(framesOf(Buffer.concat(stream))), [
      'unverified',
      'unverified',
      'bytes',
      'unverified',
      'unverified',
    ]);
  });

  it('refuses frames without a proof whose values no sensor gives', () => {
    const hot = Array.from({ length: 5 }, () => encodeMcu90640(new Float32Array(768).fill(580), OTHER_SUM));
    assert.deepEqual(checksums(framesOf(Buffer.concat(hot))), []);
  });

  it('gives kelvin, and 0 for pixels that do not work', () => {
    const values = picture(0);
    values[40] = 0;
    const { readings, losses } = decode([encodeMcu90640(values)]);
    const [reading] = readings;
    assert.ok(reading);
    assert.deepEqual([reading.width, reading.height, reading.unit], [32, 24, 'K']);
    assert.equal(reading.values[40], 0);
    assert.ok(reading.values.every((value, pixel) => pixel === 40 || Math.abs(value - values[pixel]!) < 0.0051));
    assert.deepEqual(losses, {});
  });

  it('counts a picture with many pixels that no sensor gives, and one without memory', () => {
    assert.deepEqual(decode([encodeMcu90640(new Float32Array(768))]).losses, { invalid: 1 });
    assert.deepEqual(decode([encodeMcu90640(picture(0))], { acquire: () => undefined }).losses, { memory: 1 });
  });

  it('gives the same frames however the bytes are cut, and accounts for every byte', () => {
    const frame = encodeMcu90640(picture(0));
    const stream = Buffer.concat([frame, Buffer.from('5A5A02065A5A', 'hex'), frame, frame.subarray(0, 700), frame]);
    fc.assert(
      fc.property(
        fc.array(fc.nat(stream.length), { maxLength: 20 }),
        fc.uint8Array({ maxLength: 50 }),
        (cuts, noise) => {
          const frames = framesOf(noise, ...cutAt(stream, cuts));
          assert.equal(checksums(frames).length, 3);
          const bytes = frames.reduce((sum, one) => sum + (one.kind === 'discarded' ? one.bytes : 1544), 0);
          assert.equal(bytes, stream.length + noise.length);
        },
      ),
      { numRuns: 50 },
    );
  });
});
