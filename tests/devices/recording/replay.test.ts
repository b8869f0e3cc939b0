import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { deviceDeclarations } from '../../../devices/catalogue';
import { encodeReading } from '../../../devices/recording/encodeMessage';
import type { RecordedItem } from '../../../devices/recording/readRecording';
import { recordingInfo } from '../../../devices/recording/recordingInfo';
import type { RecordingItem } from '../../../devices/recording/recordingItem';
import { replayInLockStep, replayInTime } from '../../../devices/recording/replay';
import { ReplayClock } from '../../../devices/recording/replayClock';
import type { Millis } from '../../../runtime/clock';
import { FramePool } from '../../../runtime/frames';
import { deviceContext } from '../../support/deviceContext';
import { ManualClock } from '../../support/manualClock';
import { refused } from '../../support/refused';
import { collectingSink } from '../../support/sinks';
import { temporaryFolder } from '../../support/temporaryFolder';
import { anyReading } from './readings';
import { itemOf, OFFSET_MICROS, START_MICROS, writeRecording } from './writeRecording';

const SECOND = 1_000_000;

function motion(source: string, monotonicMicros: number): RecordingItem {
  const axis = Float32Array.of(1, 2);
  return {
    kind: 'reading',
    reading: {
      source,
      modality: 'imu',
      timeMicros: START_MICROS,
      monotonicMicros,
      clockQuality: 'device',
      flags: [],
      sampleMicros: Float64Array.of(monotonicMicros, monotonicMicros + 10),
      acceleration: [axis, axis, axis],
    },
  };
}

/** Lets everything go on that does not wait for the clock, until something waits for it. */
async function untilWaiting(clock: ManualClock, promise: Promise<unknown>): Promise<void> {
  let isOver = false;
  void promise.finally(() => {
    isOver = true;
  });
  while (clock.waiting === 0 && !isOver) await new Promise<void>((resolve) => setImmediate(resolve));
}

describe('replay in lock step', () => {
  it('gives the same bytes each time, one reading at a time', async (t) => {
    const folder = await temporaryFolder(t);
    writeRecording(folder, fc.sample(anyReading, { numRuns: 150, seed: 41 }).map(itemOf), { flushEvery: 13 });
    const replayed: Buffer[] = [];
    for (let round = 0; round < 2; round++) {
      const memory = new FramePool({ frames: 1, bytes: 2 ** 20 });
      const parts: Uint8Array[] = [];
      let isBusy = false;
      await replayInLockStep(folder, { memory }, async (item) => {
        if (item.kind !== 'reading') return;
        assert.equal(isBusy, false, 'the next reading waits for the one before it');
        isBusy = true;
        await new Promise<void>((resolve) => setImmediate(resolve));
        parts.push(encodeReading(item.reading).data);
        isBusy = false;
      });
      assert.equal(parts.length, 150);
      replayed.push(Buffer.concat(parts));
    }
    assert.ok(replayed[0]?.equals(replayed[1] ?? Buffer.of()));
  });

  it('drives a clock: timers fire between the readings where they are due', async (t) => {
    const folder = await temporaryFolder(t);
    const items = [0, 1, 2].map(() => motion('imu0', 5));
    writeRecording(folder, items, { stepMicros: SECOND });
    const clock = new ReplayClock();
    const seen: string[] = [];
    await replayInLockStep(folder, { memory: new FramePool({ frames: 1, bytes: 1 }), clock }, (item) => {
      if (item.kind !== 'reading') return;
      const micros = clock.monotonicMicros();
      assert.equal(clock.epochMicros() - micros, OFFSET_MICROS);
      seen.push(`reading at ${micros - (START_MICROS - OFFSET_MICROS)}`);
      const cancelled = clock.setTimer(100 as Millis, () => seen.push('never'));
      clock.setTimer(300 as Millis, () => seen.push(`timer at ${clock.monotonicMicros() - micros}`));
      cancelled.cancel();
    });
    assert.deepEqual(seen, [
      'reading at 0',
      'timer at 300000',
      'reading at 1000000',
      'timer at 300000',
      'reading at 2000000',
    ]);
  });

  it('fails, and does not drop, when the consumer keeps every picture', async (t) => {
    const folder = await temporaryFolder(t);
    const pictures = fc.sample(
      anyReading.filter((reading) => reading.modality === 'depth'),
      { numRuns: 3, seed: 42 },
    );
    writeRecording(folder, pictures.map(itemOf));
    const keep = (item: RecordedItem): void => {
      if (item.kind === 'reading' && 'frame' in item.reading) item.reading.frame.retain();
    };
    await assert.rejects(
      replayInLockStep(folder, { memory: new FramePool({ frames: 2, bytes: 2 ** 20 }) }, keep),
      refused('QUEUE_FULL'),
    );
  });
});

describe('replay in time', () => {
  it('hands over each item when it is due, at any speed, and does not wait between sessions', async (t) => {
    const folder = await temporaryFolder(t);
    const items = [motion('imu0', 1), motion('imu0', 2)];
    writeRecording(folder, items, { session: 'first', stepMicros: 4 * SECOND });
    writeRecording(folder, items, { session: 'second', stepMicros: 4 * SECOND });
    const clock = new ManualClock();
    const times: number[] = [];
    const options = {
      memory: new FramePool({ frames: 1, bytes: 1 }),
      clock,
      speed: 2,
      signal: new AbortController().signal,
    };
    const replay = replayInTime(folder, options, ({ kind }) => {
      if (kind === 'reading') times.push(clock.monotonicMicros());
    });
    await untilWaiting(clock, replay);
    assert.deepEqual(times, [0]);
    await clock.advance(1999);
    assert.deepEqual(times, [0]);
    await clock.advance(1);
    await untilWaiting(clock, replay);
    assert.deepEqual(times, [0, 2 * SECOND, 2 * SECOND]);
    await clock.advance(2000);
    await replay;
    assert.deepEqual(times, [0, 2 * SECOND, 2 * SECOND, 4 * SECOND]);
  });

  it('is a device a source: readings on this clock, in the name of the source that plays them', async (t) => {
    const folder = await temporaryFolder(t);
    const startMonotonic = START_MICROS - OFFSET_MICROS;
    writeRecording(
      folder,
      [
        motion('other', startMonotonic),
        motion('imu0', startMonotonic - 70),
        { kind: 'loss', source: 'imu0', timeMicros: START_MICROS, reason: 'lost', amount: 4 },
      ],
      { stepMicros: 0 },
    );
    const declaration = deviceDeclarations.find(({ kind }) => kind === 'replay-imu');
    assert.equal(declaration?.modality, 'imu');
    const clock = new ManualClock();
    clock.sleep(9000);
    const context = deviceContext({ clock, folder });
    const sink = collectingSink();
    const options = { kind: 'replay-imu', path: '.', source: 'imu0' };
    await declaration.open(options, context).run(sink, new AbortController().signal);
    const [reading, ...more] = sink.readings;
    assert.deepEqual(more, []);
    assert.equal(reading?.modality, 'imu');
    assert.equal(reading.source, 'device0');
    assert.equal(reading.timeMicros, START_MICROS);
    assert.equal(reading.monotonicMicros, 9 * SECOND - 70);
    assert.deepEqual([...reading.sampleMicros], [9 * SECOND - 70, 9 * SECOND - 60]);
    assert.deepEqual(reading.flags, ['replayed']);
    assert.deepEqual(sink.losses, { lost: 4 });
    await assert.rejects(
      declaration.open({ ...options, source: 'imu7' }, context).run(sink, new AbortController().signal),
      refused('CONFIG_INVALID', /found other \(imu\), imu0 \(imu\)/),
    );
  });
});

describe('what a recording holds', () => {
  it('is nothing where there is no recording', async (t) => {
    const folder = await temporaryFolder(t);
    await assert.rejects(recordingInfo(folder), refused('FILE_UNREADABLE', /without segment-000001.mcap/));
    await assert.rejects(recordingInfo(`${folder}/none`), refused('FILE_UNREADABLE', /ENOENT/));
  });

  it('is listed by source, with cuts and damage', async (t) => {
    const folder = await temporaryFolder(t);
    const items = [motion('imu0', 1), motion('imu1', 2), motion('imu0', 3)];
    writeRecording(folder, items, { session: 'a', stepMicros: SECOND, flushEvery: 1, isAbandoned: true });
    writeRecording(folder, items.slice(0, 1), { session: 'b' });
    const info = await recordingInfo(folder);
    assert.deepEqual([info.files, info.sessions, info.cuts.length, info.corruptBytes], [2, 2, 1, 0]);
    assert.deepEqual(
      info.channels.map(({ source, kind, name, count }) => [source, kind, name, count]),
      [
        ['imu0', 'reading', 'imu', 3],
        ['imu1', 'reading', 'imu', 1],
      ],
    );
  });
});
