import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { McapStreamReader } from '@mcap/core';
import fc from 'fast-check';
import type { Cut, RecordedItem } from '../../../devices/recording/readRecording';
import { temporaryFolder } from '../../support/temporaryFolder';
import { readBytes } from './memoryInput';
import { anyReading, bitsOf } from './readings';
import { itemOf, segmentBytes, writeRecording } from './writeRecording';

const READINGS = 200;
const CUTS = 100;
const A_CHUNK = 5;

interface Read {
  readonly readings: unknown[];
  readonly cuts: Cut[];
  readonly corruptBytes: number;
}

async function readAll(bytes: Uint8Array): Promise<Read> {
  const readings: unknown[] = [];
  const cuts: Cut[] = [];
  let corruptBytes = 0;
  let last: RecordedItem | undefined;
  for await (const item of readBytes(bytes)) {
    assert.notEqual(last?.kind, 'cut', 'nothing follows a cut');
    last = item;
    if (item.kind === 'reading') readings.push(bitsOf(item.reading));
    if (item.kind === 'cut') cuts.push(item);
    if (item.kind === 'corrupt') corruptBytes += item.byteLength;
  }
  return { readings, cuts, corruptBytes };
}

/** Where each chunk ends, as another reader finds it. */
function chunkEnds(bytes: Uint8Array): number[] {
  const reader = new McapStreamReader({ includeChunks: true });
  const ends: number[] = [];
  for (let position = 0; position < bytes.byteLength; position++) {
    reader.append(bytes.subarray(position, position + 1));
    for (let record = reader.nextRecord(); record; record = reader.nextRecord())
      if (record.type === 'Chunk') ends.push(position + 1);
  }
  return ends;
}

describe('a recording that is not whole', () => {
  let bytes: Buffer;
  let whole: Read;
  let ends: readonly number[];

  before(async () => {
    const cleanUps: (() => Promise<void>)[] = [];
    const folder = await temporaryFolder({ after: (cleanUp) => cleanUps.push(cleanUp) });
    writeRecording(folder, fc.sample(anyReading, { numRuns: READINGS, seed: 11 }).map(itemOf), { flushEvery: A_CHUNK });
    bytes = await segmentBytes(folder);
    for (const cleanUp of cleanUps) await cleanUp();
    whole = await readAll(bytes);
    ends = chunkEnds(bytes);
    assert.equal(ends.length, READINGS / A_CHUNK);
    assert.equal(whole.readings.length, READINGS);
    assert.deepEqual(whole.cuts, []);
  });

  it(`is read up to the last whole chunk before the cut, at each of ${CUTS} places`, async () => {
    const places = fc.sample(fc.nat(bytes.byteLength - 1), { numRuns: CUTS, seed: 12 });
    for (const place of places) {
      const { readings, cuts, corruptBytes } = await readAll(bytes.subarray(0, place));
      const expected = A_CHUNK * ends.filter((end) => end <= place).length;
      assert.deepEqual(readings, whole.readings.slice(0, expected), `cut at ${place}`);
      assert.equal(corruptBytes, 0);
      assert.equal(cuts.length, 1, `cut at ${place} is told`);
      assert.equal((cuts[0]?.atByte ?? 0) + (cuts[0]?.restBytes ?? 0), place);
    }
  });

  it('is read up to the cut where the rest was allocated, but never written', async () => {
    // What stands in front of the chunks is durable before the first of them is written.
    const first = bytes.indexOf('configuration.json') + 200;
    const places = fc.integer({ min: first, max: bytes.byteLength - 1 });
    for (const place of fc.sample(places, { numRuns: CUTS, seed: 13 })) {
      const zeros = Buffer.alloc(bytes.byteLength);
      bytes.copy(zeros, 0, 0, place);
      const { readings } = await readAll(zeros);
      const expected = A_CHUNK * ends.filter((end) => end <= place).length;
      assert.deepEqual(readings.slice(0, expected), whole.readings.slice(0, expected), `zeros from ${place}`);
      assert.ok(readings.length <= expected + A_CHUNK);
    }
  });

  it('loses one chunk for a flipped bit in it, and says how many bytes', async () => {
    const chunk = 7;
    const flipped = Buffer.from(bytes);
    const place = (ends[chunk] ?? 0) - 10;
    flipped[place] = (flipped[place] ?? 0) ^ 4;
    const { readings, corruptBytes } = await readAll(flipped);
    assert.deepEqual(readings, [
      ...whole.readings.slice(0, chunk * A_CHUNK),
      ...whole.readings.slice((chunk + 1) * A_CHUNK),
    ]);
    assert.ok(corruptBytes > 0);
  });
});
