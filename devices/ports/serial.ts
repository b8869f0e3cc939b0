import { readSync } from 'node:fs';
import { realpath } from 'node:fs/promises';
import type { SerialPort } from 'serialport';
import type { Clock, Micros, Millis } from '../../runtime/clock';
import { messageOf, moduleMissing } from '../../runtime/errors';
import { pause } from '../pause';
import type { ByteHandlers, ByteStream, OpenByteStream, StreamEnd } from './byteStream';
import type { SerialAddress } from './ports';

/** Opens serial ports through serialport's prebuilt binding: 8N1, without flow control. */
export function serialOpener(clock: Clock): (address: SerialAddress) => OpenByteStream {
  return (address) => (handlers) => new SerialStream(address, { clock, handlers });
}

type Port = Awaited<ReturnType<typeof SerialPort.binding.open>>;

/** The binding is native: who has no serial sensor never loads it. @throws {SensebindError} `MODULE_MISSING` */
async function openPort(options: PortOptions): Promise<Port> {
  return (await loadBinding()).open(options);
}

async function loadBinding(): Promise<typeof SerialPort.binding> {
  try {
    return (await import('serialport')).default.SerialPort.binding;
  } catch (error) {
    throw moduleMissing('serialport', 'reads serial ports', error);
  }
}

/** As {@link SerialStream} opens one; flow control and framing as the binding has them by itself. */
interface PortOptions {
  readonly path: string;
  readonly baudRate: number;
  readonly hupcl: boolean;
}

/** A tty keeps 4096 bytes for a reader. */
const READ_BYTES = 4096;

/**
 * How often a busy port is read, unless its address says otherwise. Waking up for every few bytes costs more than everything that is done with them; what
 * comes in between waits in the kernel: 3.7 KB at 921600 baud.
 */
const READ_EVERY = 40 as Millis;

/** What opening a port sets: a call that leaves them out would clear them, and reset many a board. */
const LINES = { brk: false, cts: false, dtr: true, rts: true } as const;

/** A read that gives this much is followed by another one at once, before the kernel's buffer overflows. */
const MANY_BYTES = READ_BYTES / 2;

/** How often to look whether the port is still the one that was opened (design.md rule 3). */
const PRESENCE_POLL = 1000 as Millis;

class SerialStream implements ByteStream {
  readonly ended: Promise<StreamEnd>;
  readonly #path: string;
  readonly #readEvery: Millis;
  readonly #clock: Clock;
  readonly #handlers: ByteHandlers;
  readonly #opened: Promise<Port>;
  /** Why the port is to be closed; the first reason counts. */
  #end: StreamEnd | undefined;
  #wake: () => void = () => {};
  #writes: Promise<void> = Promise.resolve();

  constructor(
    { path, baudRate, readEvery = READ_EVERY }: SerialAddress,
    { clock, handlers }: { readonly clock: Clock; readonly handlers: ByteHandlers },
  ) {
    this.#path = path;
    this.#readEvery = readEvery;
    this.#clock = clock;
    this.#handlers = handlers;
    // HUPCL off: some boards reset whenever the last program closes the port.
    this.#opened = openPort({ path, baudRate, hupcl: false });
    this.ended = this.#run();
  }

  write(bytes: Uint8Array): Promise<void> {
    this.#writes = this.#writes.then(() => this.#writeNow(Buffer.from(bytes)));
    return Promise.race([this.#writes, this.ended.then(() => undefined)]);
  }

  async close(): Promise<StreamEnd> {
    await this.#stop({ kind: 'closed' });
    return this.ended;
  }

  async #run(): Promise<StreamEnd> {
    try {
      const port = await this.#opened;
      // Some drivers hold bytes back for 16 ms unless they are asked not to; others do not know the question.
      void port.set({ ...LINES, lowLatency: true }).catch(() => undefined);
      const watch = new AbortController();
      void this.#watchPresence(watch.signal);
      try {
        await this.#read(port);
      } catch (error) {
        this.#end ??= unplugged(this.#path, messageOf(error));
      } finally {
        watch.abort();
        await closePort(port);
      }
      return this.#end ?? { kind: 'closed' };
    } catch (error) {
      return this.#end ?? failed(this.#path, messageOf(error));
    }
  }

  async #read(port: Port): Promise<void> {
    const buffer = Buffer.alloc(READ_BYTES);
    let lastMicros: Micros = Number.NEGATIVE_INFINITY;
    // Never twice in a row without a turn for others: a flood of bytes would keep them out.
    let hasPaused: boolean = false;
    while (this.#end === undefined) {
      const waited: number = hasPaused ? readWaiting(port, buffer) : 0;
      const bytesRead: number = waited > 0 ? waited : (await port.read(buffer, 0, buffer.length)).bytesRead;
      const now = this.#clock.monotonicMicros();
      if (this.#end === undefined) this.#handlers.bytes(buffer.subarray(0, bytesRead), now);
      const isBusy = now - lastMicros < 2 * this.#readEvery * 1000;
      lastMicros = now;
      hasPaused = isBusy && bytesRead < MANY_BYTES;
      if (hasPaused) await this.#pause(this.#readEvery);
    }
  }

  async #stop(end: StreamEnd): Promise<void> {
    this.#end ??= end;
    this.#wake();
    await this.#opened.then(closePort, () => undefined);
  }

  /** A hung-up port may say nothing at all; its link is gone then, or leads to another port. */
  async #watchPresence(signal: AbortSignal): Promise<void> {
    const resolved = (): Promise<string | undefined> => realpath(this.#path).catch(() => undefined);
    const opened = await resolved();
    while (!signal.aborted) {
      await pause(this.#clock, PRESENCE_POLL, signal);
      if (signal.aborted) return;
      const now = await resolved();
      if (now !== opened || now === undefined) await this.#stop(unplugged(this.#path, 'its name is gone'));
    }
  }

  #pause(delay: Millis): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.#clock.setTimer(delay, resolve);
      this.#wake = () => {
        timer.cancel();
        resolve();
      };
    });
  }

  /** What cannot be written is lost: the reader of the same port finds out why. */
  async #writeNow(bytes: Buffer): Promise<void> {
    try {
      const port = await this.#opened;
      if (port.isOpen) await port.write(bytes);
    } catch (error) {
      await this.#stop(unplugged(this.#path, messageOf(error)));
    }
  }
}

/**
 * What already waits in the kernel; 0 for nothing, and for whatever is wrong: a read that waits finds out what. The port
 * was opened so that no read blocks. Through the thread pool the same costs two wake-ups more, of a thread and of this
 * one: most of what a sensor at 200 Hz costs.
 */
function readWaiting(port: Port, buffer: Buffer): number {
  if (!('fd' in port) || typeof port.fd !== 'number') return 0;
  try {
    return readSync(port.fd, buffer);
  } catch {
    return 0;
  }
}

async function closePort(port: Port): Promise<void> {
  if (!port.isOpen) return;
  // A port that is gone cannot be closed; nothing of it is left to close.
  await port.close().catch(() => undefined);
}

function unplugged(path: string, found: string): StreamEnd {
  return { kind: 'absent', reason: `${path} was unplugged (${found})`, cure: 'plug it in again' };
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

function failed(path: string, message: string): StreamEnd {
  const problem = PROBLEMS.find(({ pattern }) => pattern.test(message));
  return {
    kind: problem?.kind ?? 'failed',
    reason: `${path}: ${message.replace(/^Error: /, '')}`,
    cure: problem?.cure ?? 'check the cable and the baud rate',
  };
}
