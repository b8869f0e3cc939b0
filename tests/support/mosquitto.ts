import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { watchContract } from './contract';

/** Why tests with a real broker are skipped; `false` when they are not. */
export const withoutMosquitto: string | false =
  spawnSync('mosquitto', ['-h']).error === undefined
    ? false
    : 'mosquitto is missing: apt-get install -y mosquitto mosquitto-clients';

export interface Mosquitto {
  readonly url: string;
  readonly port: number;
  /** `SIGTERM` where it is left out: it says goodbye to nobody either way. */
  stop(signal?: NodeJS.Signals): Promise<void>;
}

export interface MosquittoOptions {
  /** A port of {@link freePort}, for a broker that comes back where it was. */
  readonly port?: number;
  /** Lines of mosquitto.conf. */
  readonly settings?: readonly string[];
  /** The only user that may connect; anyone may without. */
  readonly user?: { readonly name: string; readonly password: string };
  /** Lines of its access control list. */
  readonly acl?: readonly string[];
  /**
   * Default: true. Every message under a node's topics is held against the shipped schemas; {@link Mosquitto.stop} throws
   * where one is not as they say. False where a test publishes what is wrong on purpose, or measures.
   */
  readonly holdsContract?: boolean;
}

/** A real mosquitto on loopback. It keeps nothing: when it is started again, its retained messages are gone. */
export async function startMosquitto(options: MosquittoOptions = {}): Promise<Mosquitto> {
  const folder = await mkdtemp(path.join(tmpdir(), 'sensebind-mosquitto-'));
  const port = options.port ?? (await freePort());
  const file = path.join(folder, 'mosquitto.conf');
  await writeFile(file, (await settingsOf(options, { folder, port })).join('\n'));
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
  const url = `mqtt://127.0.0.1:${port}`;
  const watch = options.holdsContract === false ? undefined : await watchContract(url, loginOf(options));
  return {
    url,
    port,
    stop: async (signal) => {
      // It has what the broker passed on before now.
      await watch?.settled();
      child.kill(signal);
      await exited;
      await rm(folder, { recursive: true, force: true });
      watch?.check();
    },
  };
}

function loginOf({ user }: MosquittoOptions): { readonly username?: string; readonly password?: string } {
  return user === undefined ? {} : { username: user.name, password: user.password };
}

async function settingsOf(
  { user, acl, settings = [] }: MosquittoOptions,
  { folder, port }: { readonly folder: string; readonly port: number },
): Promise<string[]> {
  const lines = [`listener ${port} 127.0.0.1`, `allow_anonymous ${user === undefined}`, ...settings];
  if (user) {
    const file = path.join(folder, 'passwords');
    const { status, stderr } = spawnSync('mosquitto_passwd', ['-b', '-c', file, user.name, user.password]);
    if (status !== 0) throw new Error(`mosquitto_passwd failed: ${stderr}`);
    lines.push(`password_file ${file}`);
  }
  if (acl) {
    const file = path.join(folder, 'acl');
    await writeFile(file, `${acl.join('\n')}\n`);
    lines.push(`acl_file ${file}`);
  }
  // As root, mosquitto becomes a user of its own before it reads its files.
  await chmod(folder, 0o755);
  return lines;
}

/** A port on loopback that nobody listens on at this moment. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (typeof address !== 'object' || address === null) throw new Error('expected a port');
  return address.port;
}
