import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, it } from 'node:test';
import type { DeviceDeclaration } from '../../../devices/device';
import { processStarter, type RunningProcess } from '../../../devices/ports/process';
import { csiCamera } from '../../../devices/vision/csiCamera';
import { rtspCamera } from '../../../devices/vision/rtspCamera';
import { testCamera } from '../../../devices/vision/testCamera';
import { v4l2Camera } from '../../../devices/vision/v4l2Camera';
import { videoFile } from '../../../devices/vision/videoFile';
import { systemClock } from '../../../runtime/clock';
import type { SensebindError } from '../../../runtime/errors';
import type { Driver, VisionReading } from '../../../runtime/reading';
import { deviceContext } from '../../support/deviceContext';
import { readingsOf } from '../../support/driverRun';
import { isGStreamerMissing, launch } from '../../support/gstreamer';
import { refused } from '../../support/refused';
import { startRtspServer } from '../../support/rtspServer';
import { collectingSink } from '../../support/sinks';
import { temporaryFolder } from '../../support/temporaryFolder';

function pixels({ rgb }: VisionReading): readonly string[] {
  const found = new Set<string>();
  for (let index = 0; index < rgb.length; index += 3) found.add([...rgb.subarray(index, index + 3)].join());
  return [...found];
}

/** SMPTE EG 1, of 100 % in GStreamer: seven bars, white, yellow, cyan, green, magenta, red, blue. */
const BARS = ['255,255,255', '255,255,0', '0,255,255', '0,255,0', '255,0,255', '255,0,0', '0,0,255'] as const;

/** The bars stand upright: each row is where it belongs. */
function requireBars(reading: VisionReading | undefined): void {
  assert.ok(reading);
  const { rgb, width, height } = reading;
  for (const [bar, expected] of BARS.entries()) {
    const x = Math.round(((bar + 0.5) * width) / BARS.length);
    // Below 2/3 of the height stand other fields.
    for (const y of [0, height >> 2, height >> 1, Math.floor(height * 0.64)]) {
      const at = (y * width + x) * 3;
      const wanted = expected.split(',').map(Number);
      const found = rgb.subarray(at, at + 3);
      const isRight = wanted.every((value, channel) => Math.abs(value - (found[channel] ?? 0)) <= 3);
      assert.ok(isRight, `bar ${bar}, row ${y}: expected ${expected}, found ${found.join()}`);
    }
  }
}

/** How a run of the driver fails. */
async function failureOf(driver: Driver): Promise<SensebindError> {
  let failure: unknown;
  await driver.run(collectingSink(), new AbortController().signal).catch((error: unknown) => {
    failure = error;
  });
  assert.ok(refused((failure as SensebindError).code)(failure), String(failure));
  return failure as SensebindError;
}

describe('the test camera, through the real GStreamer', () => {
  it('gives the colour that was asked for in every pixel, also where rows are padded', async (context) => {
    if (isGStreamerMissing(context)) return;
    // 161 pixels are 483 bytes, and GStreamer makes them 484.
    const options = { kind: 'test-camera', pattern: 'solid-color', colour: '#102030' };
    const driver = testCamera.open(
      { ...options, captureWidth: 161, captureHeight: 31, captureRateHz: 30, rateHz: 30 },
      deviceContext(),
    );
    const { readings } = await readingsOf(driver, 'vision', 3);
    for (const reading of readings) {
      assert.deepEqual([reading.width, reading.height, reading.rgb.length], [161, 31, 161 * 31 * 3]);
      assert.deepEqual(pixels(reading), ['16,32,48']);
    }
  });

  it('puts rows in their place, also in a padded picture', async (context) => {
    if (isGStreamerMissing(context)) return;
    const driver = testCamera.open(
      { kind: 'test-camera', pattern: 'smpte', captureWidth: 323, captureHeight: 240 },
      deviceContext(),
    );
    const { readings } = await readingsOf(driver, 'vision', 1);
    requireBars(readings[0]);
  });

  it('scales down to fit, in the shape of the picture, and never up', async (context) => {
    if (isGStreamerMissing(context)) return;
    for (const [capture, expected] of [
      [{ captureWidth: 640, captureHeight: 360 }, [320, 180]],
      [{ captureWidth: 360, captureHeight: 640 }, [135, 240]],
      [{ captureWidth: 160, captureHeight: 120 }, [160, 120]],
    ] as const) {
      const driver = testCamera.open({ kind: 'test-camera', ...capture, width: 320, height: 240 }, deviceContext());
      const { readings } = await readingsOf(driver, 'vision', 1);
      assert.deepEqual(
        readings.map(({ width, height }) => [width, height]),
        [expected],
      );
    }
  });

  it('lets through as many pictures as were asked for, with times that go on by their period', async (context) => {
    if (isGStreamerMissing(context)) return;
    const driver = testCamera.open(
      { kind: 'test-camera', captureWidth: 64, captureHeight: 64, captureRateHz: 60, rateHz: 20 },
      deviceContext(),
    );
    const { readings } = await readingsOf(driver, 'vision', 24);
    const times = readings.map(({ monotonicMicros }) => monotonicMicros);
    const steps = times.slice(1).map((time, index) => time - (times[index] ?? 0));
    assert.ok(
      steps.every((step) => step >= 0),
      `times ran backwards: ${steps.join()}`,
    );
    const sorted = steps.toSorted((a, b) => a - b);
    // By the pipeline's clock, so that the load of this machine does not matter.
    assert.ok(Math.abs((sorted[12] ?? 0) - 50_000) < 1000, `expected steps of 50 ms, found ${sorted.join()}`);
    assert.ok(readings.every(({ clockQuality, flags }) => clockQuality === 'simulated' && flags.includes('simulated')));
  });

  it('stops when told to, leaves no program behind, and starts again', async (context) => {
    if (isGStreamerMissing(context)) return;
    const running: RunningProcess[] = [];
    const start = processStarter(systemClock);
    const driver = testCamera.open(
      { kind: 'test-camera', captureWidth: 64, captureHeight: 64 },
      deviceContext({
        ports: {
          startProcess: (command, handlers) => {
            const one = start(command, handlers);
            running.push(one);
            return one;
          },
        },
      }),
    );
    await readingsOf(driver, 'vision', 2);
    await readingsOf(driver, 'vision', 2);
    assert.equal(running.length, 2);
    for (const { ended } of running) assert.deepEqual(await ended, { kind: 'exited', code: 0, signal: null });
  });

  it('says so when its program is killed, and gives back all memory', async (context) => {
    if (isGStreamerMissing(context)) return;
    const { children, startProcess } = watchedChildren();
    const device = deviceContext({ ports: { startProcess } });
    const driver = testCamera.open({ kind: 'test-camera', captureWidth: 64, captureHeight: 64 }, device);
    const sink = { reading: () => children.at(0)?.(), lost: () => undefined };
    await assert.rejects(driver.run(sink, new AbortController().signal), refused('DEVICE_FAILED', /SIGKILL/));
    assert.equal(device.memory.stats().inUse, 0);
  });

  it('gives what is new after its reader was held up, and counts what is old', async (context) => {
    if (isGStreamerMissing(context)) return;
    const driver = testCamera.open(
      { kind: 'test-camera', pattern: 'smpte', captureWidth: 640, captureHeight: 480, captureRateHz: 30, rateHz: 30 },
      deviceContext(),
    );
    const losses = new Map<string, number>();
    const after: VisionReading[] = [];
    const stop = new AbortController();
    let readings = 0;
    let resumedMicros = Number.POSITIVE_INFINITY;
    await driver.run(
      {
        reading: (reading) => {
          if (reading.modality !== 'vision') return;
          readings++;
          if (readings === 10) {
            const until = performance.now() + 1500;
            while (performance.now() < until);
            resumedMicros = systemClock.monotonicMicros();
          } else if (readings > 10) {
            requireBars(reading);
            after.push(reading);
            if (after.length === 3) stop.abort();
          }
        },
        lost: (reason, amount) => {
          losses.set(reason, (losses.get(reason) ?? 0) + amount);
        },
      },
      stop.signal,
    );
    assert.ok(after.every(({ monotonicMicros }) => monotonicMicros > resumedMicros - 600_000));
    // Up to 45 pictures in 1.5 s, and fewer on a busy machine.
    assert.ok((losses.get('stale') ?? 0) >= 10, `lost ${JSON.stringify([...losses])}`);
    assert.ok(after[0]?.flags.includes('gap'));
  });
});

describe('video files', () => {
  it('are played to their end at their own pace, whatever their name, and again when asked', async (context) => {
    if (isGStreamerMissing(context)) return;
    const folder = await temporaryFolder(context);
    // A name that would be three elements to a careless program.
    const file = path.join(folder, 'a ! fakesink name=naïve.mkv');
    launch(
      `videotestsrc num-buffers=8 pattern=blue ! video/x-raw,width=64,height=48,framerate=20/1 ! jpegenc ! matroskamux ! filesink location=${path.join(folder, 'plain.mkv')}`,
    );
    assert.equal(spawnSync('mv', [path.join(folder, 'plain.mkv'), file]).status, 0);
    const sink = collectingSink();
    const driver = videoFile.open({ kind: 'video-file', file, rateHz: 20 }, deviceContext());
    await driver.run(sink, new AbortController().signal);
    const pictures = sink.readings.filter((reading) => reading.modality === 'vision');
    assert.ok(pictures.length >= 5 && pictures.length <= 8, `found ${pictures.length} pictures of 8`);
    for (const { width, height, clockQuality, rgb } of pictures) {
      assert.deepEqual([width, height, clockQuality], [64, 48, 'file']);
      const [red = 255, green = 255, blue = 0] = rgb;
      assert.ok(red < 20 && green < 20 && blue > 235, `expected blue, found ${[red, green, blue].join()}`);
    }
    const looping = videoFile.open({ kind: 'video-file', file, rateHz: 20, loop: true }, deviceContext());
    const { readings } = await readingsOf(looping, 'vision', pictures.length + 4);
    assert.ok(readings.slice(1).some(({ flags }) => flags.includes('gap')));
  });

  it('that are none are refused with what helps', async (context) => {
    if (isGStreamerMissing(context)) return;
    const folder = await temporaryFolder(context);
    const text = path.join(folder, 'text.mp4');
    const sound = path.join(folder, 'sound.ogg');
    await writeFile(text, 'not a video\n'.repeat(100));
    launch(`audiotestsrc num-buffers=5 ! vorbisenc ! oggmux ! filesink location=${sound}`);
    for (const [file, code] of [
      [path.join(folder, 'absent.mp4'), 'FILE_UNREADABLE'],
      [folder, 'FILE_UNREADABLE'],
      [text, 'INPUT_UNSUPPORTED'],
      [sound, 'INPUT_UNSUPPORTED'],
    ] as const) {
      const failure = await failureOf(videoFile.open({ kind: 'video-file', file }, deviceContext()));
      assert.equal(failure.code, code, failure.message);
    }
  });

  it('with a quote in their name are refused before anything is started', async () => {
    const failure = await failureOf(videoFile.open({ kind: 'video-file', file: '/tmp/"x' }, deviceContext()));
    assert.equal(failure.code, 'CONFIG_INVALID');
  });
});

describe('cameras that are not there', () => {
  for (const [name, declaration, options, code, cure] of [
    ['USB', v4l2Camera, { kind: 'v4l2-camera', device: '/dev/video97' }, 'DEVICE_ABSENT', /\/dev\/v4l\/by-id/],
    ['a node that is none', v4l2Camera, { kind: 'v4l2-camera', device: '/dev/null' }, 'DEVICE_ABSENT', /v4l2-ctl/],
    ['CSI without a Jetson', csiCamera, { kind: 'csi-camera' }, 'DEVICE_ABSENT', /nvidia-l4t-gstreamer/],
    ['RTSP', rtspCamera, { kind: 'rtsp-camera', url: 'rtsp://127.0.0.1:1/x' }, 'DEVICE_ABSENT', /network/],
  ] as const satisfies readonly (readonly [string, DeviceDeclaration, object, string, RegExp])[]) {
    it(`${name}: an error that says what helps`, async (context) => {
      if (isGStreamerMissing(context)) return;
      const failure = await failureOf(declaration.open(options, deviceContext()));
      assert.equal(failure.code, code, failure.message);
      assert.match(failure.cure, cure);
    });
  }

  it('names the packages when GStreamer is absent', async () => {
    const startProcess = () => ({
      ended: Promise.resolve({ kind: 'absent' } as const),
      close: async () => ({ kind: 'absent' }) as const,
    });
    const failure = await failureOf(
      testCamera.open({ kind: 'test-camera' }, deviceContext({ ports: { startProcess } })),
    );
    assert.equal(failure.code, 'DEVICE_ABSENT');
    assert.match(failure.cure, /apt-get install gstreamer1.0-tools/);
  });
});

describe('cameras on the network', () => {
  const colour = [0x20, 0x60, 0xc0] as const;

  it('are read with user and password, which appear nowhere', async (context) => {
    if (isGStreamerMissing(context)) return;
    const password = 'p@ss"w%r: d!';
    const server = await startRtspServer(context, { username: 'viewer', password });
    const folder = await temporaryFolder(context);
    await writeFile(path.join(folder, 'password'), `${password}\n`);
    const options = { kind: 'rtsp-camera', url: server.url, username: 'viewer', passwordFile: 'password' };
    const driver = rtspCamera.open(options, deviceContext({ folder }));
    const { readings } = await readingsOf(driver, 'vision', 3);
    for (const { width, height, rgb, clockQuality } of readings) {
      assert.deepEqual([width, height, clockQuality], [320, 240, 'device']);
      // JPEG changes a flat colour by little.
      assert.ok(
        colour.every((value, channel) => Math.abs(value - (rgb[channel] ?? 0)) <= 6),
        `${rgb.subarray(0, 3)}`,
      );
    }
    await writeFile(path.join(folder, 'password'), 'wr0ng-secret');
    const failure = await failureOf(driver);
    assert.equal(failure.code, 'DEVICE_FAILED', failure.message);
    assert.match(failure.cure, /passwordFile/);
    assert.doesNotMatch(JSON.stringify([failure.message, failure.cure, failure.stack]), /wr0ng/);
  });

  it('have no address that holds a password, or that begins another element', () => {
    for (const url of [
      'rtsp://viewer:secret@camera/live',
      'rtsp://viewer@camera/live',
      'http://camera/live',
      'rtsp://camera/a b',
      'rtsp://camera/a"b',
      'rtsp://camera/a\\b',
      'rtsp://camera/a\nb',
      'rtsp://camera ! filesink location=/tmp/x',
    ]) {
      const open = (): unknown => rtspCamera.open({ kind: 'rtsp-camera', url }, deviceContext());
      assert.throws(open, (error) => refused('CONFIG_INVALID')(error) && !String(error).includes('secret'), url);
    }
  });

  it('that hang up are told', async (context) => {
    if (isGStreamerMissing(context)) return;
    const server = await startRtspServer(context);
    const driver = rtspCamera.open({ kind: 'rtsp-camera', url: server.url }, deviceContext());
    const sink = { reading: () => server.hangUp(), lost: () => undefined };
    await assert.rejects(driver.run(sink, new AbortController().signal), (error: SensebindError) =>
      error.code.startsWith('DEVICE_'),
    );
  });
});

/** A starter whose programs can be killed from outside, as by the kernel. */
function watchedChildren() {
  const children: (() => void)[] = [];
  const start = processStarter(systemClock);
  const startProcess: typeof start = (command, handlers) => {
    // The shell tells its own number, then becomes the program.
    const script = 'echo "$$" >&2; exec "$0" "$@"';
    return start(
      { ...command, program: 'sh', arguments: ['-c', script, command.program, ...command.arguments] },
      {
        ...handlers,
        message: (line) => {
          if (/^\d+$/.test(line)) children.push(() => process.kill(Number(line), 'SIGKILL'));
          else handlers.message(line);
        },
      },
    );
  };
  return { children, startProcess };
}
