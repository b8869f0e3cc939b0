import type { AudioReading } from '../../../runtime/reading';
import { int16 } from './samples';

/** What a sound card sends: the samples of all channels in turn, 16 bits each, little-endian. */
export function encodePcm16({ channels }: Pick<AudioReading, 'channels'>): Buffer {
  const [first] = channels;
  const frames = first?.length ?? 0;
  const bytes = Buffer.alloc(2 * channels.length * frames);
  let position = 0;
  for (let frame = 0; frame < frames; frame++) {
    for (const channel of channels) position = bytes.writeInt16LE(int16((channel[frame] ?? 0) * 2 ** 15), position);
  }
  return bytes;
}
