import Type, { type Static } from '#typebox';
import type { Clock, Micros, Millis } from '../../runtime/clock';
import type { FrameMemory, ReadingSink } from '../../runtime/reading';
import { Arrivals, byteMicros } from '../arrivals';
import { declareDevice } from '../device';
import { sum8 } from '../frameScanner';
import { pause } from '../pause';
import type { ByteStream } from '../ports/byteStream';
import { baudRateOption, discoverSerial, SerialPath } from '../serialPort';
import { type ByteDecoder, StreamDriver } from '../streamDriver';
import {
  MCU90640_FRAME_BYTES,
  MCU90640_HEIGHT,
  MCU90640_PIXELS,
  MCU90640_RANGE,
  MCU90640_WIDTH,
  type Mcu90640Frame,
  Mcu90640Parser,
} from './mcu90640';

const USUAL_BAUD_RATE = 115_200;

const Options = Type.Object(
  {
    kind: Type.Literal('mcu90640'),
    path: SerialPath,
    baudRate: Type.Optional(baudRateOption(USUAL_BAUD_RATE)),
    emissivity: Type.Optional(
      Type.Number({
        minimum: 0.1,
        maximum: 1,
        description: 'Of what is looked at: 0.95 for skin and paint, far less for bare metal. Default: as it is set.',
      }),
    ),
  },
  { additionalProperties: false },
);
type Mcu90640Options = Static<typeof Options>;

/** Modules are set to as little as one picture in two seconds. A thermal picture is never the same twice. */
const LIMITS = { silentAfter: 5000 as Millis, sameAfter: 10_000 as Millis };

/** Thermal pictures of 32x24 from an MLX90640 behind a microcontroller. */
export const mcu90640 = declareDevice({
  kind: 'mcu90640',
  modality: 'thermal',
  title: 'Thermal camera (GY-MCU90640)',
  options: Options,
  discover: discoverSerial('mcu90640'),
  open: (options, context) => {
    const { path, baudRate = USUAL_BAUD_RATE } = options;
    return new StreamDriver(
      { modality: 'thermal', limits: LIMITS, decoder: (sink) => new Mcu90640Decoder(options, context, sink) },
      { name: path, open: context.ports.serial({ path, baudRate }), clock: context.clock },
    );
  },
});

/** Commands, `A5 command value sum`. They have no answer. */
const STREAM = [0x35, 0x02] as const;
const EMISSIVITY = 0x45;

/** How long the module takes for a command. */
const SETTLE = 100 as Millis;

/** A command with its checksum. */
export function mcu90640Command(command: number, value: number): Buffer {
  const bytes = Buffer.from([0xa5, command, value, 0]);
  bytes.writeUInt8(sum8(bytes, 0, 3), 3);
  return bytes;
}

const ZERO_CELSIUS = 273.15;

/** Sensors leave the factory with up to four pixels that do not work (MLX90640 datasheet); more are a damaged picture. */
const MOST_DEAD_PIXELS = 4;

export class Mcu90640Decoder implements ByteDecoder {
  readonly #options: Mcu90640Options;
  readonly #context: { readonly source: string; readonly clock: Clock; readonly memory: FrameMemory };
  readonly #sink: ReadingSink;
  readonly #parser = new Mcu90640Parser();
  readonly #arrivals: Arrivals;

  constructor(
    options: Mcu90640Options,
    context: { readonly source: string; readonly clock: Clock; readonly memory: FrameMemory },
    sink: ReadingSink,
  ) {
    this.#options = options;
    this.#context = context;
    this.#sink = sink;
    this.#arrivals = new Arrivals(byteMicros(options.baudRate ?? USUAL_BAUD_RATE));
  }

  async configure(stream: ByteStream, signal: AbortSignal): Promise<void> {
    const { emissivity } = this.#options;
    if (emissivity !== undefined) {
      await stream.write(mcu90640Command(EMISSIVITY, Math.round(emissivity * 100)));
      await pause(this.#context.clock, SETTLE, signal);
    }
    if (!signal.aborted) await stream.write(mcu90640Command(...STREAM));
  }

  append(bytes: Uint8Array, arrivedMicros: Micros): void {
    this.#arrivals.append(bytes.length, arrivedMicros);
    this.#parser.append(bytes);
    for (let frame = this.#parser.next(); frame !== undefined; frame = this.#parser.next()) {
      if (frame.kind === 'discarded') {
        this.#arrivals.take(frame.bytes);
        this.#sink.lost('corrupt-bytes', frame.bytes);
      } else this.#picture(frame, this.#arrivals.take(MCU90640_FRAME_BYTES));
    }
  }

  finish(): void {
    if (this.#parser.pending > 0) this.#sink.lost('corrupt-bytes', this.#parser.pending);
  }

  #picture(picture: Mcu90640Frame & { readonly kind: 'picture' }, monotonicMicros: Micros): void {
    const { source, clock, memory } = this.#context;
    const frame = memory.acquire(MCU90640_PIXELS * Float32Array.BYTES_PER_ELEMENT);
    if (frame === undefined) {
      this.#sink.lost('memory', 1);
      return;
    }
    const kelvin = new Float32Array(frame.buffer, 0, MCU90640_PIXELS);
    let dead = 0;
    picture.centiCelsius.forEach((value, pixel) => {
      const isAlive = value >= MCU90640_RANGE.minimum && value <= MCU90640_RANGE.maximum;
      if (!isAlive) dead++;
      kelvin[pixel] = isAlive ? value / 100 + ZERO_CELSIUS : 0;
    });
    try {
      if (dead > MOST_DEAD_PIXELS) this.#sink.lost('invalid', 1);
      else {
        this.#sink.reading({
          source,
          modality: 'thermal',
          monotonicMicros,
          timeMicros: clock.epochMicros() - (clock.monotonicMicros() - monotonicMicros),
          clockQuality: 'arrival',
          flags: picture.checksum === 'unverified' ? ['unverified'] : [],
          width: MCU90640_WIDTH,
          height: MCU90640_HEIGHT,
          frame,
          values: kelvin,
          unit: 'K',
        });
      }
    } finally {
      frame.release();
    }
  }
}
