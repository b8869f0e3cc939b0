import Type from '#typebox';
import type { Micros, Millis } from '../../runtime/clock';
import type { SensebindError } from '../../runtime/errors';
import type { ReadingSink } from '../../runtime/reading';
import { Arrivals, byteMicros } from '../arrivals';
import { type DeviceContext, declareDevice } from '../device';
import { discoverSerial, SerialPath } from '../serialPort';
import { type ByteDecoder, StreamDriver } from '../streamDriver';
import { RVC_FRAME_BYTES, RvcParser } from './bno08x';
import { MotionBatch } from './motionBatch';
import { SampleCounter } from './sampleCounter';

/** The mode knows no other. */
const BAUD_RATE = 115_200;
const RATE_HZ = 100;

const Options = Type.Object({ kind: Type.Literal('bno08x'), path: SerialPath }, { additionalProperties: false });

const LIMITS = { silentAfter: 2000 as Millis, sameAfter: 10_000 as Millis };

/** BNO080, BNO085 and BNO086 boards that are set to UART-RVC by their pins: acceleration without rotation. */
export const bno08x = declareDevice({
  kind: 'bno08x',
  modality: 'imu',
  title: 'Motion sensor (BNO08x, UART-RVC)',
  options: Options,
  discover: discoverSerial('bno08x'),
  open: ({ path }, context) =>
    new StreamDriver(
      { modality: 'imu', limits: LIMITS, decoder: (sink, fail) => new RvcDecoder(context, { sink, fail }) },
      { name: path, open: context.ports.serial({ path, baudRate: BAUD_RATE }), clock: context.clock },
    ),
});

/** A sample a frame, evenly spaced by the frames' own count; what is missing in the count is lost. */
export class RvcDecoder implements ByteDecoder {
  readonly #sink: ReadingSink;
  readonly #parser = new RvcParser();
  readonly #arrivals = new Arrivals(byteMicros(BAUD_RATE));
  readonly #counter = new SampleCounter(RATE_HZ);
  readonly #batch: MotionBatch;
  #index: number | undefined;

  constructor(
    context: Pick<DeviceContext, 'source' | 'clock'>,
    run: { readonly sink: ReadingSink; readonly fail: (error: SensebindError) => void },
  ) {
    this.#sink = run.sink;
    this.#batch = new MotionBatch({ source: context.source, clock: context.clock, ...run });
    this.#batch.clockQuality = 'device';
  }

  append(bytes: Uint8Array, arrivedMicros: Micros): void {
    this.#arrivals.append(bytes.length, arrivedMicros);
    this.#parser.append(bytes);
    for (let frame = this.#parser.next(); frame !== undefined; frame = this.#parser.next()) {
      if (frame.kind === 'discarded') {
        this.#arrivals.take(frame.bytes);
        this.#sink.lost('corrupt-bytes', frame.bytes);
        continue;
      }
      const arrived = this.#arrivals.take(RVC_FRAME_BYTES);
      const steps = this.#step(frame.index);
      if (steps === 0) this.#sink.lost('duplicate', 1);
      else
        this.#batch.add({
          monotonicMicros: this.#counter.next(steps, arrived),
          acceleration: frame.metresPerSecond2,
          flags: steps > 1 ? ['gap'] : [],
        });
    }
    this.#batch.flush();
  }

  finish(): void {
    if (this.#parser.pending > 0) this.#sink.lost('corrupt-bytes', this.#parser.pending);
  }

  /** Frames since the last one, this one included. */
  #step(index: number): number {
    const before = this.#index;
    this.#index = index;
    if (before === undefined) return 1;
    const steps = (index - before + 256) % 256;
    if (steps > 1) this.#sink.lost('lost', steps - 1);
    return steps;
  }
}
