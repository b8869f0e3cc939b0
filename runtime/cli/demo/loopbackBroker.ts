import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { Aedes } from 'aedes';
import { messageOf } from '../../errors';
import { UsageError } from '../output';

const LOOPBACK = '127.0.0.1';
const USUAL_PORT = 1883;

export interface LoopbackBroker {
  readonly url: string;
  close(): Promise<void>;
}

/**
 * A broker that only this machine reaches. For demonstrations: it asks for no password, and keeps everything in memory.
 *
 * @param options - without `port`, 1883 is tried first, then any free port.
 * @throws {UsageError} when `port` cannot be had.
 */
export async function startLoopbackBroker(options: { readonly port?: number } = {}): Promise<LoopbackBroker> {
  const server = createServer();
  const port = await listen(server, options.port ?? USUAL_PORT).catch((error: unknown) => {
    if (options.port === undefined) return listen(server, 0);
    throw new UsageError(
      `expected --port with a port that is free, found: ${messageOf(error)}`,
      'Leave it out to take 1883 or any free one.',
    );
  });
  const aedes = await Aedes.createBroker();
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    aedes.handle(socket);
  });
  return {
    url: `mqtt://${LOOPBACK}:${port}`,
    close: async () => {
      await new Promise<void>((resolve) => aedes.close(() => resolve()));
      // A connection that never spoke MQTT must not keep the process.
      for (const socket of sockets) socket.destroy();
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
