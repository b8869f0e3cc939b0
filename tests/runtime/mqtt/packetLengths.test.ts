import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import mqttPacket from 'mqtt-packet';
import { PacketLengths } from '../../../runtime/mqtt/packetLengths';

const LIMIT = 300;

/** Packets as a library writes that we did not write. */
const payloads = fc.array(fc.uint8Array({ maxLength: 400 }), { maxLength: 12 });

function packet(payload: Uint8Array): Buffer {
  return mqttPacket.generate({
    cmd: 'publish',
    topic: 'a/b',
    payload: Buffer.from(payload),
    qos: 0,
    dup: false,
    retain: false,
  });
}

/** Whether bytes are accepted that come in pieces of these lengths, over and over. */
function accepted(bytes: Buffer, pieces: readonly number[]): boolean {
  const lengths = new PacketLengths(LIMIT);
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const end = at + (pieces[turn % pieces.length] ?? 1);
    if (!lengths.accept(bytes.subarray(at, end))) return false;
    at = end;
  }
  return true;
}

describe('the length of packets', () => {
  it('is seen whatever pieces they come in', () => {
    const pieces = fc.array(fc.integer({ min: 1, max: 100 }), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(payloads, pieces, (contents, sizes) => {
        const packets = contents.map(packet);
        const expected = packets.every(({ length }) => length <= LIMIT);
        assert.equal(accepted(Buffer.concat(packets), sizes), expected);
      }),
    );
  });

  it('is refused as soon as it is claimed, before anything else has come', () => {
    assert.equal(accepted(Buffer.from([0x30, 0xff, 0xff, 0xff, 0x7f]), [5]), false);
    assert.equal(accepted(Buffer.from([0x30, 0x80, 0x80, 0x80, 0x80]), [1]), false);
  });
});
