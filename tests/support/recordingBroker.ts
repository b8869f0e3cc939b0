import { once } from 'node:events';
import { createServer } from 'node:net';
import { Aedes } from 'aedes';

export interface Published {
  readonly topic: string;
  readonly payload: Buffer;
}

/** A broker on loopback that keeps what clients publish, in order; it ends with the test. */
export async function recordingBroker(context: {
  after(cleanUp: () => Promise<void>): void;
}): Promise<{ readonly url: string; readonly published: readonly Published[] }> {
  const published: Published[] = [];
  const aedes = await Aedes.createBroker({
    authorizePublish: (client, { topic, payload }, done) => {
      if (client) published.push({ topic, payload: Buffer.from(payload) });
      done(null);
    },
  });
  const server = createServer(aedes.handle).listen(0, '127.0.0.1');
  await once(server, 'listening');
  context.after(async () => {
    await new Promise<void>((resolve) => aedes.close(() => resolve()));
    server.close();
  });
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('expected a port');
  return { url: `mqtt://127.0.0.1:${address.port}`, published };
}
