import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** Why tests with a real broker are skipped; `false` when they are not. */
export const withoutMosquitto: string | false =
  spawnSync('mosquitto', ['-h']).error === undefined
    ? false
    : 'mosquitto is missing: apt-get install -y mosquitto mosquitto-clients';

/** A real mosquitto on a free loopback port. */
export async function startMosquitto(): Promise<{
  readonly url: string;
  readonly port: number;
  stop(): Promise<void>;
}> {
  const folder = await mkdtemp(path.join(tmpdir(), 'sensebind-mosquitto-'));
  const port = await freePort();
  const file = path.join(folder, 'mosquitto.conf');
  await writeFile(file, `listener ${port} 127.0.0.1\nallow_anonymous true\n`);
  const child = spawn('mosquitto', ['-c', file], { stdio: ['ignore', 'ignore', 'pipe'] });
  const exited = once(child, 'exit');
  await new Promise<void>((resolve, reject) => {
    let log = '';
    child.stderr.on('data', (bytes: Buffer) => {
      log += bytes.toString();
      if (/running/.test(log)) resolve();
    });
    void exited.then(() => reject(new Error(`mosquitto ended:\n${log}`)));
  });
  return {
    url: `mqtt://127.0.0.1:${port}`,
    port,
    stop: async () => {
      child.kill();
      await exited;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (typeof address !== 'object' || address === null) throw new Error('expected a port');
  return address.port;
}
