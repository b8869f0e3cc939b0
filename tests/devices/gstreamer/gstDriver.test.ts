import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import type { DeviceDeclaration } from '../../../devices/device';
import type { Command, ProcessEnd, ProcessHandlers } from '../../../devices/ports/process';
import { testCamera } from '../../../devices/vision/testCamera';
import { v4l2Camera } from '../../../devices/vision/v4l2Camera';
import { videoFile } from '../../../devices/vision/videoFile';
import { deviceContext } from '../../support/deviceContext';
import { ManualClock } from '../../support/manualClock';
import { refused } from '../../support/refused';
import { collectingSink } from '../../support/sinks';
import { bufferLine, formatLine } from './tapLines';

const SIZE = { width: 4, height: 2 } as const;
const BUFFER_BYTES = 24;

/** A driver whose program is the test: what it is told comes as if from the program's pipes. */
async function driverOnPort(declaration: DeviceDeclaration, options: object) {
  const clock = new ManualClock();
  const sink = collectingSink();
  const stop = new AbortController();
  const started: { readonly command: Command; readonly handlers: ProcessHandlers }[] = [];
  let closed = 0;
  let end: (end: ProcessEnd) => void = () => undefined;
  const driver = declaration.open(
    options,
    deviceContext({
      clock,
      ports: {
        startProcess: (command, handlers) => {
          started.push({ command, handlers });
          const ended = new Promise<ProcessEnd>((resolve) => {
            end = resolve;
          });
          const close = async (): Promise<ProcessEnd> => {
            closed++;
            end({ kind: 'exited', code: 0, signal: null });
            return ended;
          };
          return { ended, close };
        },
      },
    }),
  );
  const run = driver.run(sink, stop.signal);
  // Tests look at the rejection later.
  run.catch(() => undefined);
  /** Until the program was started for the `count`th time: files are read before, in real time. */
  const begun = async (count: number): Promise<void> => {
    while (started.length < count) await setImmediate();
  };
  await begun(1);
  return {
    begun,
    clock,
    sink,
    stop,
    run,
    started,
    closed: () => closed,
    end: (how: ProcessEnd) => end(how),
    /** One picture, of which every byte is `value`. */
    picture(value = 0): void {
      const handlers = started.at(-1)?.handlers;
      const ptsMicros = clock.monotonicMicros();
      handlers?.report?.(formatLine(SIZE.width, SIZE.height));
      handlers?.report?.(bufferLine({ bytes: BUFFER_BYTES, ptsMicros }));
      handlers?.output(new Uint8Array(BUFFER_BYTES).fill(value));
    },
  };
}

const CAMERA = { kind: 'test-camera' } as const;
const FILE = { kind: 'video-file', file: '/films/a.mp4' } as const;

describe('a pipeline in a program', () => {
  it('ends when its pictures cannot be dealt with, and nothing of that escapes', async () => {
    const device = await driverOnPort(testCamera, CAMERA);
    device.sink.reading = () => assert.fail('a mistake of a reader');
    device.picture();
    device.picture();
    await assert.rejects(device.run, /a mistake of a reader/);
    assert.equal(device.closed(), 1);
  });

  it('is asked to end by SIGINT, and has 3 s for it', async () => {
    const { started, stop, run, closed } = await driverOnPort(testCamera, CAMERA);
    assert.deepEqual(started[0]?.command.ending, { signal: 'SIGINT', grace: 3000 });
    stop.abort();
    await run;
    assert.equal(closed(), 1);
  });

  it('has 15 s for its first picture, then 2 s for each', async () => {
    const { clock, picture, run, closed } = await driverOnPort(testCamera, CAMERA);
    await clock.advance(14_000);
    picture();
    await clock.advance(1900);
    picture();
    await clock.advance(1900);
    assert.equal(closed(), 0);
    await clock.advance(200);
    assert.equal(closed(), 1);
    await assert.rejects(run, refused('DEVICE_FROZEN', /nothing for 2 s/));
    assert.equal(clock.waiting, 0);
  });

  it('has five periods for a picture where these are longer', async () => {
    const { clock, picture, stop, run, closed } = await driverOnPort(testCamera, { ...CAMERA, rateHz: 1 });
    picture();
    await clock.advance(4900);
    assert.equal(closed(), 0);
    stop.abort();
    await run;
    assert.equal(clock.waiting, 0);
  });

  it('of a real camera hangs when it gives the same picture for a minute, unless it may', async () => {
    const options = { kind: 'v4l2-camera', device: '/dev/video0' };
    const hanging = await driverOnPort(v4l2Camera, options);
    const still = await driverOnPort(v4l2Camera, { ...options, mayStandStill: true });
    const changing = await driverOnPort(v4l2Camera, options);
    for (let second = 0; second <= 61; second++) {
      hanging.picture(7);
      still.picture(7);
      changing.picture(second);
      for (const { clock } of [hanging, still, changing]) await clock.advance(1000);
    }
    await assert.rejects(hanging.run, refused('DEVICE_FROZEN', /exactly the same for 60 s/));
    for (const { closed, stop, run } of [still, changing]) {
      assert.equal(closed(), 0);
      stop.abort();
      await run;
    }
  });

  it('that never begins hangs too', async () => {
    const { clock, run } = await driverOnPort(testCamera, CAMERA);
    await clock.advance(15_100);
    await assert.rejects(run, refused('DEVICE_FROZEN', /15 s/));
  });

  it('fails when a camera comes to an end', async () => {
    const { picture, end, run } = await driverOnPort(testCamera, CAMERA);
    picture();
    end({ kind: 'exited', code: 0, signal: null });
    await assert.rejects(run, refused('DEVICE_FAILED', /end of the stream/));
  });

  it('fails when lines and bytes do not fit together', async () => {
    const { started, run } = await driverOnPort(testCamera, CAMERA);
    started[0]?.handlers.report?.(bufferLine({ bytes: 10 }));
    started[0]?.handlers.output(new Uint8Array(10));
    await assert.rejects(run, refused('DEVICE_FAILED', /before its size/));
  });

  it('ends with its file, or begins it again with a gap', async () => {
    const once = await driverOnPort(videoFile, FILE);
    once.picture();
    once.end({ kind: 'exited', code: 0, signal: null });
    await once.run;
    const looping = await driverOnPort(videoFile, { ...FILE, loop: true });
    looping.picture();
    looping.end({ kind: 'exited', code: 0, signal: null });
    await looping.begun(2);
    looping.picture();
    assert.deepEqual(
      looping.sink.readings.map(({ flags }) => flags),
      [[], ['gap']],
    );
    looping.stop.abort();
    await looping.run;
    assert.equal(looping.started.length, 2);
  });

  it('does not begin a file again that has nothing', async () => {
    const { end, run, started } = await driverOnPort(videoFile, { ...FILE, loop: true });
    end({ kind: 'exited', code: 0, signal: null });
    await assert.rejects(run, refused('INPUT_INVALID', /a\.mp4/));
    assert.equal(started.length, 1);
    const hanging = await driverOnPort(videoFile, FILE);
    await hanging.clock.advance(15_100);
    await assert.rejects(hanging.run, refused('INPUT_INVALID'));
  });

  it('counts what was cut off when it dies, and nothing when it is stopped', async () => {
    for (const isStopped of [false, true]) {
      const { started, end, run, stop, sink } = await driverOnPort(testCamera, CAMERA);
      started[0]?.handlers.report?.(formatLine(SIZE.width, SIZE.height));
      started[0]?.handlers.report?.(bufferLine({ bytes: BUFFER_BYTES }));
      started[0]?.handlers.output(new Uint8Array(10));
      if (isStopped) stop.abort();
      else end({ kind: 'exited', code: null, signal: 'SIGKILL' });
      await run.catch(() => undefined);
      assert.deepEqual(sink.losses, isStopped ? {} : { 'corrupt-bytes': 10 });
    }
  });

  it('keeps the first error of what it says, not what follows from it', async () => {
    const { started, end, run } = await driverOnPort(testCamera, CAMERA);
    const say = (line: string): void => started[0]?.handlers.message(line);
    for (let count = 0; count < 100; count++)
      say(`WARNING: from element /GstPipeline:pipeline0/GstX:x: warning ${count}`);
    say('ERROR: from element /GstPipeline:pipeline0/GstX:x: the cause');
    for (let count = 0; count < 100; count++)
      say(`ERROR: from element /GstPipeline:pipeline0/GstX:x: consequence ${count}`);
    end({ kind: 'exited', code: 1, signal: null });
    await assert.rejects(run, refused('DEVICE_FAILED', /found: the cause/));
  });
});
