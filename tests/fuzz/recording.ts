import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Opcode } from '@mcap/core';
import fc from 'fast-check';
import { recordHeader } from '../../devices/recording/mcapRecords';
import { FramePool } from '../../runtime/frames';
import { readBytes } from '../devices/recording/memoryInput';
import { anyReading } from '../devices/recording/readings';
import { itemOf, segmentBytes, writeRecording } from '../devices/recording/writeRecording';
import type { FuzzTarget } from './target';

export const target: FuzzTarget = {
  name: 'recording',
  async run(bytes) {
    const memory = new FramePool({ frames: 4, bytes: 2 ** 26 });
    try {
      for await (const _ of readBytes(bytes, memory));
    } finally {
      assert.equal(memory.stats().inUse, 0);
    }
  },
  async seeds() {
    const folder = await mkdtemp(path.join(tmpdir(), 'sensebind-fuzz-'));
    try {
      const readings = fc.sample(anyReading, { numRuns: 12, seed: 21 });
      writeRecording(folder, [
        ...readings.map(itemOf),
        { kind: 'loss', source: 'mic0', timeMicros: 1, reason: 'lost', amount: 2 },
        {
          kind: 'document',
          source: 'mic0',
          document: { name: 'scores/1', timeMicros: 1, schema: { type: 'object' }, value: { k: [1] } },
        },
      ]);
      const whole = await segmentBytes(folder);
      return [whole, withoutCrc(whole)];
    } finally {
      await rm(folder, { recursive: true });
    }
  },
};

/** Bytes of a chunk in front of its CRC: two times and a size. */
const CRC_OFFSET = 24;

/** The same file with chunks that are not checked, so that mutations reach what stands in them. */
function withoutCrc(bytes: Buffer): Buffer {
  const changed = Buffer.from(bytes);
  for (let position = 8; position + 9 < changed.length; ) {
    const { opcode, byteLength } = recordHeader(changed.subarray(position));
    if (opcode === Opcode.CHUNK) changed.fill(0, position + 9 + CRC_OFFSET, position + 9 + CRC_OFFSET + 4);
    position += 9 + Number(byteLength);
  }
  return changed;
}
