import Type, { type Static } from '#typebox';
import type { Clock, Micros, Millis } from '../../runtime/clock';
import { SensebindError } from '../../runtime/errors';
import type { ReadingSink } from '../../runtime/reading';
import { Arrivals, byteMicros } from '../arrivals';
import { type DeviceContext, declareDevice } from '../device';
import { DeviceClock } from '../deviceClock';
import type { OpenByteStream } from '../ports/byteStream';
import { baudRateOption, discoverSerial, SerialPath } from '../serialPort';
import { type ByteDecoder, StreamDriver } from '../streamDriver';
import { ACCELERATION_UNITS, AXES, ROTATION_UNITS, TIME_UNITS } from './columns';
import { MotionBatch } from './motionBatch';
import { MotionLineParser } from './motionLines';
import { SampleCounter } from './sampleCounter';

const USUAL_BAUD_RATE = 115_200;

/** Lines without a time have that of their arrival. */
const READ_EVERY = 5 as Millis;

const Title = Type.String({ minLength: 1, maxLength: 64 });

const Options = Type.Object(
  {
    kind: Type.Literal('motion-lines'),
    path: Type.Optional(SerialPath),
    baudRate: Type.Optional(baudRateOption(USUAL_BAUD_RATE)),
    host: Type.Optional(
      Type.String({ minLength: 1, maxLength: 253, title: 'a host name or address', description: 'Instead of path.' }),
    ),
    port: Type.Optional(Type.Integer({ minimum: 1, maximum: 65_535 })),
    columns: Type.Optional(
      Type.Array(Title, {
        minItems: 3,
        maxItems: 64,
        description: 'Titles of the columns, such as "t_ms" or "ax [g]", for lines without a header line.',
      }),
    ),
    names: Type.Optional(
      Type.Partial(
        Type.Object(Object.fromEntries([...AXES, 't'].map((name) => [name, Title])), { additionalProperties: false }),
        {
          description: 'Titles or JSON keys to use, where they are none of the usual ones.',
        },
      ),
    ),
    accelerationUnit: Type.Optional(Type.Enum(keysOf(ACCELERATION_UNITS), { description: 'Default: m/s2.' })),
    rotationUnit: Type.Optional(Type.Enum(keysOf(ROTATION_UNITS), { description: 'Default: rad/s.' })),
    timeUnit: Type.Optional(
      Type.Enum(keysOf(TIME_UNITS), { description: 'Of a time column whose title does not say.' }),
    ),
    rateHz: Type.Optional(
      Type.Number({ minimum: 0.1, maximum: 4000, description: 'Where samples are evenly spaced and have no time.' }),
    ),
    mayStandStill: Type.Optional(
      Type.Boolean({ description: 'Exactly the same numbers for a minute are no fault. Default: false.' }),
    ),
  },
  { additionalProperties: false },
);
type MotionLinesOptions = Static<typeof Options>;

/** Boards start anew when their port is opened, and take two seconds for it. */
const SILENT_AFTER = 5000 as Millis;

/** Lines have as few digits as somebody chose to print: noise that is rounded away takes longer to show. */
const SAME_AFTER = 60_000 as Millis;

/** Boards that print motion as CSV or JSON, over a serial port or a TCP connection. */
export const motionLines = declareDevice({
  kind: 'motion-lines',
  modality: 'imu',
  title: 'Motion sensor (lines of CSV or JSON)',
  options: Options,
  discover: discoverSerial('motion-lines'),
  open: (options, context) => {
    // Options that make no sense are to be found now.
    new MotionLineParser(options, () => undefined);
    return new StreamDriver(
      {
        modality: 'imu',
        limits: { silentAfter: SILENT_AFTER, ...(options.mayStandStill ? {} : { sameAfter: SAME_AFTER }) },
        decoder: (sink, fail) => new MotionLinesDecoder(options, context, { sink, fail }),
      },
      { ...addressOf(options, context), clock: context.clock },
    );
  },
});

function addressOf(
  { path, baudRate = USUAL_BAUD_RATE, host, port }: MotionLinesOptions,
  { ports, source }: DeviceContext,
): { readonly name: string; readonly open: OpenByteStream } {
  if (path !== undefined && host === undefined && port === undefined) {
    return { name: path, open: ports.serial({ path, baudRate, readEvery: READ_EVERY }) };
  }
  if (path === undefined && host !== undefined && port !== undefined) {
    return { name: `${host}:${port}`, open: ports.socket({ host, port }) };
  }
  throw new SensebindError(
    'CONFIG_INVALID',
    `expected the source "${source}" with a path, or with a host and a port`,
    'state where the lines come from: path: /dev/serial/by-id/…, or host: and port:',
  );
}

/** A sample a line. Its time is the device's where it sends one, else that of its arrival. */
export class MotionLinesDecoder implements ByteDecoder {
  readonly #sink: ReadingSink;
  readonly #parser: MotionLineParser;
  readonly #arrivals: Arrivals;
  readonly #batch: MotionBatch;
  readonly #deviceClock = new DeviceClock();
  readonly #counter: SampleCounter | undefined;

  constructor(
    options: MotionLinesOptions,
    context: { readonly source: string; readonly clock: Clock },
    run: { readonly sink: ReadingSink; readonly fail: (error: SensebindError) => void },
  ) {
    this.#sink = run.sink;
    this.#parser = new MotionLineParser(options, run.fail);
    this.#arrivals = new Arrivals(options.path === undefined ? 0 : byteMicros(options.baudRate ?? USUAL_BAUD_RATE));
    this.#batch = new MotionBatch({ source: context.source, clock: context.clock, ...run });
    if (options.rateHz !== undefined) this.#counter = new SampleCounter(options.rateHz);
  }

  append(bytes: Uint8Array, arrivedMicros: Micros): void {
    this.#arrivals.append(bytes.length, arrivedMicros);
    this.#parser.append(bytes);
    for (let line = this.#parser.next(); line !== undefined; line = this.#parser.next()) {
      const arrived = this.#arrivals.take(line.bytes);
      if (line.kind === 'discarded') this.#sink.lost('corrupt-bytes', line.bytes);
      if (line.kind !== 'sample') continue;
      const { acceleration, angularVelocity, deviceMicros } = line;
      this.#batch.clockQuality = deviceMicros === undefined ? 'arrival' : 'device';
      this.#batch.add({ monotonicMicros: this.#timeOf(deviceMicros, arrived), acceleration, angularVelocity });
    }
    this.#batch.flush();
  }

  finish(): void {
    if (this.#parser.pending > 0) this.#sink.lost('corrupt-bytes', this.#parser.pending);
  }

  #timeOf(deviceMicros: Micros | undefined, arrivedMicros: Micros): Micros {
    if (deviceMicros !== undefined) return this.#deviceClock.map(deviceMicros, arrivedMicros);
    return this.#counter?.next(1, arrivedMicros) ?? arrivedMicros;
  }
}

function keysOf<Table extends object>(table: Table): Extract<keyof Table, string>[] {
  return Object.keys(table) as Extract<keyof Table, string>[];
}
