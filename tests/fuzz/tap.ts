import { TappedStream } from '../../devices/gstreamer/tappedStream';
import { PictureConsumer } from '../../devices/vision/pictureConsumer';
import { FramePool } from '../../runtime/frames';
import type { FrameHold } from '../../runtime/reading';
import { bufferLine, formatLine } from '../devices/gstreamer/tapLines';
import { ManualClock } from '../support/manualClock';
import type { FuzzTarget } from './target';

/** As the assembler is bounded by these: 4 MiB of early bytes, and one frame in the making. */
const MEMORY = { frames: 2, bytes: 2 ** 22 } as const;

/** Lines and bytes of a camera through one input: lines end in a line feed, and every other one is taken as bytes. */
export const target: FuzzTarget = {
  name: 'tap',
  run(bytes) {
    const memory = new FramePool(MEMORY);
    const clock = new ManualClock();
    const held: FrameHold[] = [];
    const consumer = new PictureConsumer(
      { source: 'cam0', clock, memory, clockQuality: 'device', flags: [], startsWithGap: false },
      {
        reading: (reading) => {
          if (reading.modality !== 'vision') throw new Error('expected pictures only');
          const { width, height, rgb, timeMicros } = reading;
          if (rgb.length !== width * height * 3) throw new Error(`${rgb.length} bytes for ${width}x${height}`);
          if (!Number.isFinite(timeMicros)) throw new Error(`time ${timeMicros}`);
          held.push(reading.frame.retain());
        },
        lost: (reason, amount) => {
          if (!(amount >= 0)) throw new Error(`lost ${amount} by ${reason}`);
        },
      },
    );
    const tapped = new TappedStream(consumer, () => undefined);
    for (const [index, piece] of pieces(bytes).entries()) {
      if (index % 2 === 0) tapped.line(piece.toString('latin1'), index);
      else tapped.append(piece, index);
    }
    tapped.finish();
    for (const frame of held) frame.release();
    if (memory.stats().inUse > 0) throw new Error(`${memory.stats().inUse} frames are still held`);
  },
  seeds() {
    const line = (text: string): Buffer => Buffer.from(`${text}\n`, 'latin1');
    const picture = (size: number, options: { readonly offset: number; readonly flags?: string }): Buffer =>
      Buffer.concat([
        line(bufferLine({ bytes: size, ptsMicros: options.offset * 33_333, ...options })),
        Buffer.alloc(size, 7),
        line(''),
      ]);
    return [
      Buffer.concat([line(formatLine(5, 2)), line(''), picture(32, { offset: 0 }), picture(32, { offset: 1 })]),
      Buffer.concat([line(formatLine(4, 1)), line('ab'), picture(12, { offset: 5, flags: '00000140 discont ' })]),
      Buffer.concat([
        line(formatLine(1, 1)),
        line(''),
        line(bufferLine({ bytes: 4 })),
        line(''),
        picture(4, { offset: 9 }),
      ]),
    ];
  },
};

/** Cut at line feeds. */
function pieces(bytes: Uint8Array): readonly Buffer[] {
  const all = Buffer.from(bytes);
  const found: Buffer[] = [];
  for (let start = 0; start < all.length; ) {
    const end = all.indexOf(10, start);
    found.push(all.subarray(start, end < 0 ? all.length : end));
    start = end < 0 ? all.length : end + 1;
  }
  return found;
}
