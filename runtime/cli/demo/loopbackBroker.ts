import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { Aedes } from 'aedes';

const LOOPBACK = '127.0.0.1';
const USUAL_PORT = 1883;

export interface LoopbackBroker {
  readonly url: string;
  close(): Promise<void>;
}

/**
 * A broker that only this machine reaches. For demonstrations: it asks for no password, and keeps everything in memory.
 *
 * @param options - `port` is taken or fails; without it 1883 is tried first, then any free port.
 */
export async function startLoopbackBroker(options: { readonly port?: number } = {}): Promise<LoopbackBroker> {
  const aedes = await Aedes.createBroker();
  const server = createServer(aedes.handle);
  const port = await listen(server, options.port ?? USUAL_PORT).catch((error: unknown) => {
    if (options.port !== undefined) throw error;
    return listen(server, 0);
  });
  return {
    url: `mqtt://${LOOPBACK}:${port}`,
    close: async () => {
      await new Promise<void>((resolve) => aedes.close(() => resolve()));
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

async function listen(server: Server, port: number): Promise<number> {
  server.listen(port, LOOPBACK);
  await once(server, 'listening');
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : port;
}
