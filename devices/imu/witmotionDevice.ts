import Type, { type Static } from '#typebox';
import type { Clock, Micros, Millis } from '../../runtime/clock';
import { SensebindError } from '../../runtime/errors';
import type { Flag, ReadingSink } from '../../runtime/reading';
import { Arrivals, byteMicros } from '../arrivals';
import { type DeviceContext, declareDevice } from '../device';
import { pause } from '../pause';
import type { ByteStream } from '../ports/byteStream';
import { baudRateOption, discoverSerial, SerialPath } from '../serialPort';
import { type ByteDecoder, StreamDriver } from '../streamDriver';
import { MotionBatch, type Vector } from './motionBatch';
import { SampleCounter } from './sampleCounter';
import { WITMOTION_PACKET_BYTES, WITMOTION_TYPE, type WitMotionPacket, WitMotionParser } from './witmotion';
import {
  codeOfRate,
  rateOfCode,
  WITMOTION_CONTENT,
  WITMOTION_RATES,
  WITMOTION_REGISTER,
  WITMOTION_UNLOCK_CODE,
  WitMotionRegisters,
  wrongRate,
} from './witmotionRegisters';

const USUAL_BAUD_RATE = 9600;

const Options = Type.Object(
  {
    kind: Type.Literal('witmotion'),
    path: SerialPath,
    baudRate: Type.Optional(baudRateOption(USUAL_BAUD_RATE)),
    rateHz: Type.Optional(
      Type.Enum(WITMOTION_RATES, {
        description:
          'Samples a second that the sensor is set to; it then sends acceleration and rotation only. Default: as the sensor is set.',
      }),
    ),
    save: Type.Optional(
      Type.Boolean({ description: 'Whether the sensor keeps the rate when it loses power. Default: false.' }),
    ),
  },
  { additionalProperties: false },
);
type WitMotionOptions = Static<typeof Options>;

/** WitMotion motion sensors over a serial port: packets of acceleration and rotation become samples. */
export const witmotion = declareDevice({
  kind: 'witmotion',
  modality: 'imu',
  title: 'Motion sensor (WitMotion WT901 family)',
  options: Options,
  discover: discoverSerial('witmotion'),
  open: (options, context) => {
    const { path, baudRate = USUAL_BAUD_RATE, rateHz } = options;
    requireBandwidth(baudRate, rateHz);
    return new StreamDriver(
      {
        modality: 'imu',
        limits: limitsOf(rateHz),
        decoder: (sink, fail) => new WitMotionDecoder(options, context, { sink, fail }),
      },
      { name: path, open: context.ports.serial({ path, baudRate }), clock: context.clock },
    );
  },
});

/** Silent for 2 s or five samples; the same for 10 s, which noise does not allow, or a hundred samples. */
function limitsOf(rateHz = 10): { readonly silentAfter: Millis; readonly sameAfter: Millis } {
  return {
    silentAfter: Math.max(2000, 5000 / rateHz) as Millis,
    sameAfter: Math.max(10_000, 100_000 / rateHz) as Millis,
  };
}

const BITS_PER_SAMPLE = 2 * WITMOTION_PACKET_BYTES * 10;

function requireBandwidth(baudRate: number, rateHz: number | undefined): void {
  const carried = baudRate / BITS_PER_SAMPLE;
  if (rateHz === undefined || rateHz <= carried) return;
  throw new SensebindError(
    'CONFIG_INVALID',
    `expected a rate that ${baudRate} baud can carry (${Math.floor(carried)} Hz), found rateHz: ${rateHz}`,
    'lower rateHz, or set the sensor to a higher baud rate with the tool of its vendor and state it here',
  );
}

/** A rate within this share of one that the sensor knows is that one. */
const RATE_TOLERANCE = 0.2;
const RATE_LOOK = 2000 as Millis;

/** Packets of one cycle, as far as a sample needs them. */
interface Cycle {
  readonly arrivedMicros: Micros;
  readonly acceleration: Vector;
  readonly steps: number;
  /** Type of the last packet: they come in ascending order. */
  lastType: number;
  discardedBytes: number;
  isClipped: boolean;
}

/** A sample is made of the packets from one acceleration to the next, and stamped with the arrival of the first. */
export class WitMotionDecoder implements ByteDecoder {
  readonly #options: WitMotionOptions;
  readonly #clock: Clock;
  readonly #sink: ReadingSink;
  readonly #parser = new WitMotionParser();
  readonly #arrivals: Arrivals;
  readonly #batch: MotionBatch;
  #registers: WitMotionRegisters | undefined;
  #counter: SampleCounter | undefined;
  #cycle: Cycle | undefined;
  /** Bytes of a cycle without noise, once one was seen. */
  #cycleBytes: number | undefined;
  #bytesSinceCycle = 0;
  /** Not 0 before the first cycle: what comes before it may be the end of another. */
  #discardedSinceCycle = 1;
  /** Cycles that gave no sample since the last one that did. */
  #lostSteps = 0;
  #hasRotation: boolean = false;
  #samples = 0;

  constructor(
    options: WitMotionOptions,
    context: Pick<DeviceContext, 'source' | 'clock'>,
    run: { readonly sink: ReadingSink; readonly fail: (error: SensebindError) => void },
  ) {
    this.#options = options;
    this.#clock = context.clock;
    this.#sink = run.sink;
    this.#arrivals = new Arrivals(byteMicros(options.baudRate ?? USUAL_BAUD_RATE));
    this.#batch = new MotionBatch({ source: context.source, clock: context.clock, ...run });
  }

  append(bytes: Uint8Array, arrivedMicros: Micros): void {
    this.#arrivals.append(bytes.length, arrivedMicros);
    this.#parser.append(bytes);
    for (let packet = this.#parser.next(); packet !== undefined; packet = this.#parser.next()) this.#take(packet);
    this.#batch.flush();
  }

  finish(): void {
    if (this.#parser.pending > 0) this.#sink.lost('corrupt-bytes', this.#parser.pending);
  }

  async configure(stream: ByteStream, signal: AbortSignal): Promise<void> {
    const registers = new WitMotionRegisters(stream, { clock: this.#clock, signal });
    this.#registers = registers;
    const { rateHz } = this.#options;
    if (rateHz !== undefined) await this.#setRate(registers, rateHz);
    const code = await registers.read(WITMOTION_REGISTER.rate);
    if (signal.aborted) return;
    const found = code === undefined ? await this.#measuredRate(signal) : rateOfCode(code);
    if (signal.aborted) return;
    if (rateHz !== undefined && found !== rateHz) {
      throw wrongRate(rateHz, found === undefined ? `register 0x03 at ${code}` : `${found} Hz`);
    }
    if (found !== undefined && codeOfRate(found) !== undefined) this.#counter = new SampleCounter(found);
  }

  async #setRate(registers: WitMotionRegisters, rateHz: number): Promise<void> {
    const content = WITMOTION_CONTENT.acceleration | WITMOTION_CONTENT.angularVelocity;
    await registers.write(WITMOTION_REGISTER.unlock, WITMOTION_UNLOCK_CODE);
    await registers.write(WITMOTION_REGISTER.content, content);
    await registers.write(WITMOTION_REGISTER.rate, codeOfRate(rateHz) ?? 0);
    if (this.#options.save) await registers.write(WITMOTION_REGISTER.save, 0);
    // Cycles are shorter now.
    this.#cycleBytes = undefined;
  }

  /** Where the device does not answer, its samples are counted: one of its rates, or what was counted. */
  async #measuredRate(signal: AbortSignal): Promise<number> {
    const before = this.#samples;
    const startMicros = this.#clock.monotonicMicros();
    await pause(this.#clock, RATE_LOOK, signal);
    const seconds = (this.#clock.monotonicMicros() - startMicros) / 1e6;
    const measured = (this.#samples - before) / seconds;
    const isNear = (rateHz: number): boolean => Math.abs(measured / rateHz - 1) <= RATE_TOLERANCE;
    return WITMOTION_RATES.find(isNear) ?? Number(measured.toPrecision(2));
  }

  #take(packet: WitMotionPacket): void {
    const bytes = packet.kind === 'discarded' ? packet.bytes : WITMOTION_PACKET_BYTES;
    const arrivedMicros = this.#arrivals.take(bytes);
    switch (packet.kind) {
      case 'discarded':
        this.#discard(bytes);
        break;
      case 'acceleration':
        this.#begin(packet, arrivedMicros);
        break;
      case 'angularVelocity':
        this.#hasRotation = true;
        if (this.#continues(WITMOTION_TYPE.angularVelocity)) this.#complete(packet);
        break;
      case 'angles':
        this.#continues(WITMOTION_TYPE.angles);
        break;
      case 'registers':
        this.#registers?.answer(packet.values);
        break;
      case 'other':
        this.#continues(packet.type);
    }
    if (packet.kind !== 'registers') this.#bytesSinceCycle += bytes;
  }

  #discard(bytes: number): void {
    this.#sink.lost('corrupt-bytes', bytes);
    this.#discardedSinceCycle += bytes;
    if (this.#cycle !== undefined) this.#cycle.discardedBytes += bytes;
  }

  #begin(packet: WitMotionPacket & { readonly kind: 'acceleration' }, arrivedMicros: Micros): void {
    this.#endWithoutRotation();
    const bytes = this.#bytesSinceCycle;
    if (this.#discardedSinceCycle === 0 && bytes > 0) this.#cycleBytes = bytes;
    const steps = this.#cycleBytes === undefined ? 1 : Math.max(1, Math.round(bytes / this.#cycleBytes));
    this.#bytesSinceCycle = 0;
    this.#discardedSinceCycle = 0;
    this.#cycle = {
      arrivedMicros,
      acceleration: packet.metresPerSecond2,
      steps,
      lastType: WITMOTION_TYPE.acceleration,
      discardedBytes: 0,
      isClipped: packet.isClipped,
    };
  }

  /**
   * Whether a packet belongs to the cycle that is under way. It does not where types no longer ascend, or where enough
   * bytes were damaged for the acceleration of the next cycle to be among them.
   */
  #continues(type: number): boolean {
    const cycle = this.#cycle;
    if (cycle === undefined) return false;
    const isNext = type > cycle.lastType && cycle.discardedBytes < 2 * WITMOTION_PACKET_BYTES;
    if (isNext) cycle.lastType = type;
    else this.#endWithoutRotation();
    return isNext;
  }

  #complete(packet: WitMotionPacket & { readonly kind: 'angularVelocity' }): void {
    const cycle = this.#cycle;
    this.#cycle = undefined;
    if (cycle === undefined) return;
    this.#add(cycle, { rotation: packet.radiansPerSecond, isClipped: cycle.isClipped || packet.isClipped });
  }

  /** A sensor may be set to send no rotation; where it does send some, a sample without it is damaged. */
  #endWithoutRotation(): void {
    const cycle = this.#cycle;
    this.#cycle = undefined;
    if (cycle === undefined) return;
    if (!this.#hasRotation && cycle.discardedBytes === 0) {
      this.#add(cycle, { isClipped: cycle.isClipped });
      return;
    }
    this.#lostSteps += cycle.steps;
    this.#sink.lost('invalid', 1);
  }

  #add(cycle: Cycle, { rotation, isClipped }: { readonly rotation?: Vector; readonly isClipped: boolean }): void {
    const { arrivedMicros, acceleration } = cycle;
    const steps = cycle.steps + this.#lostSteps;
    this.#lostSteps = 0;
    this.#samples++;
    const flags: Flag[] = [];
    if (steps > 1) flags.push('gap');
    if (isClipped) flags.push('clipped');
    const monotonicMicros = this.#counter?.next(steps, arrivedMicros) ?? arrivedMicros;
    this.#batch.add({ monotonicMicros, acceleration, angularVelocity: rotation, flags });
  }
}
