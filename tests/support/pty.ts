import { type ChildProcessByStdio, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import type { TestContext } from 'node:test';

/** A serial port of the kernel whose other end is the test: plugged in under a path until it is unplugged. */
export interface Pty {
  /** Resolves when the bytes were handed to the kernel. */
  write(bytes: Uint8Array): Promise<void>;
  /** Called with what the driver writes. */
  onReceived(take: (bytes: Uint8Array) => void): void;
  /** The port goes away, as when the cable is pulled. */
  unplug(): Promise<void>;
}

/** True, and the test is skipped, on a machine without socat. */
export function isSocatMissing(context: TestContext): boolean {
  if (!spawnSync('socat', ['-V']).error) return false;
  context.skip('socat is missing: apt-get install socat');
  return true;
}

/** Plugs a serial port in: `link` leads to a /dev/pts/N of its own. */
export async function plugIn(link: string): Promise<Pty> {
  const socat = spawn('socat', ['-d', '-d', '-', `pty,raw,echo=0,link=${link}`], { stdio: ['pipe', 'pipe', 'pipe'] });
  socat.stdin.on('error', () => undefined);
  await ready(socat);
  return {
    write: (bytes) =>
      new Promise((resolve) => {
        socat.stdin.write(bytes, () => resolve());
      }),
    onReceived: (take) => void socat.stdout.on('data', take),
    unplug: async () => {
      if (socat.exitCode !== null || socat.signalCode !== null) return;
      const exited = once(socat, 'exit');
      socat.kill('SIGTERM');
      await exited;
    },
  };
}

async function ready(socat: ChildProcessByStdio<Writable, Readable, Readable>): Promise<void> {
  let said = '';
  await new Promise<void>((resolve, reject) => {
    socat.stderr.setEncoding('utf8').on('data', (text: string) => {
      said += text;
      // By then the link is there.
      if (said.includes('starting data transfer loop')) resolve();
    });
    socat.once('error', reject);
    socat.once('exit', () => reject(new Error(`socat ended: ${said}`)));
  });
}
