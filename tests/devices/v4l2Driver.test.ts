import assert from 'node:assert/strict';
import { chmod, mkdir, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { realsense } from '../../devices/depth/realsense';
import { machinePorts } from '../../devices/ports/ports';
import { lepton } from '../../devices/thermal/lepton';
import { systemClock } from '../../runtime/clock';
import { deviceContext } from '../support/deviceContext';
import { ManualClock } from '../support/manualClock';
import { refused } from '../support/refused';
import { collectingSink } from '../support/sinks';
import { temporaryFolder } from '../support/temporaryFolder';
import { testProcess } from '../support/testProcess';

/** Where a stand-in for v4l2-ctl and its device are. */
interface Stage {
  readonly folder: string;
  readonly device: string;
}

/**
 * A program called v4l2-ctl, first on the PATH, that writes pictures as the real one does, byte for byte
 * (reference/devices.md §6), one each 20 ms, until it is stopped or has no more.
 */
async function standIn(context: TestContext, script: string): Promise<Stage> {
  const folder = await temporaryFolder(context);
  const program = path.join(folder, 'bin', 'v4l2-ctl');
  await mkdir(path.dirname(program));
  await writeFile(
    program,
    `#!${process.execPath}
const frame = (sequence, bytes, seconds) => {
  const header = Buffer.from('rdhV\\0\\0\\0\\0', 'latin1');
  header.writeUInt32BE(bytes.length, 4);
  process.stderr.write('cap dqbuf: ' + (sequence % 4) + ' seq: ' + String(sequence).padStart(6) + ' bytesused: ' +
    bytes.length + ' ts: ' + seconds.toFixed(6) + ' delta: 33.333 ms field: None (ts-monotonic, ts-src-eof)\\n');
  process.stdout.write(Buffer.concat([header, bytes]));
};
const words = (...values) => Buffer.from(Uint16Array.from(values).buffer);
const fail = (line, code = 1) => { process.stderr.write(line + '\\n'); process.exitCode = code; };
const arguments_ = process.argv.slice(2);
${script}
`,
  );
  await chmod(program, 0o755);
  const device = path.join(folder, 'camera');
  await writeFile(device, '');
  const before = process.env['PATH'];
  process.env['PATH'] = `${path.dirname(program)}${path.delimiter}${before}`;
  context.after(() => {
    process.env['PATH'] = before;
  });
  return { folder, device };
}

/** Frames of 16 × 16 steps of depth, one of them missing in the count of the sensor. */
const DEPTH_SCRIPT = `
let sequence = 0;
const next = () => {
  if (sequence === 3) sequence++;
  frame(sequence, words(...Array.from({ length: 256 }, (_, index) => sequence * 1000 + index)), 50 + sequence / 50);
  sequence++;
};
setInterval(next, 20);
`;

describe('a camera behind v4l2-ctl', () => {
  it('gives the depth that the program writes, with gaps of the sensor counted', async (context) => {
    const { device } = await standIn(context, DEPTH_SCRIPT);
    const driver = realsense.open({ kind: 'realsense', device, width: 16, height: 16 }, deviceContext());
    const sink = collectingSink();
    const stop = new AbortController();
    const take = sink.reading;
    await driver.run(
      {
        ...sink,
        reading: (reading) => {
          take(reading);
          if (sink.readings.length === 5) stop.abort();
        },
      },
      stop.signal,
    );
    const frames = sink.readings.map((reading) => {
      assert.ok(reading.modality === 'depth');
      return reading;
    });
    assert.deepEqual(
      frames.map(({ metres }) => metres[0]),
      [0, 1, 2, 4, 5].map((number) => Math.fround(number)),
    );
    assert.equal(frames[1]?.metres[7], Math.fround(1.007));
    assert.deepEqual(
      frames.map(({ flags }) => flags),
      [[], [], [], ['gap'], []],
    );
    assert.equal(sink.losses.lost, 1);
    assert.ok(frames.every(({ clockQuality }) => clockQuality === 'device'));
    const steps = frames
      .slice(1)
      .map(({ monotonicMicros }, at) => monotonicMicros - (frames[at]?.monotonicMicros ?? 0));
    assert.ok(steps.every((step) => step >= 0));
  });

  it('asks for the format and the rate that were configured', async (context) => {
    const { device } = await standIn(context, 'fail(JSON.stringify(arguments_)); setTimeout(() => {}, 10);');
    const driver = lepton.open({ kind: 'lepton', device, telemetry: true }, deviceContext());
    await assert.rejects(driver.run(collectingSink(), new AbortController().signal), (error: Error) => {
      const [, written = ''] = /found: (\[.*\])/.exec(error.message) ?? [];
      assert.deepEqual(JSON.parse(written), [
        ...['-d', device, '--set-fmt-video=width=160,height=122,pixelformat=Y16 '],
        ...['--set-parm=9', '--stream-mmap=4', '--stream-to-hdr=-', '--verbose'],
      ]);
      return true;
    });
  });

  for (const { says, code } of [
    { says: 'Cannot open device /dev/video9, exiting.', code: 'DEVICE_ABSENT' },
    { says: 'VIDIOC_STREAMON returned -1 (Device or resource busy)', code: 'DEVICE_FAILED' },
    { says: 'Failed to open /dev/video0: Permission denied', code: 'DEVICE_ABSENT' },
    { says: 'VIDIOC_S_FMT: failed: Invalid argument', code: 'CONFIG_INVALID' },
    { says: 'something new', code: 'DEVICE_FAILED' },
  ] as const) {
    it(`answers "${says}" with ${code}`, async (context) => {
      const { device } = await standIn(context, `fail(${JSON.stringify(says)});`);
      const driver = lepton.open({ kind: 'lepton', device }, deviceContext());
      await assert.rejects(driver.run(collectingSink(), new AbortController().signal), refused(code));
    });
  }

  it('is absent without its device, and without the program', async (context) => {
    const folder = await temporaryFolder(context);
    const device = path.join(folder, 'camera');
    const driver = lepton.open({ kind: 'lepton', device }, deviceContext());
    const run = () => driver.run(collectingSink(), new AbortController().signal);
    await assert.rejects(run(), refused('DEVICE_ABSENT', /nothing there/));
    await writeFile(device, '');
    const before = process.env['PATH'];
    process.env['PATH'] = folder;
    context.after(() => {
      process.env['PATH'] = before;
    });
    await assert.rejects(run(), refused('DEVICE_ABSENT', /stdbuf/));
  });
});

describe('pictures and their stamps', () => {
  const PICTURE_BYTES = 16 * 16 * 2;

  /** A RealSense whose two pipes are written by the test; the first word of a picture is its number. */
  async function running(context: TestContext) {
    const device = path.join(await temporaryFolder(context), 'camera');
    await writeFile(device, '');
    const process = testProcess();
    const clock = new ManualClock();
    await clock.advance(10_000);
    const driver = realsense.open(
      { kind: 'realsense', device, width: 16, height: 16 },
      deviceContext({ clock, ports: { startProcess: process.start } }),
    );
    const sink = collectingSink();
    const stop = new AbortController();
    const run = driver.run(sink, stop.signal);
    run.catch(() => undefined);
    const picture = (number: number, bytes = PICTURE_BYTES): void => {
      const frame = Buffer.alloc(8 + bytes);
      frame.write('rdhV', 'latin1');
      frame.writeUInt32BE(bytes, 4);
      frame.writeUInt16LE(number * 1000, 8);
      process.output(frame);
    };
    const stamp = (number: number, bytes = PICTURE_BYTES): void =>
      process.message(
        `cap dqbuf: 0 seq: ${number} bytesused: ${bytes} ts: ${(number / 30).toFixed(6)} field: None (ts-monotonic, ts-src-eof)`,
      );
    /** What came out: the number of each picture, and how many periods after the first one it was taken. */
    const found = () => {
      const readings = sink.readings.map((reading) => {
        assert.ok(reading.modality === 'depth');
        return reading;
      });
      const [first] = readings;
      return readings.map(({ metres, monotonicMicros, flags }) => ({
        number: Math.round(metres[0] ?? 0),
        periods: Math.round(((monotonicMicros - (first?.monotonicMicros ?? 0)) * 30) / 1e6),
        flags,
      }));
    };
    return { picture, stamp, found, clock, run, stop, losses: sink.losses };
  }

  it('stay together after this process was busy and read the pictures of some time before their stamps', async (context) => {
    const { picture, stamp, found, clock, run, stop, losses } = await running(context);
    picture(0);
    stamp(0);
    await clock.advance(200);
    for (const number of [1, 2, 3, 4, 5, 6]) picture(number);
    for (const number of [1, 2, 3, 4, 5, 6]) stamp(number);
    await clock.advance(33);
    picture(7);
    stamp(7);
    stop.abort();
    await run;
    assert.deepEqual(found(), [
      { number: 0, periods: 0, flags: [] },
      { number: 6, periods: 6, flags: ['gap'] },
      { number: 7, periods: 7, flags: [] },
    ]);
    assert.deepEqual(losses, { stale: 5 });
  });

  it('stay together where the stamps of some time come before their pictures', async (context) => {
    const { picture, stamp, found, clock, run, stop, losses } = await running(context);
    const numbers = Array.from({ length: 10 }, (_, index) => index);
    await clock.advance(400);
    for (const number of numbers) stamp(number);
    for (const number of numbers) picture(number);
    stop.abort();
    await run;
    assert.deepEqual(
      found().map(({ number, flags }) => ({ number, flags })),
      numbers.map((number) => ({ number, flags: [] })),
    );
    assert.deepEqual(losses, {});
  });

  it('stay together over a picture that was cut short', async (context) => {
    const { picture, stamp, found, clock, run, stop, losses } = await running(context);
    for (const number of [0, 1, 2, 3]) {
      const bytes = number === 1 ? 100 : PICTURE_BYTES;
      picture(number, bytes);
      stamp(number, bytes);
      await clock.advance(1000 / 30);
    }
    stop.abort();
    await run;
    assert.deepEqual(found(), [
      { number: 0, periods: 0, flags: [] },
      { number: 2, periods: 2, flags: ['gap'] },
      { number: 3, periods: 3, flags: [] },
    ]);
    assert.deepEqual(losses, { 'corrupt-bytes': 108, lost: 1 });
  });

  it('come without stamps where the program writes none', async (context) => {
    const { picture, found, run, stop } = await running(context);
    for (const number of [0, 1, 2]) picture(number);
    stop.abort();
    await run;
    assert.deepEqual(
      found().map(({ number }) => number),
      [0, 1],
    );
  });

  it('end with the size that the camera chose instead of the one it was asked for', async (context) => {
    const { picture, stamp, run } = await running(context);
    for (let number = 0; number < 10; number++) {
      picture(number, 1000);
      stamp(number, 1000);
    }
    await assert.rejects(run, refused('CONFIG_INVALID', /512 bytes .*16x16.* found 1000/));
  });
});

describe('cameras that are plugged in', () => {
  /** Files of /sys and /dev as they stand with a Lepton and a RealSense; the latter has two nodes. */
  async function fakeMachine(context: TestContext) {
    const folder = await temporaryFolder(context);
    const [dev, sys] = [path.join(folder, 'dev'), path.join(folder, 'sys')];
    await mkdir(path.join(dev, 'v4l', 'by-id'), { recursive: true });
    const nodes = [
      { node: 'video0', usb: '1-1', id: ['8086', '0b07'], title: 'Intel(R) RealSense(TM) Depth Camera 435', index: 0 },
      { node: 'video2', usb: '1-1', id: ['8086', '0b07'], title: 'Intel(R) RealSense(TM) RGB Camera 435', index: 0 },
      { node: 'video4', usb: '1-2', id: ['1e4e', '0100'], title: 'PureThermal 2: PureThermal 2', index: 0 },
      { node: 'video5', usb: '1-2', id: ['1e4e', '0100'], title: 'PureThermal 2: PureThermal 2', index: 1 },
    ];
    for (const { node, usb, id, title, index } of nodes) {
      const port = path.join(sys, 'devices', 'usb1', usb);
      const connection = path.join(port, `${usb}:1.${node === 'video2' ? 3 : 0}`);
      await mkdir(connection, { recursive: true });
      await writeFile(path.join(port, 'idVendor'), `${id[0]}\n`);
      await writeFile(path.join(port, 'idProduct'), `${id[1]}\n`);
      const entry = path.join(sys, 'class', 'video4linux', node);
      await mkdir(entry, { recursive: true });
      await symlink(connection, path.join(entry, 'device'));
      await writeFile(path.join(entry, 'name'), `${title}\n`);
      await writeFile(path.join(entry, 'index'), `${index}\n`);
      await writeFile(path.join(dev, node), '');
      await symlink(`../../${node}`, path.join(dev, 'v4l', 'by-id', `usb-${title.split(' ')[0]}-${node}`));
    }
    return { ...machinePorts(systemClock), roots: { dev, sys, proc: path.join(folder, 'proc') } };
  }

  it('are found by what they say on USB, under a name that stays', async (context) => {
    const ports = await fakeMachine(context);
    const found = await lepton.discover?.(ports);
    assert.deepEqual(found, [
      {
        name: 'PureThermal 2: PureThermal 2',
        options: { kind: 'lepton', device: path.join(ports.roots.dev, 'v4l', 'by-id', 'usb-PureThermal-video4') },
        certainty: 'certain',
      },
    ]);
  });

  it('count once where one camera has a node of depth and one of colour', async (context) => {
    const ports = await fakeMachine(context);
    const found = await realsense.discover?.(ports);
    assert.deepEqual(
      found?.map(({ name }) => name),
      ['Intel(R) RealSense(TM) Depth Camera 435'],
    );
  });

  it('are none on a machine without cameras', async (context) => {
    const folder = await temporaryFolder(context);
    const ports = { ...machinePorts(systemClock), roots: { dev: folder, sys: folder, proc: folder } };
    assert.deepEqual(await lepton.discover?.(ports), []);
  });
});
