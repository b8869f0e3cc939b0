import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** As much as the kernel hands over at once. */
const BUFFER_BYTES = 2 ** 18;

export interface DataHandlers {
  /** Bytes are only valid during the call. */
  output(bytes: Uint8Array): void;
  /** Asked after each `output`: no more is read until the promise resolves. */
  rest?(): Promise<void> | undefined;
}

/** A pair of sockets between this process and a program that it starts. */
export interface DataSocket {
  /** To be passed to the program, then destroyed: as long as it is open here, the stream has no end. */
  readonly forProgram: Socket;
  /** The program is gone, or was never started: takes what is left, without a rest. Resolves after the last byte. */
  drain(): Promise<void>;
}

/**
 * Pipes that Node.js makes for programs allocate memory for each chunk, of 64 KiB at most. This one reads into the same
 * memory again and again, in larger pieces: a Full HD camera costs a quarter of the time.
 */
export async function openDataSocket(handlers: DataHandlers): Promise<DataSocket> {
  // Only this user can enter the folder, so nobody else can connect.
  const folder = await mkdtemp(path.join(tmpdir(), 'sensebind-'));
  const server = createServer({ pauseOnConnect: true });
  try {
    const address = path.join(folder, 'data');
    server.listen(address);
    await once(server, 'listening');
    const accepted = new Promise<Socket>((resolve) => server.once('connection', resolve));
    const reader = new Reader(address, handlers);
    await reader.connected;
    const forProgram = await accepted;
    forProgram.on('error', () => undefined);
    const drain = (): Promise<void> => {
      forProgram.destroy();
      return reader.drain();
    };
    return { forProgram, drain };
  } finally {
    server.close();
    await rm(folder, { recursive: true, force: true });
  }
}

class Reader {
  readonly connected: Promise<unknown>;
  readonly #ended: Promise<void>;
  readonly #socket: Socket;
  readonly #handlers: DataHandlers;
  #isDraining: boolean = false;

  constructor(address: string, handlers: DataHandlers) {
    this.#handlers = handlers;
    this.#socket = connect({
      path: address,
      onread: {
        buffer: Buffer.allocUnsafeSlow(BUFFER_BYTES),
        callback: (length, buffer) => this.#take(buffer.subarray(0, length)),
      },
    });
    this.connected = once(this.#socket, 'connect');
    // A program that is killed may reset its end; how it ended is told elsewhere.
    this.#socket.on('error', () => undefined);
    this.#ended = new Promise((resolve) => this.#socket.once('close', () => resolve()));
  }

  drain(): Promise<void> {
    this.#isDraining = true;
    this.#socket.resume();
    return this.#ended;
  }

  /** Returns whether to go on reading. */
  #take(bytes: Uint8Array): boolean {
    this.#handlers.output(bytes);
    const rest = this.#isDraining ? undefined : this.#handlers.rest?.();
    if (rest === undefined) return true;
    void rest.then(() => this.#socket.resume());
    return false;
  }
}
