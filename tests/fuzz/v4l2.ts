import { V4l2FrameParser } from '../../devices/ports/v4l2Frames';
import { readV4l2Line } from '../../devices/ports/v4l2Lines';
import type { FuzzTarget } from './target';

const PICTURE_BYTES = 64;

function frame(bytes: number): Buffer {
  const header = Buffer.from('rdhV\0\0\0\0', 'latin1');
  header.writeUInt32BE(bytes, 4);
  return Buffer.concat([header, Buffer.alloc(bytes, 0x5a)]);
}

/** Both pipes of v4l2-ctl: pictures in two pieces, and the same bytes as a line. */
export const target: FuzzTarget = {
  name: 'v4l2',
  run(bytes) {
    const parser = new V4l2FrameParser(PICTURE_BYTES);
    const middle = bytes.length >> 1;
    let accounted = 0;
    for (const piece of [bytes.subarray(0, middle), bytes.subarray(middle)]) {
      for (const item of parser.append(piece)) accounted += item.kind === 'frame' ? PICTURE_BYTES + 8 : item.bytes;
    }
    if (accounted > bytes.length) throw new Error(`${accounted} bytes came out of ${bytes.length}`);
    readV4l2Line(Buffer.from(bytes).toString('latin1'));
  },
  seeds: () => [
    Buffer.concat([frame(PICTURE_BYTES), frame(PICTURE_BYTES)]),
    Buffer.concat([frame(12), frame(PICTURE_BYTES)]),
    Buffer.from('cap dqbuf: 1 seq:     12 bytesused: 38400 ts: 123.456789 delta: 33.333 ms (ts-monotonic, ts-src-eof)'),
  ],
};
