import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

/** A network between two programs on loopback. */
export interface DelayingProxy {
  readonly url: string;
  /** Ends every connection that stands. */
  cut(): void;
  /** From now on nothing passes on the connections that stand, and neither end is told: they are half-open. */
  freeze(): void;
  stop(): Promise<void>;
}

/** Looks at what passes, as it reaches the proxy; connections count from 0. */
export interface ProxyTap {
  toServer(bytes: Buffer, connection: number): void;
  toClient(bytes: Buffer, connection: number): void;
}

/** Hands bytes on after half of a round trip, in each direction. */
export async function startDelayingProxy(
  port: number,
  roundTripMillis: number,
  tap: ProxyTap = { toServer: () => undefined, toClient: () => undefined },
): Promise<DelayingProxy> {
  const sockets = new Set<Socket>();
  const frozen = new Set<Socket>();
  let connections = 0;
  const pass = (from: Socket, to: Socket, look: (bytes: Buffer) => void): void => {
    const isOpen = (): boolean => !frozen.has(from);
    const delayed = (act: () => void): void => {
      setTimeout(() => isOpen() && act(), roundTripMillis / 2);
    };
    from.on('data', (bytes: Buffer) => {
      if (isOpen()) look(bytes);
      delayed(() => to.write(bytes));
    });
    from.on('close', () => delayed(() => to.destroy()));
  };
  const server = createServer({ noDelay: true }, (near) => {
    const connection = connections++;
    const far = connect({ port, host: '127.0.0.1', noDelay: true });
    pass(near, far, (bytes) => tap.toServer(bytes, connection));
    pass(far, near, (bytes) => tap.toClient(bytes, connection));
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('expected a port');
  const cut = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    url: `mqtt://127.0.0.1:${address.port}`,
    cut,
    freeze: () => {
      for (const socket of sockets) frozen.add(socket);
    },
    stop: async () => {
      cut();
      server.close();
      await once(server, 'close');
    },
  };
}
