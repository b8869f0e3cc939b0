import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cp, mkdir, open, readFile, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import fc from 'fast-check';
import { IioScans, iio } from '../../../devices/imu/iio';
import { layOut, parseScanType, rawValue } from '../../../devices/imu/iioScan';
import type { IioSettings } from '../../../devices/imu/iioSysfs';
import { systemClock } from '../../../runtime/clock';
import type { MotionReading } from '../../../runtime/reading';
import { deviceContext } from '../../support/deviceContext';
import { ManualClock } from '../../support/manualClock';
import { refused } from '../../support/refused';
import { collectingSink } from '../../support/sinks';
import { temporaryFolder } from '../../support/temporaryFolder';

const hex = (text: string): Buffer => Buffer.from(text.replace(/[\s|]/g, ''), 'hex');

/** reference/devices.md §2, [W]: built from the formula. Little-endian acceleration, two bytes of padding, time. */
const ACCELERATION_SCAN = hex('00 00 AE FF 00 40 00 00 15 CD 85 3D FE 9C 97 17');
/** The same, big-endian acceleration and rotation of an MPU-6050. */
const MPU6050_SCAN = hex('00 00 FF AE 40 00 00 83 00 00 FF 7D | 00 00 00 00 | 15 CD 85 3D FE 9C 97 17');

const AXES = ['in_accel_x', 'in_accel_y', 'in_accel_z'] as const;
const RATES = ['in_anglvel_x', 'in_anglvel_y', 'in_anglvel_z'] as const;
const ACCELERATION_SCALE = 0.000598;
const RATE_SCALE = 0.00013309;
const UPRIGHT = [1, 0, 0, 0, 1, 0, 0, 0, 1];

function settings(names: readonly string[], type: string, changes: Partial<IioSettings> = {}): IioSettings {
  const channels = [
    ...names.map((name) => ({ name, type: parseScanType(type) })),
    { name: 'in_timestamp', type: parseScanType('le:s64/64>>0') },
  ];
  const scales = Object.fromEntries(
    names.map((name) => [name, { scale: name.includes('accel') ? ACCELERATION_SCALE : RATE_SCALE, offset: 0 }]),
  );
  return { layout: layOut(channels), scales, mounting: UPRIGHT, rateHz: 200, isMonotonic: true, ...changes };
}

function readings(chunks: readonly Uint8Array[], device: IioSettings): MotionReading[] {
  const sink = collectingSink();
  const scans = new IioScans(device, {
    context: { source: 'imu0', clock: new ManualClock() },
    sink,
    fail: assert.fail,
  });
  for (const chunk of chunks) scans.append(chunk, 1e15);
  return sink.readings.map((reading) => {
    assert.ok(reading.modality === 'imu');
    return reading;
  });
}

const rounded = (values: readonly Float32Array[] | undefined): (number | undefined)[] | undefined =>
  values?.map(([first]) => first && Number(first.toFixed(6)));

describe('a scan of the kernel', () => {
  it('gives acceleration and the time of the sensor (built from a formula)', () => {
    const device = settings(AXES, 'le:s16/16>>0');
    assert.equal(device.layout.scanBytes, 16);
    const [reading] = readings([ACCELERATION_SCAN], device);
    assert.deepEqual(rounded(reading?.acceleration), [0, -0.049036, 9.797632]);
    assert.equal(reading?.angularVelocity, undefined);
    const stamp = device.layout.channels.at(-1)!;
    assert.equal(
      rawValue(new DataView(ACCELERATION_SCAN.buffer, ACCELERATION_SCAN.byteOffset), 0, stamp),
      1700000000123456789n,
    );
  });

  it('gives six axes of an MPU-6050 (built from a formula)', () => {
    const device = settings([...AXES, ...RATES], 'be:s16/16>>0');
    assert.equal(device.layout.scanBytes, 24);
    const [reading] = readings([MPU6050_SCAN], device);
    assert.deepEqual(rounded(reading?.acceleration), [0, -0.049036, 9.797632]);
    assert.equal(reading?.angularVelocity?.[0]?.[0]?.toFixed(6), '0.017435');
    assert.equal(reading?.angularVelocity?.[2]?.[0]?.toFixed(6), '-0.017435');
  });

  it('is turned as the chip is mounted', () => {
    const turned = settings(AXES, 'le:s16/16>>0', { mounting: [0, 0, 1, 0, -1, 0, 1, 0, 0] });
    const [reading] = readings([ACCELERATION_SCAN], turned);
    assert.deepEqual(rounded(reading?.acceleration), [9.797632, 0.049036, 0]);
  });

  it('is the same however the bytes are cut, several of them in one reading', () => {
    const device = settings([...AXES, ...RATES], 'be:s16/16>>0');
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5 }), fc.array(fc.nat()), (count, cuts) => {
        const stream = Buffer.concat(new Array(count).fill(MPU6050_SCAN));
        const at = [0, ...cuts.map((cut) => cut % stream.length).sort((a, b) => a - b), stream.length];
        const found = readings(
          at.slice(1).map((end, index) => stream.subarray(at[index], end)),
          device,
        );
        const heights = found.flatMap(({ acceleration }) => [...acceleration[2]]);
        assert.deepEqual(heights, new Array(count).fill(Math.fround(16_384 * ACCELERATION_SCALE)));
      }),
    );
  });

  /** The scan of an accelerometer at a time in milliseconds, its z axis at one g or not. */
  function scanAt(millis: number, z = 16_384): Buffer {
    const scan = Buffer.from(ACCELERATION_SCAN);
    scan.writeInt16LE(z, 4);
    scan.writeBigInt64LE(BigInt(millis) * 1_000_000n, 8);
    return scan;
  }

  function running(changes: Partial<IioSettings> = {}) {
    const sink = collectingSink();
    const errors: Error[] = [];
    const scans = new IioScans(settings(AXES, 'le:s16/16>>0', changes), {
      context: { source: 'imu0', clock: new ManualClock() },
      sink,
      fail: (error) => errors.push(error),
    });
    const motions = () =>
      sink.readings.map((reading) => {
        assert.ok(reading.modality === 'imu');
        return reading;
      });
    return { scans, motions, errors, losses: sink.losses };
  }

  it('shows by its time that others before it had no room in the buffer of the kernel', () => {
    const { scans, motions, losses } = running();
    scans.append(Buffer.concat([0, 5, 10, 30, 35].map((millis) => scanAt(millis))), 1e15);
    assert.deepEqual(
      motions().map(({ flags, sampleMicros }) => [flags, sampleMicros.length]),
      [
        [[], 3],
        [['gap'], 2],
      ],
    );
    assert.deepEqual(losses, { lost: 3 });
  });

  it('misses nothing where a trigger runs slower than the rate that the sensor is set to', () => {
    const { scans, losses } = running();
    scans.append(Buffer.concat([0, 100, 200, 300].map((millis) => scanAt(millis))), 1e15);
    assert.deepEqual(losses, {});
  });

  it('has times that ascend without a clock too, from one read to the next', () => {
    for (const rateHz of [undefined, 200]) {
      const { scans, motions } = running({ isMonotonic: false, rateHz });
      for (const arrived of [1000, 2000, 30_000]) {
        scans.append(Buffer.concat([scanAt(0), scanAt(0), scanAt(0)]), arrived);
      }
      const times = motions().flatMap(({ sampleMicros }) => [...sampleMicros]);
      assert.equal(times.length, 9);
      for (const [index, time] of times.entries()) assert.ok(index === 0 || time > times[index - 1]!, String(times));
      assert.ok(motions().every(({ clockQuality }) => clockQuality === 'arrival'));
    }
  });

  it('is refused where its scale leaves no gravity in it', () => {
    const { scans, errors } = running();
    for (let index = 0; index < 60; index++) scans.append(scanAt(index * 5, 1000), 1e15 + index * 5000);
    assert.equal(errors.length, 1);
    assert.ok(refused('INPUT_INVALID', /gravity/)(errors[0]));
  });

  it('extends signs and shifts as the type says, and refuses types that it does not know', () => {
    const layout = layOut([{ name: 'a', type: parseScanType('le:s12/16>>4') }]);
    assert.equal(rawValue(new DataView(Uint8Array.of(0xf0, 0xff).buffer), 0, layout.channels[0]!), -1n);
    const wide = layOut([{ name: 'a', type: parseScanType('be:u24/32>>8') }]);
    assert.equal(rawValue(new DataView(Uint8Array.of(1, 2, 3, 4).buffer), 0, wide.channels[0]!), 0x010203n);
    for (const text of [
      '',
      'le:s16/16',
      'le:s17/16>>0',
      'le:s16/16X2>>0',
      'xx:s16/16>>0',
      'le:s16/24>>0',
      'le:s16/16>>4',
    ]) {
      assert.throws(() => parseScanType(text), refused('DEVICE_FAILED'), text);
    }
  });
});

describe('a motion sensor of the kernel', () => {
  /** /sys and /dev as they are with an MPU-6050 whose character device is a named pipe. */
  async function fakeMachine(context: TestContext, changes: Readonly<Record<string, string | undefined>> = {}) {
    const folder = await temporaryFolder(context);
    const device = path.join(folder, 'sys', 'bus', 'iio', 'devices', 'iio:device3');
    const files: Record<string, string | undefined> = {
      name: 'mpu6050',
      in_accel_x_raw: '0',
      in_accel_scale: String(ACCELERATION_SCALE),
      in_anglvel_scale: String(RATE_SCALE),
      in_accel_mount_matrix: '1, 0, 0; 0, 1, 0; 0, 0, 1',
      sampling_frequency: '50',
      current_timestamp_clock: 'realtime',
      'trigger/current_trigger': '',
      'buffer/enable': '1',
      'buffer/length': '2',
      'buffer/watermark': '1',
      'scan_elements/in_temp_en': '1',
      'scan_elements/in_timestamp_en': '0',
      'scan_elements/in_timestamp_index': '7',
      'scan_elements/in_timestamp_type': 'le:s64/64>>0',
    };
    [...AXES, ...RATES].forEach((name, index) => {
      files[`scan_elements/${name}_en`] = '0';
      files[`scan_elements/${name}_index`] = String(index);
      files[`scan_elements/${name}_type`] = 'be:s16/16>>0';
    });
    for (const [name, content] of Object.entries({ ...files, ...changes })) {
      if (content === undefined) continue;
      await mkdir(path.dirname(path.join(device, name)), { recursive: true });
      await writeFile(path.join(device, name), `${content}\n`);
    }
    const dev = path.join(folder, 'dev');
    await mkdir(dev);
    const node = path.join(dev, 'iio:device3');
    assert.equal(spawnSync('mkfifo', [node]).status, 0);
    const roots = { dev, sys: path.join(folder, 'sys'), proc: folder };
    const setting = async (name: string): Promise<string> => (await readFile(path.join(device, name), 'utf8')).trim();
    return { node, roots, setting, context: deviceContext({ clock: systemClock, ports: { roots } }) };
  }

  it('is set up in the order of the kernel, read through its device, and given back', async (context) => {
    const machine = await fakeMachine(context);
    const driver = iio.open({ kind: 'iio', name: 'mpu6050', rateHz: 200 }, machine.context);
    const stop = new AbortController();
    const sink = collectingSink();
    const take = sink.reading;
    const run = driver.run(
      {
        ...sink,
        reading: (reading) => {
          take(reading);
          stop.abort();
        },
      },
      stop.signal,
    );
    // Opening for writing waits until cat has opened it for reading, which is after the set-up.
    const writer = await open(machine.node, 'w');
    assert.equal(await machine.setting('buffer/enable'), '1');
    await writer.write(Buffer.concat([MPU6050_SCAN, MPU6050_SCAN]));
    await run;
    await writer.close();
    const [reading] = sink.readings;
    assert.ok(reading?.modality === 'imu');
    assert.equal(reading.clockQuality, 'device');
    assert.equal(reading.acceleration[2][0], Math.fround(16_384 * ACCELERATION_SCALE));
    const after = await Promise.all(
      [
        'buffer/enable',
        'sampling_frequency',
        'current_timestamp_clock',
        'trigger/current_trigger',
        'scan_elements/in_temp_en',
        'scan_elements/in_anglvel_z_en',
      ].map(machine.setting),
    );
    assert.deepEqual(after, ['0', '200', 'monotonic', 'mpu6050-dev3', '0', '1']);
  });

  it('is found by its name', async (context) => {
    const machine = await fakeMachine(context);
    assert.deepEqual(await iio.discover?.(machine.context.ports), [
      { name: `mpu6050 (${machine.node})`, options: { kind: 'iio', name: 'mpu6050' }, certainty: 'certain' },
    ]);
  });

  const ONE_RATE_EACH = {
    sampling_frequency: undefined,
    in_accel_sampling_frequency: '50',
    in_anglvel_sampling_frequency: '100',
  };

  it('has the same rate for its gyroscope', async (context) => {
    const machine = await fakeMachine(context, ONE_RATE_EACH);
    const stop = new AbortController();
    const run = iio
      .open({ kind: 'iio', name: 'mpu6050', rateHz: 200 }, machine.context)
      .run(collectingSink(), stop.signal);
    const writer = await open(machine.node, 'w');
    const rates = Object.keys(ONE_RATE_EACH).slice(1).map(machine.setting);
    assert.deepEqual(await Promise.all(rates), ['200', '200']);
    stop.abort();
    await writer.close();
    await run;
  });

  it('fails where accelerometer and gyroscope run at different rates', async (context) => {
    const machine = await fakeMachine(context, ONE_RATE_EACH);
    const run = iio
      .open({ kind: 'iio', name: 'mpu6050' }, machine.context)
      .run(collectingSink(), new AbortController().signal);
    await assert.rejects(run, refused('DEVICE_FAILED', /50 Hz and 100 Hz/));
  });

  it('is told from another one of the same name by its place', async (context) => {
    const machine = await fakeMachine(context);
    const devices = path.join(machine.roots.sys, 'bus', 'iio', 'devices');
    const hardware = path.join(machine.roots.sys, 'devices', 'i2c-1', '1-0069', 'iio:device4');
    await cp(path.join(devices, 'iio:device3'), hardware, { recursive: true });
    await symlink(hardware, path.join(devices, 'iio:device4'));
    const found = await iio.discover?.(machine.context.ports);
    assert.deepEqual(
      found?.map(({ options }) => options['place']),
      ['devices', '1-0069'],
    );
    const driver = iio.open({ kind: 'iio', name: 'mpu6050' }, machine.context);
    const { signal } = new AbortController();
    await assert.rejects(driver.run(collectingSink(), signal), refused('CONFIG_INVALID', /devices, 1-0069/));
    const other = iio.open({ kind: 'iio', name: 'mpu6050', place: '1-0068' }, machine.context);
    await assert.rejects(other.run(collectingSink(), signal), refused('DEVICE_ABSENT', /1-0068/));
  });

  it('is absent where there is none of that name, or nothing at all', async (context) => {
    const machine = await fakeMachine(context);
    const run = (roots: typeof machine.roots) =>
      iio
        .open({ kind: 'iio', name: 'bmi160' }, deviceContext({ ports: { roots } }))
        .run(collectingSink(), new AbortController().signal);
    await assert.rejects(run(machine.roots), refused('DEVICE_ABSENT', /bmi160/));
    await assert.rejects(run({ dev: '/nowhere', sys: '/nowhere', proc: '/nowhere' }), refused('DEVICE_ABSENT'));
  });
});
