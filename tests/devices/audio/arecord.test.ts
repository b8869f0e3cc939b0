import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { open, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { ArecordDriver } from '../../../devices/audio/arecord';
import { type ProcessEnd, type ProcessHandlers, processStarter } from '../../../devices/ports/process';
import { systemClock } from '../../../runtime/clock';
import type { AudioReading } from '../../../runtime/reading';
import { ManualClock } from '../../support/manualClock';
import { refused } from '../../support/refused';
import { audioSink } from '../../support/sinks';
import { temporaryFolder } from '../../support/temporaryFolder';

const PERIOD_FRAMES = 320;
const PERIOD_MILLIS = 20;

/** True, and the test is skipped, on a machine without alsa-utils. */
function isMissing(context: TestContext): boolean {
  if (!spawnSync('arecord', ['--version']).error) return false;
  context.skip('arecord is missing: apt-get install alsa-utils');
  return true;
}

/** A driver whose program is the test: what it is told comes as if from the program's pipes. */
function driverOnPort(options: { readonly channels?: number } = {}) {
  const clock = new ManualClock();
  let handlers: ProcessHandlers | undefined;
  let closed = false;
  let end: (end: ProcessEnd) => void = () => {};
  const ended = new Promise<ProcessEnd>((resolve) => {
    end = resolve;
  });
  const driver = new ArecordDriver(
    { kind: 'arecord', ...options },
    {
      source: 'mic0',
      clock,
      start: (_, given) => {
        handlers = given;
        const close = async (): Promise<ProcessEnd> => {
          closed = true;
          end({ kind: 'exited', code: 1, signal: null });
          return ended;
        };
        return { ended, close };
      },
    },
  );
  const readings: AudioReading[] = [];
  const stop = new AbortController();
  const run = driver.run(
    audioSink((reading) => readings.push(reading)),
    stop.signal,
  );
  // Tests look at the rejection later.
  run.catch(() => {});
  assert.ok(handlers);
  return { clock, handlers, readings, run, end, stop, isClosed: () => closed };
}

function int16(...values: readonly number[]): Buffer {
  return Buffer.from(Int16Array.from(values).buffer);
}

describe('arecord', () => {
  it('hands over every sample that the real program reads from ALSA', async (context) => {
    if (isMissing(context)) return;
    const folder = await temporaryFolder(context);
    const fifo = path.join(folder, 'mic.fifo');
    const configuration = path.join(folder, 'asound.conf');
    assert.equal(spawnSync('mkfifo', [fifo]).status, 0);
    await writeFile(
      configuration,
      `</usr/share/alsa/alsa.conf>\npcm.fakemic { type file slave.pcm "null" file "/dev/null" infile "${fifo}" format "raw" }\n`,
    );
    process.env['ALSA_CONFIG_PATH'] = configuration;
    const options = { kind: 'arecord', device: 'fakemic' } as const;
    const driver = new ArecordDriver(options, {
      source: 'mic0',
      clock: systemClock,
      start: processStarter(systemClock),
    });
    const stop = new AbortController();
    const isClosed = new AbortController();
    const feeder = feed(fifo, isClosed.signal);
    const heard: number[] = [];
    await driver.run(
      audioSink(({ channels, flags, sampleRateHz }) => {
        assert.deepEqual([channels.length, sampleRateHz, flags], [1, 16_000, []]);
        for (const sample of channels[0] ?? []) heard.push(Math.round(sample * 32_768));
        if (heard.length >= 8000) stop.abort();
      }),
      stop.signal,
    );
    // Not before arecord is gone: without a feeder the plug-in repeats what it has.
    isClosed.abort();
    await feeder;
    const wrong = heard.filter((value, index) => value !== pattern(index)).length;
    assert.equal(wrong, 0, `${wrong} of ${heard.length} samples differ`);
  });

  it('fails, for whoever starts it again, when its program is killed', async () => {
    const { clock, handlers, end, run } = driverOnPort();
    handlers.output(int16(1));
    end({ kind: 'exited', code: null, signal: 'SIGKILL' });
    await assert.rejects(run, refused('DEVICE_FAILED', /ended by SIGKILL/));
    assert.equal(clock.waiting, 0);
  });

  it('says that a device is absent, and how to find its name', async (context) => {
    if (isMissing(context)) return;
    const start = processStarter(systemClock);
    const options = { kind: 'arecord', device: 'plughw:CARD=NoSuchCard' } as const;
    const driver = new ArecordDriver(options, { source: 'mic0', clock: systemClock, start });
    await assert.rejects(
      driver.run(
        audioSink(() => {}),
        new AbortController().signal,
      ),
      (error: unknown) => {
        assert.ok(refused('DEVICE_ABSENT', /NoSuchCard/)(error));
        assert.match((error as { cure: string }).cure, /arecord -L/);
        return true;
      },
    );
  });

  it('names the package when the program is absent', async () => {
    const { run, end } = driverOnPort();
    end({ kind: 'absent' });
    await assert.rejects(run, (error: unknown) => {
      assert.ok(refused('DEVICE_ABSENT')(error));
      assert.match((error as { cure: string }).cure, /apt-get install alsa-utils/);
      return true;
    });
  });

  for (const [said, code, cure] of [
    ['arecord: main:831: audio open error: Permission denied', 'DEVICE_ABSENT', /usermod -aG audio/],
    ['arecord: main:831: audio open error: Device or resource busy', 'DEVICE_FAILED', /fuser/],
    ['arecord: pcm_read:2221: read error: No such device', 'DEVICE_ABSENT', /arecord -L/],
    ['arecord: something new', 'DEVICE_FAILED', /by hand/],
  ] as const) {
    it(`answers "${said}" with ${code}`, async () => {
      const { run, end, handlers } = driverOnPort();
      handlers.message(said);
      end({ kind: 'exited', code: 1, signal: null });
      await assert.rejects(run, (error: unknown) => {
        assert.ok(refused(code)(error));
        assert.match((error as { cure: string }).cure, cure);
        return true;
      });
    });
  }

  it('puts samples together that were cut between two chunks, and keeps channels apart', async () => {
    const { handlers, readings, stop, run } = driverOnPort({ channels: 2 });
    const bytes = int16(1, -1, 2, -2, 3, -3);
    handlers.output(bytes.subarray(0, 5));
    handlers.output(bytes.subarray(5));
    const joined = [0, 1].map((channel) =>
      readings.flatMap(({ channels }) => [...(channels[channel] ?? [])].map((sample) => sample * 32_768)),
    );
    assert.deepEqual(joined, [
      [1, 2, 3],
      [-1, -2, -3],
    ]);
    stop.abort();
    await run;
  });

  it('flags what comes after an overrun, once', async () => {
    const { handlers, readings, stop, run } = driverOnPort();
    handlers.output(int16(1));
    handlers.message('overrun!!! (at least 12.345 ms long)');
    handlers.output(int16(2));
    handlers.output(int16(3));
    assert.deepEqual(
      readings.map(({ flags }) => flags),
      [[], ['gap', 'overrun'], []],
    );
    stop.abort();
    await run;
  });

  it('closes a program that hands over nothing for 5 s', async () => {
    const { clock, handlers, run, isClosed } = driverOnPort();
    await clock.advance(4000);
    handlers.output(int16(1));
    await clock.advance(4000);
    assert.equal(isClosed(), false);
    await clock.advance(1500);
    assert.equal(isClosed(), true);
    await assert.rejects(run, refused('DEVICE_FROZEN', /5 s/));
    assert.equal(clock.waiting, 0);
  });
});

describe('a program as a port', () => {
  it('hands over output and lines, and how it ended', async () => {
    const output: Buffer[] = [];
    const lines: string[] = [];
    const running = processStarter(systemClock)(
      { program: 'sh', arguments: ['-c', 'printf "a\\0b"; printf "one\\ntwo" >&2; exit 3'] },
      { output: (bytes) => output.push(Buffer.from(bytes)), message: (line) => lines.push(line) },
    );
    assert.deepEqual(await running.ended, { kind: 'exited', code: 3, signal: null });
    assert.equal(Buffer.concat(output).toString('latin1'), 'a\0b');
    assert.deepEqual(lines, ['one', 'two']);
  });

  it('tells an absent program', async () => {
    const handlers = { output: () => {}, message: () => {} };
    const running = processStarter(systemClock)({ program: 'no-such-program', arguments: [] }, handlers);
    assert.deepEqual(await running.ended, { kind: 'absent' });
    assert.deepEqual(await running.close(), { kind: 'absent' });
  });

  it('ends a program that ignores SIGTERM', async () => {
    const clock = new ManualClock();
    let isReady: () => void = () => {};
    const ready = new Promise<void>((resolve) => {
      isReady = resolve;
    });
    const handlers = { output: () => isReady(), message: () => {} };
    const command = {
      program: 'sh',
      arguments: ['-c', 'trap "" TERM; echo ready; while :; do read x < /dev/zero; done'],
    };
    const running = processStarter(clock)(command, handlers);
    await ready;
    const end = running.close();
    await clock.advance(2000);
    assert.deepEqual(await end, { kind: 'exited', code: null, signal: 'SIGKILL' });
  });
});

/** A sawtooth that tells every sample from its neighbours. */
function pattern(index: number): number {
  return (index % 30_000) - 15_000;
}

/** Writes the pattern at the pace of a sound card, a period at a time, as the plug-in expects. */
async function feed(fifo: string, signal: AbortSignal): Promise<void> {
  const file = await open(fifo, 'w');
  const stream = file.createWriteStream();
  stream.on('error', () => {});
  let sent = 0;
  const started = performance.now();
  const timer = setInterval(() => {
    const due = Math.floor((performance.now() - started) / PERIOD_MILLIS);
    for (; sent < due; sent++) {
      stream.write(
        int16(...Array.from({ length: PERIOD_FRAMES }, (_, index) => pattern(sent * PERIOD_FRAMES + index))),
      );
    }
  }, PERIOD_MILLIS / 2);
  if (!signal.aborted) await once(signal, 'abort');
  clearInterval(timer);
  stream.destroy();
}
