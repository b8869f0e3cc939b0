import { SerialPort } from 'serialport';
import type { Clock } from '../../runtime/clock';
import { messageOf } from '../../runtime/errors';
import type { ByteHandlers, ByteStream, OpenByteStream, StreamEnd } from './byteStream';
import type { SerialAddress } from './ports';

/** Opens serial ports through serialport's prebuilt binding: 8N1, without flow control. */
export function serialOpener(clock: Clock): (address: SerialAddress) => OpenByteStream {
  return (address) => (handlers) => new SerialStream(address, { clock, handlers });
}

class SerialStream implements ByteStream {
  readonly ended: Promise<StreamEnd>;
  readonly #port: SerialPort;
  #end: (end: StreamEnd) => void = () => {};

  constructor(
    { path, baudRate }: SerialAddress,
    { clock, handlers }: { readonly clock: Clock; readonly handlers: ByteHandlers },
  ) {
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
    // HUPCL off: some boards reset whenever the last program closes the port.
    this.#port = new SerialPort({ path, baudRate, autoOpen: false, hupcl: false });
    this.#port.on('data', (bytes: Buffer) => handlers.bytes(bytes, clock.monotonicMicros()));
    this.#port.on('error', (error) => this.#end(failed(path, error)));
    // An unplugged port closes with an error that says so, and without an `error` event (reference/devices.md §7).
    this.#port.on('close', (error: unknown) => this.#end(error ? unplugged(path, error) : { kind: 'closed' }));
    this.#port.open((error) => {
      if (error) this.#end(failed(path, error));
    });
  }

  /** A write to a port that was closed would be kept and sent after the next opening: it is not made at all. */
  write(bytes: Uint8Array): Promise<void> {
    if (!this.#port.isOpen && !this.#port.opening) return Promise.resolve();
    const written = new Promise<void>((resolve) => {
      this.#port.write(Buffer.from(bytes));
      this.#port.drain(() => resolve());
    });
    return Promise.race([written, this.ended.then(() => undefined)]);
  }

  async close(): Promise<StreamEnd> {
    if (this.#port.isOpen) this.#port.close(() => this.#end({ kind: 'closed' }));
    else if (this.#port.opening) this.#port.once('open', () => this.#port.close());
    else this.#end({ kind: 'closed' });
    return this.ended;
  }
}

function unplugged(path: string, error: unknown): StreamEnd {
  return { kind: 'absent', reason: `${path} was unplugged (${messageOf(error)})`, cure: 'plug it in again' };
}

/** What the binding says when a port cannot be opened, and what helps. The first that fits counts. */
const PROBLEMS: readonly {
  readonly pattern: RegExp;
  readonly kind: 'absent' | 'failed';
  readonly cure: string;
}[] = [
  {
    pattern: /no such (file|device)/i,
    kind: 'absent',
    cure: 'plug the device in; the ports that are there: ls -l /dev/serial/by-id',
  },
  {
    pattern: /permission denied/i,
    kind: 'absent',
    cure: 'add the user to the group dialout: usermod -aG dialout USER, then log in again',
  },
  {
    pattern: /cannot lock|busy|temporarily unavailable/i,
    kind: 'failed',
    cure: 'another program holds the port: fuser -v DEVICE; ModemManager and brltty take new ports for themselves',
  },
];

function failed(path: string, error: Error): StreamEnd {
  const problem = PROBLEMS.find(({ pattern }) => pattern.test(error.message));
  return {
    kind: problem?.kind ?? 'failed',
    reason: `${path}: ${error.message}`,
    cure: problem?.cure ?? 'check the cable and the baud rate',
  };
}
