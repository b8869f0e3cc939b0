import { encodeMcu90640 } from '../../devices/simulated/wire/mcu90640';
import { Mcu90640Decoder } from '../../devices/thermal/mcu90640Device';
import { FramePool } from '../../runtime/frames';
import { feed } from './decoder';
import type { FuzzTarget } from './target';

/** GY-MCU90640 frames, from bytes to pictures. */
export const target: FuzzTarget = {
  name: 'mcu90640',
  run(bytes) {
    const memory = new FramePool({ frames: 2, bytes: 2 ** 16 });
    feed(
      bytes,
      ({ source, clock, sink }) => new Mcu90640Decoder({ kind: 'mcu90640', path: '' }, { source, clock, memory }, sink),
    );
    if (memory.stats().inUse > 0) throw new Error('a frame was not given back');
  },
  seeds() {
    const picture = Float32Array.from({ length: 768 }, (_, pixel) => 290 + (pixel % 32));
    return (['bytes', 'words', 'unverified'] as const).map((checksum) => {
      const frame = encodeMcu90640(picture, { checksum });
      // Without a proof, three frames in a row are needed, and the next header.
      return Buffer.concat(checksum === 'unverified' ? [frame, frame, frame, frame] : [frame, frame]);
    });
  },
};
