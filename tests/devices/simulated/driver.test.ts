import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import {
  simulatedDevices,
  simulatedImu,
  simulatedMicrophone,
  simulatedThermal,
} from '../../../devices/simulated/devices';
import { listenForTruth } from '../../../devices/simulated/sharedWorld';
import type { Truth } from '../../../devices/simulated/truth';
import { FramePool } from '../../../runtime/frames';
import type { Reading } from '../../../runtime/reading';
import { deviceContext } from '../../support/deviceContext';
import { ManualClock } from '../../support/manualClock';
import { refused } from '../../support/refused';
import { collectingSink } from '../../support/sinks';
import { temporaryFolder } from '../../support/temporaryFolder';

const SCRIPT = `version: 1
seed: 3
length: 4
events:
  - { at: 1, event: glass_break, for: 1.5 }
  - { at: 2, event: person_walking }
`;

/** Runs devices on one clock until all have come to the end of the script, or `seconds` have passed. */
async function play(
  context: TestContext,
  kinds: readonly string[],
  options: { readonly seconds?: number; readonly clock?: ManualClock; readonly small?: boolean } = {},
): Promise<{
  readonly sinks: ReturnType<typeof collectingSink>[];
  readonly truth: Truth[];
  readonly clock: ManualClock;
}> {
  const folder = await temporaryFolder(context);
  await writeFile(path.join(folder, 'script.yaml'), SCRIPT);
  const clock = options.clock ?? new ManualClock();
  const truth: Truth[] = [];
  const deafen = listenForTruth(clock, (told) => truth.push(told));
  const stop = new AbortController();
  let running = kinds.length;
  const sinks = kinds.map(() => collectingSink());
  const runs = kinds.map((kind, index) => {
    const device = simulatedDevices.find((candidate) => candidate.kind === kind)!;
    const size = device.modality === 'thermal' || device.modality === 'vision' || device.modality === 'depth';
    const driver = device.open(
      { kind, script: 'script.yaml', ...(size ? { width: 32, height: 24 } : {}) },
      { ...deviceContext({ clock, folder }), source: `${kind}${index}` },
    );
    return driver.run(sinks[index]!, stop.signal).finally(() => running--);
  });
  // The script is a file: it is read before the world's time starts.
  while (sinks[0]!.readings.length === 0) await clock.advance(1);
  for (let tenth = 0; tenth < 10 * (options.seconds ?? 5) && running > 0; tenth++) await clock.advance(100);
  stop.abort();
  await Promise.all(runs);
  deafen();
  return { sinks, truth, clock };
}

const timesOf = (readings: readonly Reading[]): number[] =>
  readings.map(({ monotonicMicros }) => monotonicMicros - readings[0]!.monotonicMicros);

describe('simulated devices', () => {
  it('show every moment once, in step, marked as simulated, until the script ends', async (context) => {
    const kinds = simulatedDevices.map(({ kind }) => kind);
    const { sinks } = await play(context, kinds);
    const counts = Object.fromEntries(kinds.map((kind, index) => [kind, sinks[index]!.readings.length]));
    assert.deepEqual(counts, {
      'simulated-camera': 20,
      'simulated-depth': 20,
      'simulated-thermal': 32,
      'simulated-microphone': 80,
      'simulated-imu': 80,
      'simulated-radar': 40,
    });
    for (const { readings, losses } of sinks) {
      assert.deepEqual(losses, {});
      const step = 4e6 / readings.length;
      assert.deepEqual(
        timesOf(readings),
        readings.map((_, index) => Math.round(index * step)),
      );
      for (const { clockQuality, flags } of readings)
        assert.deepEqual([clockQuality, flags], ['simulated', ['simulated']]);
    }
    const starts = sinks.map(({ readings }) => readings[0]!);
    const isPicture = ({ modality }: Reading): boolean => modality !== 'audio' && modality !== 'imu';
    const secondZero = starts.map((reading, index) =>
      isPicture(reading) ? reading.monotonicMicros - 4e6 / sinks[index]!.readings.length : reading.monotonicMicros,
    );
    assert.equal(new Set(secondZero).size, 1);
  });

  it('hand over nothing before its time', async (context) => {
    const clock = new ManualClock();
    const folder = await temporaryFolder(context);
    const stop = new AbortController();
    const late: number[] = [];
    const run = simulatedMicrophone
      .open({ kind: 'simulated-microphone', seed: 4 }, deviceContext({ clock, folder }))
      .run(
        {
          reading: (reading) => late.push(clock.monotonicMicros() - (reading.monotonicMicros + 50_000)),
          lost: () => assert.fail('nothing is lost'),
        },
        stop.signal,
      );
    await clock.advance(2000);
    stop.abort();
    await run;
    assert.ok(late.length >= 39);
    assert.ok(late.every((micros) => micros >= 0 && micros < 1000));
  });

  it('tell the truth to whoever listens for it, and to no sink', async (context) => {
    const { truth, sinks } = await play(context, ['simulated-microphone', 'simulated-imu']);
    assert.deepEqual(
      truth.map(({ kind, event, atSeconds }) => [kind, event, atSeconds]),
      [
        ['started', 'glass_break', 1],
        ['started', 'person_walking', 2],
        ['ended', 'glass_break', 2.5],
      ],
    );
    const [first] = sinks[0]!.readings;
    assert.equal(truth[0]!.monotonicMicros, first!.monotonicMicros + 1e6);
    assert.doesNotMatch(
      JSON.stringify(sinks.map(({ readings }) => readings.map((r) => Object.keys(r)))),
      /event|truth/,
    );
  });

  it('go on in step after a restart beside others', async () => {
    const clock = new ManualClock();
    const parts = { ...deviceContext({ clock }) };
    const [stopFirst, stopSecond, stopThird] = [new AbortController(), new AbortController(), new AbortController()];
    const [first, second, third] = [collectingSink(), collectingSink(), collectingSink()];
    const open = () => simulatedMicrophone.open({ kind: 'simulated-microphone', seed: 9 }, parts);
    const runs = [open().run(first, stopFirst.signal), open().run(second, stopSecond.signal)];
    await clock.advance(1010);
    stopSecond.abort();
    await clock.advance(500);
    runs.push(open().run(third, stopThird.signal));
    await clock.advance(1000);
    for (const stop of [stopFirst, stopThird]) stop.abort();
    await Promise.all(runs);
    const times = new Set(first.readings.map(({ monotonicMicros }) => monotonicMicros));
    assert.ok(third.readings.length >= 19);
    assert.ok(third.readings.every(({ monotonicMicros }) => times.has(monotonicMicros)));
  });

  it('skip what was missed while the machine slept, and say so', async () => {
    const clock = new ManualClock();
    const sink = collectingSink();
    const stop = new AbortController();
    const run = simulatedImu.open({ kind: 'simulated-imu', seed: 2 }, deviceContext({ clock })).run(sink, stop.signal);
    await clock.advance(500);
    const before = sink.readings.length;
    clock.sleep(10_000);
    await clock.advance(500);
    stop.abort();
    await run;
    const marked = sink.readings.filter(({ flags }) => flags.includes('gap'));
    // The one that was waited for is whole; the one after it follows the gap.
    assert.deepEqual(marked, [sink.readings[before + 1]]);
    assert.ok(sink.losses.lost! >= 195 && sink.losses.lost! <= 205);
    assert.ok(sink.readings.length - before <= 12);
  });

  it('count pictures for which there is no memory', async () => {
    const clock = new ManualClock();
    const sink = collectingSink();
    const stop = new AbortController();
    const memory = new FramePool({ frames: 2, bytes: 2 ** 20 });
    const options = { kind: 'simulated-thermal', width: 16, height: 12 };
    const run = simulatedThermal.open(options, { ...deviceContext({ clock }), memory }).run(sink, stop.signal);
    await clock.advance(1000);
    stop.abort();
    await run;
    // The sink keeps what it gets.
    assert.equal(sink.readings.length, 2);
    assert.ok(sink.losses.memory! >= 5);
    assert.equal(memory.stats().inUse, 2);
  });

  it('refuse a script that is missing or wrong, and a seed beside a script', async (context) => {
    const folder = await temporaryFolder(context);
    await writeFile(path.join(folder, 'wrong.yaml'), 'version: 1\nlength: 3\nevents: [{ at: 0, event: nothing }]\n');
    const run = async (options: object): Promise<void> => {
      const device = simulatedMicrophone.open({ kind: 'simulated-microphone', ...options }, deviceContext({ folder }));
      await device.run(collectingSink(), new AbortController().signal);
    };
    await assert.rejects(run({ script: 'none.yaml' }), refused('FILE_UNREADABLE'));
    await assert.rejects(run({ script: 'wrong.yaml' }), refused('CONFIG_INVALID', /wrong\.yaml:3:/));
    await assert.rejects(run({ script: 'wrong.yaml', seed: 1 }), refused('CONFIG_INVALID', /both/));
    await assert.rejects(run({ seed: -1 }), refused('CONFIG_INVALID'));
  });
});
