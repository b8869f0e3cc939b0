import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

/** A network between two programs on loopback. */
export interface DelayingProxy {
  readonly url: string;
  /** Ends every connection that stands. */
  cut(): void;
  stop(): Promise<void>;
}

/** Hands bytes on after half of a round trip, in each direction. */
export async function startDelayingProxy(port: number, roundTripMillis: number): Promise<DelayingProxy> {
  const sockets = new Set<Socket>();
  const server = createServer({ noDelay: true }, (near) => {
    const far = connect({ port, host: '127.0.0.1', noDelay: true });
    pass(near, far, roundTripMillis / 2);
    pass(far, near, roundTripMillis / 2);
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
    stop: async () => {
      cut();
      server.close();
      await once(server, 'close');
    },
  };
}

function pass(from: Socket, to: Socket, delayMillis: number): void {
  from.on('data', (bytes) => {
    setTimeout(() => to.write(bytes), delayMillis);
  });
  from.on('close', () => setTimeout(() => to.destroy(), delayMillis));
}
