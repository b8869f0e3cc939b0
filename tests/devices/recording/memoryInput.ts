import type { InputFile } from '../../../devices/recording/inputFile';
import { decodeItems, type RawItem, type RecordedItem } from '../../../devices/recording/readRecording';
import { readSegment } from '../../../devices/recording/readSegment';
import { FramePool } from '../../../runtime/frames';

/** A file in memory. */
export function memoryInput(bytes: Uint8Array): InputFile {
  return {
    byteLength: bytes.byteLength,
    read: async (position, length) => bytes.subarray(position, position + length),
  };
}

/** What a recording of these bytes gives, one item at a time. */
export function readBytes(
  bytes: Uint8Array,
  memory = new FramePool({ frames: 4, bytes: 2 ** 26 }),
): AsyncGenerator<RecordedItem> {
  async function* raw(): AsyncGenerator<RawItem> {
    for await (const item of readSegment(memoryInput(bytes)))
      yield item.kind === 'cut' ? { ...item, path: 'memory' } : item;
  }
  return decodeItems(raw(), { memory });
}
