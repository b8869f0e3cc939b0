import { once } from 'node:events';
import { createServer } from 'node:net';
import { Aedes } from 'aedes';

/** A message that a client published. */
export interface Published {
  readonly topic: string;
  readonly payload: Buffer;
  readonly retain: boolean;
}

export interface RecordingBroker {
  readonly url: string;
  /** In the order in which it came. */
  readonly published: readonly Published[];
  /** Resolves once a message fits; those that came before count. */
  until(fits: (message: Published) => boolean): Promise<Published>;
}

/** A broker on loopback that keeps all that clients publish. */
export async function recordingBroker(
  context: { after(cleanUp: () => Promise<void>): void },
  { port = 0 }: { readonly port?: number } = {},
): Promise<RecordingBroker> {
  const published: Published[] = [];
  const waiting = new Set<() => void>();
  const aedes = await Aedes.createBroker({
    authorizePublish: (client, { topic, payload, retain }, done) => {
      if (client) published.push({ topic, payload: Buffer.from(payload), retain });
      done(null);
      for (const look of waiting) look();
    },
  });
  const server = createServer(aedes.handle).listen(port, '127.0.0.1');
  await once(server, 'listening');
  context.after(async () => {
    await new Promise<void>((resolve) => aedes.close(() => resolve()));
    server.close();
  });
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('expected a port');
  return {
    url: `mqtt://127.0.0.1:${address.port}`,
    published,
    until: (fits) =>
      new Promise((resolve) => {
        const look = (): void => {
          const found = published.find(fits);
          if (found === undefined) return;
          waiting.delete(look);
          resolve(found);
        };
        waiting.add(look);
        look();
      }),
  };
}
