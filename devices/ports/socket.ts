import { connect, type Socket } from 'node:net';
import type { Clock } from '../../runtime/clock';
import { messageOf } from '../../runtime/errors';
import type { ByteHandlers, ByteStream, OpenByteStream, StreamEnd } from './byteStream';
import type { SocketAddress } from './ports';

/** Opens TCP connections. */
export function socketOpener(clock: Clock): (address: SocketAddress) => OpenByteStream {
  return (address) => (handlers) => new SocketStream(address, { clock, handlers });
}

class SocketStream implements ByteStream {
  readonly ended: Promise<StreamEnd>;
  readonly #socket: Socket;
  #isClosing: boolean = false;

  constructor(
    { host, port }: SocketAddress,
    { clock, handlers }: { readonly clock: Clock; readonly handlers: ByteHandlers },
  ) {
    this.#socket = connect({ host, port, keepAlive: true, noDelay: true });
    this.#socket.on('data', (bytes) => handlers.bytes(bytes, clock.monotonicMicros()));
    this.ended = new Promise((resolve) => {
      this.#socket.once('error', (error) => resolve(this.#isClosing ? { kind: 'closed' } : gone(host, port, error)));
      // A sensor has no end: a peer that says goodbye is away, and waited for.
      this.#socket.once('close', () =>
        resolve(this.#isClosing ? { kind: 'closed' } : gone(host, port, new Error('the peer closed the connection'))),
      );
    });
  }

  write(bytes: Uint8Array): Promise<void> {
    if (!this.#socket.writable) return Promise.resolve();
    const written = new Promise<void>((resolve) => this.#socket.write(bytes, () => resolve()));
    return Promise.race([written, this.ended.then(() => undefined)]);
  }

  async close(): Promise<StreamEnd> {
    this.#isClosing = true;
    this.#socket.destroy();
    return this.ended;
  }
}

function gone(host: string, port: number, error: Error): StreamEnd {
  return {
    kind: 'absent',
    reason: `${host}:${port}: ${messageOf(error)}`,
    cure: 'check the address, and that something listens there',
  };
}
