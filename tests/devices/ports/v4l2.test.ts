import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { V4l2FrameParser, type V4l2Item } from '../../../devices/ports/v4l2Frames';
import { readV4l2Line } from '../../../devices/ports/v4l2Lines';

const PICTURE_BYTES = 12;

function frame(picture: Uint8Array): Buffer {
  const header = Buffer.from('rdhV\0\0\0\0', 'latin1');
  header.writeUInt32BE(picture.length, 4);
  return Buffer.concat([header, picture]);
}

/** What comes out: pictures as copies, and how many bytes belonged to none. */
function read(chunks: readonly Uint8Array[], parser = new V4l2FrameParser(PICTURE_BYTES)) {
  const pictures: number[][] = [];
  let discarded = 0;
  const take = (item: V4l2Item): void => {
    if (item.kind === 'frame') pictures.push([...item.bytes]);
    else discarded += item.bytes;
  };
  for (const chunk of chunks) for (const item of parser.append(chunk)) take(item);
  return { pictures, discarded };
}

function cutAt(stream: Uint8Array, cuts: readonly number[]): Uint8Array[] {
  const at = [0, ...cuts.map((cut) => cut % (stream.length + 1)).sort((a, b) => a - b), stream.length];
  return at.slice(1).map((end, index) => stream.subarray(at[index], end));
}

const picture = fc.uint8Array({ minLength: PICTURE_BYTES, maxLength: PICTURE_BYTES });

describe('pictures of v4l2-ctl --stream-to-hdr', () => {
  it('come out the same however the bytes are cut', () => {
    fc.assert(
      fc.property(fc.array(picture, { maxLength: 5 }), fc.array(fc.nat()), (pictures, cuts) => {
        const found = read(cutAt(Buffer.concat(pictures.map(frame)), cuts));
        assert.deepEqual(found, { pictures: pictures.map((one) => [...one]), discarded: 0 });
      }),
    );
  });

  it('are found again after bytes that belong to none, and every byte is accounted for', () => {
    const noise = fc.uint8Array({ maxLength: 40 }).filter((bytes) => !Buffer.from(bytes).includes('rdhV'));
    fc.assert(
      fc.property(noise, picture, fc.array(fc.nat()), (junk, one, cuts) => {
        const stream = Buffer.concat([junk, frame(one)]);
        const { pictures, discarded } = read(cutAt(stream, cuts));
        assert.deepEqual(pictures, [[...one]]);
        assert.equal(discarded, junk.length);
      }),
    );
  });

  it('are skipped when they have another size, as another program may have set it', () => {
    const other = frame(new Uint8Array(30));
    const { pictures, discarded } = read([other, frame(new Uint8Array(PICTURE_BYTES).fill(7))]);
    assert.deepEqual(pictures, [new Array(PICTURE_BYTES).fill(7)]);
    assert.equal(discarded, other.length);
  });

  it('never throws, and holds one picture at most, whatever comes', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 200 })), (chunks) => {
        const total = chunks.reduce((sum, { length }) => sum + length, 0);
        const { pictures, discarded } = read(chunks);
        const held = total - discarded - pictures.length * (PICTURE_BYTES + 8);
        assert.ok(held >= 0 && held < PICTURE_BYTES + 8);
      }),
    );
  });

  it('takes no length from a header that no camera could send', () => {
    const lie = Buffer.from('rdhV\xff\xff\xff\xff', 'latin1');
    const { pictures, discarded } = read([lie, frame(new Uint8Array(PICTURE_BYTES).fill(1))]);
    assert.equal(pictures.length, 1);
    assert.equal(discarded, lie.length);
  });
});

describe('lines of v4l2-ctl --verbose', () => {
  // The form of reference/devices.md §6; its tail is another in each version.
  const line =
    'cap dqbuf: 1 seq:     12 bytesused: 38400 ts: 123.456789 delta: 33.333 ms field: None (ts-monotonic, ts-src-eof)';

  it('tell the number and the time of a picture', () => {
    assert.deepEqual(readV4l2Line(line), { sequence: 12, bytes: 38_400, monotonicMicros: 123_456_789 });
  });

  it('tell no time where the clock is another one, or there is none', () => {
    assert.deepEqual(readV4l2Line(line.replace('ts-monotonic', 'ts-copy')), { sequence: 12, bytes: 38_400 });
    assert.deepEqual(readV4l2Line('cap dqbuf: 0 seq:      0 bytesused: 9600'), { sequence: 0, bytes: 9600 });
  });

  it('tell a buffer without a picture', () => {
    assert.equal(readV4l2Line(line.replace('38400', '0')), 'none');
    assert.equal(readV4l2Line(line.replace('(ts-monotonic', '(error, ts-monotonic')), 'none');
  });

  it('are not mistaken for others', () => {
    assert.equal(readV4l2Line('Cannot open device /dev/video9, exiting.'), undefined);
    assert.equal(readV4l2Line(''), undefined);
  });
});
