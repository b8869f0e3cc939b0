import type { Clock, Micros, Millis } from '../runtime/clock';
import { SensebindError } from '../runtime/errors';
import type { Driver, Modality, ReadingSink } from '../runtime/reading';
import { type Freeze, Liveness, type LivenessLimits } from './liveness';
import type { ByteStream, OpenByteStream, StreamEnd } from './ports/byteStream';

/** A state machine from bytes to readings. Never throws: bytes that fit nothing are told to the sink as lost. */
export interface ByteDecoder {
  append(bytes: Uint8Array, arrivedMicros: Micros): void;
  /**
   * Writes settings and reads them back where the protocol can. Runs beside `append`, once; ends soon after `signal`
   * aborts.
   *
   * @throws {SensebindError} `DEVICE_FAILED` when the device does not do as it was told.
   */
  configure?(stream: ByteStream, signal: AbortSignal): Promise<void>;
  /** The stream has ended: what is left belongs to nothing. */
  finish?(): void;
}

/** What makes a driver of a byte stream: the part that is different for each protocol. */
export interface StreamProtocol {
  readonly modality: Modality;
  /**
   * A decoder for one run of the stream.
   *
   * @param fail - Ends the run with an error: the bytes are well formed, but make no sense.
   */
  decoder(sink: ReadingSink, fail: (error: SensebindError) => void): ByteDecoder;
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
    const { limits } = this.#protocol;
    const over = new AbortController();
    let stream: ByteStream | undefined;
    let failure: unknown;
    let heardBytes = 0;
    const fail = (error: unknown): void => {
      if (over.signal.aborted) return;
      failure = error;
      over.abort();
      void stream?.close();
    };
    const liveness = new Liveness(sink, {
      clock: this.#clock,
      limits,
      onFrozen: (kind) => fail(frozen(this.#name, kind, limits, heardBytes)),
    });
    const decoder = this.#protocol.decoder(liveness, fail);
    stream = this.#open({
      bytes: (bytes, arrivedMicros) => {
        if (over.signal.aborted) return;
        heardBytes += bytes.length;
        try {
          decoder.append(bytes, arrivedMicros);
        } catch (error) {
          fail(error);
        }
      },
    });
    const stop = (): void => {
      over.abort();
      void stream?.close();
    };
    signal.addEventListener('abort', stop, { once: true });
    try {
      const configured = decoder.configure?.(stream, over.signal).catch(fail);
      const end = await stream.ended;
      const wasOver = over.signal.aborted;
      over.abort();
      await configured;
      if (failure !== undefined) throw failure;
      if (!wasOver && end.kind !== 'finished') throw ended(this.#name, end);
    } finally {
      signal.removeEventListener('abort', stop);
      decoder.finish?.();
      liveness.stop();
    }
  }
}

/**
 * A device that hangs, as an error: whoever supervises the driver starts it again.
 *
 * @param heardBytes - What came although no reading did: nearly always the wrong baud rate or the wrong kind of device.
 */
export function frozen(
  name: string,
  freeze: Freeze,
  { silentAfter, sameAfter }: LivenessLimits,
  heardBytes = 0,
): SensebindError {
  if (freeze === 'same') {
    return new SensebindError(
      'DEVICE_FROZEN',
      `expected readings from ${name}, found the same numbers for ${seconds(sameAfter ?? silentAfter)}`,
      'the sensor hangs: unplug it and plug it in again',
    );
  }
  const isTalking = heardBytes > 0;
  return new SensebindError(
    'DEVICE_FROZEN',
    `expected readings from ${name}, found ${isTalking ? 'no valid one' : 'nothing'} for ${seconds(silentAfter)}${isTalking ? ` (${heardBytes} bytes since it was opened)` : ''}`,
    isTalking
      ? 'check the baud rate and the kind of device'
      : 'check the cable and the power, or unplug it and plug it in again',
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
