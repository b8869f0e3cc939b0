import assert from 'node:assert/strict';
import { openSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import { type OpenOutput, openOutput, outputOf } from '../../../devices/recording/outputFile';
import { readRecording } from '../../../devices/recording/readRecording';
import type { RecordingItem } from '../../../devices/recording/recordingItem';
import { FramePool } from '../../../runtime/frames';
import { refused } from '../../support/refused';
import { temporaryFolder } from '../../support/temporaryFolder';
import { START_MICROS, WIDE_LIMITS, writeRecording } from './writeRecording';

const SAMPLES = 500;

function sounds(count: number, first = 0): RecordingItem[] {
  return Array.from({ length: count }, (_, index) => ({
    kind: 'reading',
    reading: {
      source: 'mic0',
      modality: 'audio',
      timeMicros: START_MICROS + first + index,
      monotonicMicros: 0,
      clockQuality: 'arrival',
      flags: [],
      sampleRateHz: 16_000,
      channels: [new Float32Array(SAMPLES)],
    },
  }));
}

/** Which sounds are in the recording, counted from the first that was recorded. */
async function soundsIn(folder: string): Promise<number[]> {
  const found: number[] = [];
  for await (const item of readRecording(folder, { memory: new FramePool({ frames: 1, bytes: 1 }) }))
    if (item.kind === 'reading') found.push(item.reading.timeMicros - START_MICROS);
  return found;
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, index) => from + index);
}

function sizes(folder: string): number[] {
  return readdirSync(folder).map((name) => statSync(path.join(folder, name)).size);
}

const SEGMENT_BYTES = 30_000;

describe('segments of a recording', () => {
  it('stay below their size, and lose nothing between them', async (t) => {
    const folder = await temporaryFolder(t);
    const { segments } = writeRecording(folder, sounds(200), {
      limits: { ...WIDE_LIMITS, segmentBytes: SEGMENT_BYTES },
    });
    assert.equal(segments, readdirSync(folder).length);
    assert.ok(segments >= 7);
    // The index comes on top.
    assert.ok(Math.max(...sizes(folder)) < SEGMENT_BYTES + 20_000);
    assert.deepEqual(await soundsIn(folder), range(0, 200));
  });

  it('cover no more than their time', async (t) => {
    const folder = await temporaryFolder(t);
    const limits = { ...WIDE_LIMITS, segmentMicros: 10_000_000 };
    const { segments } = writeRecording(folder, sounds(60), { limits, stepMicros: 1_000_000 });
    assert.equal(segments, 6);
    assert.deepEqual(await soundsIn(folder), range(0, 60));
  });

  it('make room for new ones: the oldest go, and are counted', async (t) => {
    const folder = await temporaryFolder(t);
    const totalBytes = 250_000;
    const limits = { ...WIDE_LIMITS, segmentBytes: SEGMENT_BYTES, totalBytes };
    const stats = writeRecording(folder, sounds(600), { limits });
    const left = readdirSync(folder);
    assert.ok(stats.removedSegments > 0);
    assert.equal(left.length, stats.segments - stats.removedSegments);
    assert.ok(sizes(folder).reduce((sum, size) => sum + size, 0) <= totalBytes);
    const found = await soundsIn(folder);
    assert.ok(found.length > 50);
    assert.deepEqual(found, range(600 - found.length, 600));
  });

  it('go on after those of an earlier session, within the same limit', async (t) => {
    const folder = await temporaryFolder(t);
    writeRecording(folder, sounds(10), { session: 'first', isAbandoned: true, flushEvery: 1 });
    writeRecording(folder, sounds(10, 10), { session: 'second' });
    assert.deepEqual(readdirSync(folder).sort(), ['segment-000001.mcap.partial', 'segment-000002.mcap']);
    assert.deepEqual(await soundsIn(folder), range(0, 20));
    const { removedSegments } = writeRecording(folder, sounds(1, 20), {
      limits: { ...WIDE_LIMITS, totalBytes: 90_000 },
    });
    assert.equal(removedSegments, 1);
    assert.deepEqual(await soundsIn(folder), range(10, 21));
  });
});

/** Files on a disk that fills up: beyond `byteLength` bytes, the system itself says that there is no space. */
function diskOf(byteLength: number): OpenOutput {
  const full = outputOf(openSync('/dev/full', 'w'));
  return (name) => {
    const file = openOutput(name);
    let written = 0;
    return {
      ...file,
      append: (pieces) => {
        for (const piece of pieces) {
          const fits = piece.subarray(0, Math.max(0, byteLength - written));
          file.append([fits]);
          written += fits.byteLength;
          if (fits.byteLength < piece.byteLength) full.append([piece.subarray(fits.byteLength)]);
        }
      },
    };
  };
}

describe('a disk that is full', () => {
  it('ends a recording with a typed error; what was written before is whole', async (t) => {
    const folder = await temporaryFolder(t);
    const record = () => writeRecording(folder, sounds(100), { open: diskOf(40_000), flushEvery: 5 });
    assert.throws(record, refused('DISK_FULL', /ENOSPC/));
    const found = await soundsIn(folder);
    assert.ok(found.length >= 20);
    assert.deepEqual(found, range(0, found.length));
    const items = [];
    for await (const item of readRecording(folder, { memory: new FramePool({ frames: 1, bytes: 1 }) }))
      items.push(item);
    const cut = items.at(-1);
    assert.equal(cut?.kind, 'cut');
    assert.equal(cut.restBytes, 0, 'the record that did not fit was taken back');
  });
});
