import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { decodeReading } from '../../../devices/recording/decodeMessage';
import { encodeReading } from '../../../devices/recording/encodeMessage';
import { readRecording } from '../../../devices/recording/readRecording';
import type { RecordingItem } from '../../../devices/recording/recordingItem';
import { FramePool } from '../../../runtime/frames';
import { refused } from '../../support/refused';
import { temporaryFolder } from '../../support/temporaryFolder';
import { anyReading, bitsOf } from './readings';
import { itemOf, START_MICROS, writeRecording } from './writeRecording';

function pool(): FramePool {
  return new FramePool({ frames: 4, bytes: 2 ** 22 });
}

describe('a recording', () => {
  it('gives back every bit of a reading from its message', () => {
    const memory = pool();
    fc.assert(
      fc.property(anyReading, (reading) => {
        const { data } = encodeReading(reading);
        const back = decodeReading(data, { source: reading.source, modality: reading.modality, memory });
        assert.ok(back);
        assert.deepEqual(bitsOf(back), bitsOf(reading));
        if ('frame' in back) back.frame.release();
      }),
      { numRuns: 500 },
    );
    assert.equal(memory.stats().inUse, 0);
  });

  it('gives back all readings in their order from its files, and says that they are replayed', async (t) => {
    const folder = await temporaryFolder(t);
    const readings = fc.sample(anyReading, { numRuns: 300, seed: 4 });
    writeRecording(folder, readings.map(itemOf), { flushEvery: 17, stepMicros: 250 });
    const memory = pool();
    const back: unknown[] = [];
    for await (const item of readRecording(folder, { memory })) {
      if (item.kind !== 'reading') continue;
      assert.equal(item.logMicros, START_MICROS + back.length * 250);
      back.push(bitsOf(item.reading));
    }
    assert.deepEqual(
      back,
      readings.map((reading) => bitsOf({ ...reading, flags: [...reading.flags, 'replayed'] })),
    );
    assert.equal(memory.stats().inUse, 0);
  });

  it('gives back losses, embeddings and documents', async (t) => {
    const folder = await temporaryFolder(t);
    const embedding = {
      vector: Float32Array.of(0.6, -0.8, 0),
      space: 'imagebind-1234',
      encoder: 'ab'.repeat(32),
      modality: 'audio',
      preset: 'imagebind-audio',
      precision: 'fp32',
      logitScale: 20.5,
      sources: ['mic0', 'mic1'],
      startMicros: START_MICROS,
      endMicros: START_MICROS + 2_000_000,
      sequence: 7,
      flags: ['gap', 'untrained'] as const,
    };
    const loss = { timeMicros: START_MICROS + 5, reason: 'overrun', amount: 3 } as const;
    const value = { k: [{ l: 'door', p: 0.5 }], text: '{"[[' };
    const items: readonly RecordingItem[] = [
      { kind: 'loss', source: 'mic0', ...loss },
      { kind: 'embedding', source: 'mic0', embedding },
      {
        kind: 'document',
        source: 'mic0',
        document: { name: 'scores/1', timeMicros: START_MICROS, schema: { type: 'object' }, value },
      },
    ];
    writeRecording(folder, items);
    const back = [];
    for await (const item of readRecording(folder, { memory: pool() })) back.push(item);
    const logged = (index: number) => ({ source: 'mic0', logMicros: START_MICROS + 1000 * index });
    const [session, ...rest] = back;
    assert.equal(session?.kind, 'session');
    assert.equal(session.configuration, '{"node":"test"}');
    assert.deepEqual(rest, [
      { ...logged(0), kind: 'loss', loss },
      { ...logged(1), kind: 'embedding', embedding },
      { ...logged(2), kind: 'document', name: 'scores/1', value },
    ]);
  });

  it('refuses readings that are not what their type promises, and counts them', async (t) => {
    const reading = {
      source: 'mic0',
      modality: 'audio',
      timeMicros: START_MICROS,
      monotonicMicros: 0,
      clockQuality: 'arrival',
      flags: [],
      sampleRateHz: 16_000,
      channels: [new Float32Array(3), new Float32Array(2)],
    } as const;
    assert.throws(() => encodeReading(reading), refused('INPUT_INVALID', /channels of different lengths/));
    const stats = writeRecording(await temporaryFolder(t), [
      { kind: 'reading', reading },
      { kind: 'reading', reading: { ...reading, channels: [new Float32Array(3)] } },
      { kind: 'reading', reading: { ...reading, timeMicros: 0.5, channels: [new Float32Array(3)] } },
      { kind: 'reading', reading: { ...reading, source: '../mic', channels: [new Float32Array(3)] } },
    ]);
    assert.deepEqual({ messages: stats.messages, invalid: stats.invalid }, { messages: 1, invalid: 3 });
  });
});
