import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { elementsOf, readReadings } from '../../../devices/readingsIn/message';
import { isSensebindError } from '../../../runtime/errors';
import { boardMessage, soundMessage } from '../../support/board';
import { refused } from '../../support/refused';

/** Made by the C code of docs/readings-in.md, compiled with gcc 12.2 for x86-64. */
const FROM_C = {
  audio: '5342523101010201efbeadde0700000040c227dafe5b060000007a46020000000000000000000000000000000080ff7f004000e0',
  imu: '534252310201060001000000ffffffff40420f00000000000000c842020000000ae81c3a000000006f12833a000000000040640038ff2c01a40000000040000000000000',
  thermal:
    '5342523103010100020000000000000000000000000000000000000003000200cdcccc3d3393884300000000d500d6009cff6d01dc000000',
  depth: '53425231040201000200000000000000000000000000000000000000020002006f12833a00000000000000000000dc05ffff2003',
} as const;

describe('readings/1, as the C code of the documentation writes it', () => {
  it('is read: sound', () => {
    const message = readReadings(Buffer.from(FROM_C.audio, 'hex'));
    const { kind, element, channels, hasLost, boot, sequence, timeMicros, rateHz, count } = message;
    assert.deepEqual([kind, element, channels, hasLost], ['audio', 'i16', 2, true]);
    assert.deepEqual([boot, sequence, timeMicros, rateHz, count], [0xdeadbeef, 7, 1_790_000_000_123_456, 16_000, 2]);
    assert.deepEqual([...elementsOf(message)], [-32768, 32767, 16384, -8192]);
  });

  it('is read: motion', () => {
    const message = readReadings(Buffer.from(FROM_C.imu, 'hex'));
    assert.deepEqual([message.kind, message.channels, message.sequence], ['imu', 6, 0xffffffff]);
    assert.deepEqual([message.scale, message.rotationScale], [Math.fround(9.80665 / 16384), Math.fround(0.001)]);
    assert.deepEqual([...elementsOf(message)], [0, 0, 16384, 100, -200, 300, 164, 0, 16384, 0, 0, 0]);
  });

  it('is read: thermal and depth pictures', () => {
    const thermal = readReadings(Buffer.from(FROM_C.thermal, 'hex'));
    assert.deepEqual([thermal.kind, thermal.width, thermal.height, thermal.timeMicros], ['thermal', 3, 2, 0]);
    assert.deepEqual([...elementsOf(thermal)], [213, 214, -100, 365, 220, 0]);
    const depth = readReadings(Buffer.from(FROM_C.depth, 'hex'));
    assert.deepEqual([...elementsOf(depth)], [0, 1500, 65535, 800]);
  });

  it('has the same bytes from the writer of the tests', () => {
    const body = Buffer.from('0080ff7f004000e0', 'hex');
    const audio = { modality: 1, element: 1, channels: 2, flags: 1, boot: 0xdeadbeef, sequence: 7 };
    const written = boardMessage({ ...audio, timeMicros: 1_790_000_000_123_456, rateHz: 16_000, count: 2, body });
    assert.equal(written.toString('hex'), FROM_C.audio);
  });
});

describe('what is no readings/1', () => {
  const sound = { modality: 1, element: 1, channels: 1, rateHz: 16_000, count: 1, body: Buffer.alloc(2) };
  for (const [what, change, found] of [
    ['another modality', { modality: 9 }, /modality/],
    ['another element type', { element: 0 }, /element/],
    ['sound as JPEG', { element: 4 }, /audio as i16 or f32/],
    ['no channel', { channels: 0 }, /channels/],
    ['a rate that is not a number', { rateHz: Number.NaN }, /samples a second/],
    ['a rate beyond all microphones', { rateHz: 1e9 }, /samples a second/],
    ['a scale that is infinite', { scale: Number.POSITIVE_INFINITY }, /finite scale/],
    ['no samples', { count: 0, body: Buffer.alloc(0) }, /at least one/],
    ['fewer bytes than it says', { count: 2 }, /4 bytes after the header, found 2/],
    ['a count that would overflow', { count: 0xffffffff }, /after the header/],
    ['a time beyond 2^53', { timeMicros: 2 ** 60 }, /2\^53/],
  ] as const) {
    it(`is refused: ${what}`, () => {
      assert.throws(() => readReadings(boardMessage({ ...sound, ...change })), refused('MESSAGE_INVALID', found));
    });
  }

  it('is refused with a typed error, whatever the bytes, and wherever a message is cut', () => {
    const whole = soundMessage({ samples: 20 });
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(whole.length - 1), (bytes, end) => {
        for (const candidate of [bytes, Buffer.concat([whole.subarray(0, 8), bytes]), whole.subarray(0, end)]) {
          try {
            readReadings(candidate);
          } catch (error) {
            assert.ok(isSensebindError(error, 'MESSAGE_INVALID'));
          }
        }
        assert.throws(() => readReadings(whole.subarray(0, end)), refused('MESSAGE_INVALID'));
      }),
    );
  });
});
