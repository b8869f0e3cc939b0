import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { readRecording } from '../../../devices/recording/readRecording';
import { Recorder, type RecorderOptions, type RecorderStatus } from '../../../devices/recording/recorder';
import { systemClock } from '../../../runtime/clock';
import { FramePool } from '../../../runtime/frames';
import type { Reading } from '../../../runtime/reading';
import { refused } from '../../support/refused';
import { temporaryFolder } from '../../support/temporaryFolder';
import { anyReading, bitsOf, TestFrame } from './readings';
import { WIDE_LIMITS } from './writeRecording';

function optionsFor(folder: string, more: Partial<RecorderOptions> = {}): RecorderOptions {
  return { folder, clock: systemClock, limits: WIDE_LIMITS, configuration: '{}', library: 'test', ...more };
}

function picture(): Reading & { readonly frame: TestFrame } {
  const rgb = new Uint8Array(new SharedArrayBuffer(3));
  return {
    source: 'cam0',
    modality: 'vision',
    timeMicros: 1,
    monotonicMicros: 1,
    clockQuality: 'device',
    flags: [],
    width: 1,
    height: 1,
    rgb,
    frame: new TestFrame(rgb.buffer),
  };
}

describe('a recorder', () => {
  it('records every bit in a thread of its own, and gives pictures back', async (t) => {
    const folder = path.join(await temporaryFolder(t), 'made', 'by itself');
    const recorder = await Recorder.create(optionsFor(folder));
    const readings = fc.sample(anyReading, { numRuns: 200, seed: 31 });
    for (const reading of readings) recorder.reading(reading);
    recorder.lost('mic0', 'overrun', 2);
    await recorder.close();
    assert.equal(recorder.status.state, 'closed');
    assert.deepEqual(recorder.stats.messages, readings.length + 1);
    for (const reading of readings)
      if ('frame' in reading) assert.equal((reading.frame as TestFrame).holders, 1, 'only the driver holds it');
    const back: unknown[] = [];
    const losses: unknown[] = [];
    for await (const item of readRecording(folder, { memory: new FramePool({ frames: 2, bytes: 2 ** 20 }) })) {
      if (item.kind === 'reading') back.push(bitsOf(item.reading));
      if (item.kind === 'loss') losses.push([item.source, item.loss.reason, item.loss.amount]);
    }
    assert.deepEqual(
      back,
      readings.map((reading) => bitsOf({ ...reading, flags: [...reading.flags, 'replayed'] })),
    );
    assert.deepEqual(losses, [['mic0', 'overrun', 2]]);
  });

  it('drops and counts what the disk is too slow for', async (t) => {
    const recorder = await Recorder.create(
      optionsFor(await temporaryFolder(t), { queue: { items: 3, bytes: 2 ** 20 } }),
    );
    const pictures = Array.from({ length: 5 }, picture);
    // All in one turn: the thread cannot answer in between.
    for (const one of pictures) recorder.reading(one);
    assert.deepEqual(
      pictures.map(({ frame }) => frame.holders),
      [2, 2, 2, 1, 1],
    );
    assert.equal(recorder.stats.queueFull, 2);
    await recorder.close();
    assert.equal(recorder.stats.messages, 3);
  });

  it('stops when its files cannot be written any more, says why, and stays out of the way', async (t) => {
    const folder = await temporaryFolder(t);
    let onStatus = (_status: RecorderStatus): void => undefined;
    const stopped = new Promise<RecorderStatus>((resolve) => {
      onStatus = resolve;
    });
    const recorder = await Recorder.create(optionsFor(folder, { onStatus }));
    await rm(folder, { recursive: true });
    const one = picture();
    recorder.reading(one);
    const status = await stopped;
    assert.equal(status.state, 'stopped');
    assert.ok(refused('FILE_UNWRITABLE', /ENOENT/)(status.error));
    recorder.reading(one);
    assert.equal(one.frame.holders, 1);
    assert.equal(recorder.stats.afterStop, 2);
    await recorder.close();
    assert.equal(recorder.status.state, 'stopped');
  });

  it('does not start where it cannot write', async (t) => {
    const file = path.join(await temporaryFolder(t), 'file');
    writeFileSync(file, '');
    await assert.rejects(Recorder.create(optionsFor(path.join(file, 'recording'))), refused('FILE_UNWRITABLE'));
    // Here Node's recursive mkdir does not come back.
    await assert.rejects(Recorder.create(optionsFor('/proc/sensebind')), refused('FILE_UNWRITABLE'));
  });
});
