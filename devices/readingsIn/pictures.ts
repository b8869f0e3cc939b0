import type { Micros } from '../../runtime/clock';
import { isSensebindError, messageOf, SensebindError } from '../../runtime/errors';
import type { ClockQuality, Flag, FrameHold, ReadingSink } from '../../runtime/reading';
import type { DeviceContext } from '../device';
import { acquireFloats } from '../frameValues';
import { requirePlausibleMedian } from '../plausible';
import { elementsOf, type ReadingsMessage } from './message';

export type PictureContext = Pick<DeviceContext, 'source' | 'clock' | 'memory' | 'decodePicture'>;

/** When a picture was taken, and what was noticed. */
export interface PictureMoment {
  readonly monotonicMicros: Micros;
  readonly clockQuality: ClockQuality;
  readonly flags: readonly Flag[];
}

/** What is too cold or hot for any scene: nearly always a wrong scale or offset. */
const PLAUSIBLE = {
  thermal: {
    what: 'thermal pictures in kelvin',
    minimum: 150,
    maximum: 1500,
    cure: 'set scale and offset of the messages so that value × scale + offset is kelvin',
  },
  depth: {
    what: 'depth pictures in metres',
    minimum: 0.01,
    maximum: 500,
    cure: 'set the scale of the messages so that value × scale is metres: 0.001 for millimetres',
  },
} as const;

/** Makes readings of the pictures of one board. Of JPEG, one is decoded at a time; the newest of those that wait is next. */
export class Pictures {
  readonly #context: PictureContext;
  readonly #sink: ReadingSink;
  readonly #fail: (error: SensebindError) => void;
  #isDecoding: boolean = false;
  #waiting: { readonly jpeg: Uint8Array; readonly moment: PictureMoment } | undefined;
  #isOver: boolean = false;

  constructor(options: {
    readonly context: PictureContext;
    readonly sink: ReadingSink;
    readonly fail: (error: SensebindError) => void;
  }) {
    this.#context = options.context;
    this.#sink = options.sink;
    this.#fail = options.fail;
  }

  show(message: ReadingsMessage, moment: PictureMoment): void {
    if (message.kind === 'vision') this.#queue(Uint8Array.from(message.body), moment);
    else if (message.kind === 'thermal' || message.kind === 'depth') this.#numbers(message.kind, message, moment);
  }

  stop(): void {
    this.#isOver = true;
    this.#waiting = undefined;
  }

  #numbers(kind: 'thermal' | 'depth', message: ReadingsMessage, moment: PictureMoment): void {
    const { width, height, offset } = message;
    const room = acquireFloats(this.#context.memory, width * height);
    if (room === undefined) {
      this.#sink.lost('memory', 1);
      return;
    }
    const scale = message.scale || 1;
    const elements = elementsOf(message);
    for (let index = 0; index < elements.length; index++) {
      const element = elements[index] ?? 0;
      const value = element * scale + offset;
      // 0 means missing, in metres and in kelvin; a depth of 0 also before an offset. 0 °C is none of them.
      const isMissing = kind === 'depth' && element === 0;
      room.values[index] = Number.isFinite(value) && value > 0 && !isMissing ? value : 0;
    }
    try {
      requirePlausibleMedian(room.values, PLAUSIBLE[kind]);
      const common = { ...this.#common(moment), width, height, frame: room.frame };
      if (kind === 'depth') this.#sink.reading({ ...common, modality: 'depth', metres: room.values });
      else this.#sink.reading({ ...common, modality: 'thermal', values: room.values, unit: 'K' });
    } catch (error) {
      if (!isSensebindError(error)) throw error;
      this.#fail(error);
    } finally {
      room.frame.release();
    }
  }

  #queue(jpeg: Uint8Array, moment: PictureMoment): void {
    if (this.#waiting !== undefined) this.#sink.lost('stale', 1);
    this.#waiting = { jpeg, moment };
    if (!this.#isDecoding) void this.#decodeAll();
  }

  async #decodeAll(): Promise<void> {
    this.#isDecoding = true;
    for (let next = this.#waiting; next !== undefined && !this.#isOver; next = this.#waiting) {
      this.#waiting = undefined;
      await this.#decode(next.jpeg, next.moment);
    }
    this.#isDecoding = false;
  }

  async #decode(jpeg: Uint8Array, moment: PictureMoment): Promise<void> {
    try {
      const { rgb, width, height } = await this.#context.decodePicture(jpeg);
      if (this.#isOver) return;
      const frame = this.#context.memory.acquire(rgb.length);
      if (frame === undefined) this.#sink.lost('memory', 1);
      else this.#handOver({ rgb, width, height, frame }, moment);
    } catch (error) {
      if (isSensebindError(error)) this.#sink.lost('invalid', 1);
      else {
        const found = messageOf(error);
        this.#fail(
          new SensebindError('DEVICE_FAILED', `expected a picture, found: ${found}`, 'report this with the log', {
            cause: error,
          }),
        );
      }
    }
  }

  #handOver(
    picture: { readonly rgb: Uint8Array; readonly width: number; readonly height: number; readonly frame: FrameHold },
    moment: PictureMoment,
  ): void {
    const { width, height, frame } = picture;
    try {
      const rgb = new Uint8Array(frame.buffer, 0, picture.rgb.length);
      rgb.set(picture.rgb);
      this.#sink.reading({ ...this.#common(moment), modality: 'vision', width, height, frame, rgb });
    } finally {
      frame.release();
    }
  }

  #common({ monotonicMicros, clockQuality, flags }: PictureMoment) {
    const { clock, source } = this.#context;
    const timeMicros = clock.epochMicros() - (clock.monotonicMicros() - monotonicMicros);
    return { source, timeMicros, monotonicMicros, clockQuality, flags };
  }
}
