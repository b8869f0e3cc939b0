import Type, { type Static } from '#typebox';
import type { Micros, Millis } from '../../runtime/clock';
import { SensebindError } from '../../runtime/errors';
import type { Driver, ReadingSink } from '../../runtime/reading';
import { type DeviceContext, declareDevice } from '../device';
import { DeviceClock } from '../deviceClock';
import type { LivenessLimits } from '../liveness';
import { type CaptureProgram, runProgram } from '../program';
import { type PlacedChannel, rawValue } from './iioScan';
import {
  ACCELERATION,
  ANGULAR_VELOCITY,
  findIioDevices,
  type IioDevice,
  type IioSettings,
  startBuffer,
  stopBuffer,
  TIMESTAMP,
} from './iioSysfs';
import { MotionBatch, type Vector } from './motionBatch';

const Options = Type.Object(
  {
    kind: Type.Literal('iio'),
    name: Type.String({
      pattern: '^[A-Za-z0-9_.:+-]{1,64}$',
      description: 'Name of the sensor in sysfs: mpu6050, bmi160, accel_3d … It stays, while numbers change.',
    }),
    place: Type.Optional(
      Type.String({
        pattern: '^[A-Za-z0-9_.:@+-]{1,64}$',
        description: 'Where it is connected, such as 1-0068 (bus and address): for two sensors with the same name.',
      }),
    ),
    rateHz: Type.Optional(
      Type.Number({ exclusiveMinimum: 0, maximum: 8000, description: 'Default: what the sensor is set to.' }),
    ),
  },
  { additionalProperties: false },
);

/** A motion sensor of the Linux kernel (Industrial I/O): on I²C or SPI, or inside a depth camera (reference/devices.md §2). */
export const iio = declareDevice({
  kind: 'iio',
  modality: 'imu',
  title: 'Motion sensor of the kernel (Linux IIO)',
  options: Options,
  discover: async (ports) => {
    const found = await findIioDevices(ports.roots);
    return found.map(({ name, place, node }) => ({
      name: `${name} (${node})`,
      options: { kind: 'iio', name, ...(found.filter((other) => other.name === name).length > 1 && { place }) },
      certainty: 'certain' as const,
    }));
  },
  open: (options, context) => new IioDriver(options, context),
});

/**
 * A sensor that sends nothing for 2 s, or for the time of five samples, has lost its trigger. Noise does not allow the
 * same numbers for 10 s, or a hundred samples.
 */
function limitsOf(rateHz: number | undefined): LivenessLimits {
  const periodMillis = rateHz === undefined || rateHz <= 0 ? 0 : 1000 / rateHz;
  return {
    silentAfter: Math.max(2000, 5 * periodMillis) as Millis,
    sameAfter: Math.max(10_000, 100 * periodMillis) as Millis,
  };
}

/** Stamps that are further apart than this many times what is usual have samples missing between them. */
const GAP = 1.5;

class IioDriver implements Driver {
  readonly modality = 'imu';
  readonly #options: Static<typeof Options>;
  readonly #context: DeviceContext;

  constructor(options: Static<typeof Options>, context: DeviceContext) {
    this.#options = options;
    this.#context = context;
  }

  async run(sink: ReadingSink, signal: AbortSignal): Promise<void> {
    const { clock, ports } = this.#context;
    const { rateHz } = this.#options;
    const device = chosen(await findIioDevices(ports.roots), this.#options);
    const settings = await startBuffer(device, rateHz === undefined ? {} : { rateHz });
    try {
      await runProgram(this.#program(device, settings), { clock, startProcess: ports.startProcess, sink, signal });
    } finally {
      await stopBuffer(device);
    }
  }

  /** A read of the node blocks, and four blocked reads would stop all file access of this process: cat reads it. */
  #program(device: IioDevice, settings: IioSettings): CaptureProgram {
    return {
      name: `${device.name} (${device.node})`,
      command: { program: 'cat', arguments: [device.node] },
      debianPackage: 'coreutils',
      problems: [
        {
          pattern: /no such (file|device)/i,
          code: 'DEVICE_ABSENT',
          cure: 'plug the sensor in, or load its kernel driver',
        },
        {
          pattern: /permission denied/i,
          code: 'DEVICE_ABSENT',
          cure: 'give the user the right to read it with a udev rule',
        },
        {
          pattern: /busy/i,
          code: 'DEVICE_FAILED',
          cure: 'another program holds the sensor: systemctl stop iio-sensor-proxy',
        },
      ],
      cure: `try it by hand: cat ${device.node} | xxd | head`,
      limits: limitsOf(settings.rateHz),
      reader: (sink, fail) => {
        const scans = new IioScans(settings, { context: this.#context, sink, fail });
        return { output: (bytes) => scans.append(bytes, this.#context.clock.monotonicMicros()), message: () => false };
      },
    };
  }
}

/** Cuts the bytes into scans: a sample each, and those that came at once in one reading. */
export class IioScans {
  readonly #settings: IioSettings;
  readonly #sink: ReadingSink;
  readonly #batch: MotionBatch;
  readonly #deviceClock = new DeviceClock();
  readonly #acceleration: readonly PlacedChannel[];
  readonly #angularVelocity: readonly PlacedChannel[];
  /** Left out where there is none, or one of a clock that may jump. */
  readonly #timestamp: PlacedChannel | undefined;
  readonly #partial: Uint8Array;
  #fill = 0;
  #lastStamp: Micros | undefined;
  /** Between the last two stamps: triggers need not run at the rate that the sensor is set to. */
  #spacing: Micros = 0;

  constructor(
    settings: IioSettings,
    options: {
      readonly context: Pick<DeviceContext, 'source' | 'clock'>;
      readonly sink: ReadingSink;
      readonly fail: (error: SensebindError) => void;
    },
  ) {
    const { context, sink, fail } = options;
    const { channels, scanBytes } = settings.layout;
    const named = (names: readonly string[]): readonly PlacedChannel[] =>
      names.map((name) => channels.find((channel) => channel.name === name)).filter((channel) => channel !== undefined);
    this.#settings = settings;
    this.#sink = sink;
    this.#batch = new MotionBatch({ source: context.source, clock: context.clock, sink, fail });
    this.#acceleration = named(ACCELERATION);
    this.#angularVelocity = named(ANGULAR_VELOCITY);
    this.#timestamp = settings.isMonotonic ? named([TIMESTAMP])[0] : undefined;
    this.#batch.clockQuality = this.#timestamp === undefined ? 'arrival' : 'device';
    this.#partial = new Uint8Array(scanBytes);
  }

  append(bytes: Uint8Array, arrivedMicros: Micros): void {
    const { scanBytes } = this.#settings.layout;
    const count = Math.floor((this.#fill + bytes.length) / scanBytes);
    const scans = new Uint8Array(count * scanBytes);
    const used = Math.max(0, scans.length - this.#fill);
    if (count > 0) {
      scans.set(this.#partial.subarray(0, this.#fill));
      scans.set(bytes.subarray(0, used), this.#fill);
      this.#fill = 0;
    }
    this.#partial.set(bytes.subarray(used), this.#fill);
    this.#fill += bytes.length - used;
    if (count > 0) this.#take(new DataView(scans.buffer), { count, arrivedMicros });
  }

  #take(view: DataView, { count, arrivedMicros }: { readonly count: number; readonly arrivedMicros: Micros }): void {
    const { layout, rateHz } = this.#settings;
    const periodMicros = rateHz === undefined ? 0 : 1e6 / rateHz;
    for (let index = 0; index < count; index++) {
      const start = index * layout.scanBytes;
      const acceleration = this.#vector(view, { start, channels: this.#acceleration });
      if (acceleration === undefined) return;
      const angularVelocity = this.#vector(view, { start, channels: this.#angularVelocity });
      const stamp = this.#timestamp && Number(rawValue(view, start, this.#timestamp)) / 1000;
      const isAfterGap = stamp !== undefined && this.#missedBefore(stamp, periodMicros);
      const monotonicMicros =
        stamp === undefined
          ? Math.round(arrivedMicros - (count - 1 - index) * periodMicros)
          : this.#deviceClock.map(stamp, arrivedMicros);
      this.#batch.add({ monotonicMicros, acceleration, angularVelocity, flags: isAfterGap ? ['gap'] : [] });
    }
    this.#batch.flush();
  }

  /** The kernel does not say what its buffer had no room for; the stamps do. */
  #missedBefore(stamp: Micros, periodMicros: Micros): boolean {
    const before = this.#spacing;
    const spacing = stamp - (this.#lastStamp ?? stamp);
    this.#lastStamp = stamp;
    this.#spacing = spacing;
    const usual = Math.max(periodMicros, before);
    if (before <= 0 || spacing <= GAP * usual) return false;
    this.#sink.lost('lost', Math.round(spacing / usual) - 1);
    return true;
  }

  /** Three axes in SI units, turned as the chip is mounted; `undefined` where the sensor lacks them. */
  #vector(
    view: DataView,
    { start, channels }: { readonly start: number; readonly channels: readonly PlacedChannel[] },
  ): Vector | undefined {
    if (channels.length !== 3) return undefined;
    const { scales, mounting } = this.#settings;
    const values = channels.map((channel) => {
      const { scale, offset } = scales[channel.name] ?? { scale: 1, offset: 0 };
      return (Number(rawValue(view, start, channel)) + offset) * scale;
    });
    const row = (axis: number): number =>
      values.reduce((sum, value, column) => sum + (mounting[axis * 3 + column] ?? 0) * value, 0);
    return [row(0), row(1), row(2)];
  }
}

/** @throws {SensebindError} `DEVICE_ABSENT` for none, `CONFIG_INVALID` for more than one. */
function chosen(
  devices: readonly IioDevice[],
  { name, place }: Pick<Static<typeof Options>, 'name' | 'place'>,
): IioDevice {
  const fitting = devices.filter((found) => found.name === name && (place === undefined || found.place === place));
  const [device, ...others] = fitting;
  if (device === undefined) throw absent(place === undefined ? name : `${name} at ${place}`);
  if (others.length === 0) return device;
  const places = fitting.map((found) => found.place).join(', ');
  throw new SensebindError(
    'CONFIG_INVALID',
    `expected one motion sensor called "${name}", found ${fitting.length}: at ${places}`,
    'say which one with "place"; sensebind devices list prints the lines',
  );
}

function absent(name: string): SensebindError {
  return new SensebindError(
    'DEVICE_ABSENT',
    `expected a motion sensor called "${name}", found none in /sys/bus/iio/devices`,
    'load its kernel driver, and look for its name: cat /sys/bus/iio/devices/*/name',
  );
}
