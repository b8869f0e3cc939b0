import type { Clock, Micros, Millis } from '../runtime/clock';
import { SensebindError } from '../runtime/errors';
import type { Driver, Modality, ReadingSink } from '../runtime/reading';
import { type Freeze, Liveness, type LivenessLimits } from './liveness';
import type { ByteStream, OpenByteStream, StreamEnd } from './ports/byteStream';

/** A state machine from bytes to readings. Never throws: bytes that fit nothing are told to the sink as lost. */
export interface ByteDecoder {
  append(bytes: Uint8Array, arrivedMicros: Micros): void;
  /** The stream has ended: what is left belongs to nothing. */
  finish?(): void;
}

/** What makes a driver of a byte stream: the part that is different for each protocol. */
export interface StreamProtocol {
  readonly modality: Modality;
  /** A decoder for one run of the stream. */
  decoder(sink: ReadingSink): ByteDecoder;
  /** Writes settings and reads them back where the protocol can: runs beside the decoder, once a run. */
  configure?(stream: ByteStream, signal: AbortSignal): Promise<void>;
  readonly limits: LivenessLimits;
}

/** A device that sends a stream of bytes: serial port, socket, pipe. Opens it, decodes it, notices when it hangs. */
export class StreamDriver implements Driver {
  readonly #protocol: StreamProtocol;
  readonly #name: string;
  readonly #open: OpenByteStream;
  readonly #clock: Clock;

  /** @param options.name - How messages call the device: its path or address. */
  constructor(
    protocol: StreamProtocol,
    options: { readonly name: string; readonly open: OpenByteStream; readonly clock: Clock },
  ) {
    this.#protocol = protocol;
    this.#name = options.name;
    this.#open = options.open;
    this.#clock = options.clock;
  }

  get modality(): Modality {
    return this.#protocol.modality;
  }

  async run(sink: ReadingSink, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    let freeze: Freeze | undefined;
    const { limits } = this.#protocol;
    const liveness = new Liveness(sink, {
      clock: this.#clock,
      limits,
      onFrozen: (kind) => {
        freeze = kind;
        void stream.close();
      },
    });
    const decoder = this.#protocol.decoder(liveness);
    const stream = this.#open({ bytes: (bytes, arrivedMicros) => decoder.append(bytes, arrivedMicros) });
    const stop = (): void => void stream.close();
    signal.addEventListener('abort', stop, { once: true });
    const configured = new AbortController();
    try {
      const failure = this.#protocol.configure?.(stream, configured.signal).catch((error: unknown) => {
        void stream.close();
        throw error;
      });
      const end = await stream.ended;
      configured.abort();
      await failure;
      if (signal.aborted) return;
      if (freeze !== undefined) throw frozen(this.#name, freeze, limits);
      if (end.kind !== 'finished') throw ended(this.#name, end);
    } finally {
      signal.removeEventListener('abort', stop);
      liveness.stop();
      decoder.finish?.();
    }
  }
}

/** A device that hangs, as an error: whoever supervises the driver starts it again. */
export function frozen(name: string, freeze: Freeze, { silentAfter, sameAfter }: LivenessLimits): SensebindError {
  const found =
    freeze === 'silent'
      ? `nothing for ${seconds(silentAfter)}`
      : `the same numbers for ${seconds(sameAfter ?? silentAfter)}`;
  return new SensebindError(
    'DEVICE_FROZEN',
    `expected readings from ${name}, found ${found}`,
    freeze === 'silent'
      ? 'check the baud rate, the cable and the power, or unplug it and plug it in again'
      : 'the sensor hangs: unplug it and plug it in again',
  );
}

function ended(name: string, end: StreamEnd): SensebindError {
  if (end.kind === 'closed' || end.kind === 'finished') {
    return new SensebindError(
      'DEVICE_FAILED',
      `expected bytes from ${name}, found the end of them`,
      'plug it in again',
    );
  }
  const code = end.kind === 'absent' ? 'DEVICE_ABSENT' : 'DEVICE_FAILED';
  return new SensebindError(code, `expected bytes from ${name}, found: ${end.reason}`, end.cure);
}

function seconds(millis: Millis): string {
  return `${millis / 1000} s`;
}
