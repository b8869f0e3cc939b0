import Type, { type Static } from 'typebox';
import type { Micros, Millis } from '../../runtime/clock';
import { SensebindError } from '../../runtime/errors';
import type { Driver, ReadingSink, Vectors } from '../../runtime/reading';
import { type DeviceContext, declareDevice } from '../device';
import { DeviceClock } from '../deviceClock';
import { runProgram } from '../program';
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

const Options = Type.Object(
  {
    kind: Type.Literal('iio'),
    name: Type.String({
      pattern: '^[A-Za-z0-9_.:+-]{1,64}$',
      description: 'Name of the sensor in sysfs: mpu6050, bmi160, accel_3d … It stays, while numbers change.',
    }),
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
  discover: async (ports) =>
    (await findIioDevices(ports.roots)).map(({ name, node }) => ({
      name: `${name} (${node})`,
      options: { kind: 'iio', name },
      certainty: 'certain',
    })),
  open: (options, context) => new IioDriver(options, context),
});

/** A sensor that sends nothing for so long has lost its trigger. */
const SILENT_AFTER = 2000 as Millis;
const SAME_AFTER = 10_000 as Millis;

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
    const { name, rateHz } = this.#options;
    const device = (await findIioDevices(ports.roots)).find((found) => found.name === name);
    if (device === undefined) throw absent(name);
    const settings = await startBuffer(device, rateHz === undefined ? {} : { rateHz });
    try {
      await runProgram(this.#reader(device, settings), { clock, startProcess: ports.startProcess, sink, signal });
    } finally {
      await stopBuffer(device);
    }
  }

  /** A read of the node blocks, and four blocked reads would stop all file access of this process: cat reads it. */
  #reader(device: IioDevice, settings: IioSettings): Parameters<typeof runProgram>[0] {
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
      limits: { silentAfter: SILENT_AFTER, sameAfter: SAME_AFTER },
      reader: (sink) => {
        const scans = new IioScans(settings, { context: this.#context, sink });
        return { output: (bytes) => scans.append(bytes, this.#context.clock.monotonicMicros()), message: () => false };
      },
    };
  }
}

/** Cuts the bytes into scans, and makes one reading of all that came at once. */
export class IioScans {
  readonly #settings: IioSettings;
  readonly #context: Pick<DeviceContext, 'source' | 'clock'>;
  readonly #sink: ReadingSink;
  readonly #deviceClock = new DeviceClock();
  readonly #timestamp: PlacedChannel | undefined;
  readonly #partial: Uint8Array;
  #fill = 0;

  constructor(
    settings: IioSettings,
    options: { readonly context: Pick<DeviceContext, 'source' | 'clock'>; readonly sink: ReadingSink },
  ) {
    this.#settings = settings;
    this.#context = options.context;
    this.#sink = options.sink;
    this.#timestamp = settings.layout.channels.find(({ name }) => name === TIMESTAMP);
    this.#partial = new Uint8Array(settings.layout.scanBytes);
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
    if (count > 0) this.#hand(new DataView(scans.buffer), { count, arrivedMicros });
  }

  #hand(view: DataView, { count, arrivedMicros }: { readonly count: number; readonly arrivedMicros: Micros }): void {
    const { clock, source } = this.#context;
    const sampleMicros = this.#times(view, { count, arrivedMicros });
    const [first = arrivedMicros] = sampleMicros;
    const acceleration = this.#vectors(view, { names: ACCELERATION, count });
    const angularVelocity = this.#vectors(view, { names: ANGULAR_VELOCITY, count });
    if (acceleration === undefined) return;
    this.#sink.reading({
      source,
      modality: 'imu',
      timeMicros: clock.epochMicros() - (clock.monotonicMicros() - first),
      monotonicMicros: first,
      clockQuality: this.#isStamped() ? 'device' : 'arrival',
      flags: [],
      sampleMicros,
      acceleration,
      ...(angularVelocity === undefined ? {} : { angularVelocity }),
    });
  }

  /** Stamps of a clock that may jump are not used. */
  #isStamped(): boolean {
    return this.#timestamp !== undefined && this.#settings.isMonotonic;
  }

  #times(
    view: DataView,
    { count, arrivedMicros }: { readonly count: number; readonly arrivedMicros: Micros },
  ): Float64Array {
    const { layout, rateHz } = this.#settings;
    const channel = this.#timestamp;
    if (channel !== undefined && this.#isStamped()) {
      return Float64Array.from({ length: count }, (_, index) =>
        this.#deviceClock.map(Number(rawValue(view, index * layout.scanBytes, channel)) / 1000, arrivedMicros),
      );
    }
    const period = rateHz === undefined ? 0 : 1e6 / rateHz;
    return Float64Array.from({ length: count }, (_, index) => Math.round(arrivedMicros - (count - 1 - index) * period));
  }

  /** Three axes in SI units, turned as the chip is mounted; `undefined` where the sensor lacks them. */
  #vectors(
    view: DataView,
    { names, count }: { readonly names: readonly string[]; readonly count: number },
  ): Vectors | undefined {
    const { layout, scales, mounting } = this.#settings;
    const channels = names.map((name) => layout.channels.find((channel) => channel.name === name));
    const present = channels.filter((channel) => channel !== undefined);
    if (present.length !== 3) return undefined;
    const raw = present.map((channel) => {
      const { scale, offset } = scales[channel.name] ?? { scale: 1, offset: 0 };
      return Float64Array.from(
        { length: count },
        (_, index) => (Number(rawValue(view, index * layout.scanBytes, channel)) + offset) * scale,
      );
    });
    const row = (axis: number): Float32Array =>
      Float32Array.from({ length: count }, (_, index) =>
        raw.reduce((sum, values, column) => sum + (mounting[axis * 3 + column] ?? 0) * (values[index] ?? 0), 0),
      );
    return [row(0), row(1), row(2)];
  }
}

function absent(name: string): SensebindError {
  return new SensebindError(
    'DEVICE_ABSENT',
    `expected a motion sensor called "${name}", found none in /sys/bus/iio/devices`,
    'load its kernel driver, and look for its name: cat /sys/bus/iio/devices/*/name',
  );
}
