import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { access } from 'node:fs/promises';
import path from 'node:path';

/** Why tests that need systemd-notify and a receiver of its datagrams are skipped; `false` when they are not. */
export const withoutSystemd: string | false =
  spawnSync('systemd-notify', ['--version']).error || spawnSync('perl', ['-v']).error
    ? 'systemd-notify or perl is missing: apt-get install -y systemd perl-base'
    : false;

/**
 * Prints every datagram on a line of its own. socat would keep the file that systemd-notify sends along, and waits for the end
 * of: then it takes every message for lost.
 */
const RECEIVE = `
  socket(S, PF_UNIX, SOCK_DGRAM, 0) && bind(S, sockaddr_un($ARGV[0])) || die $!;
  $| = 1;
  print "$message\\n" while defined recv(S, $message, 65536, 0);
`;

/** What systemd would hear at its socket. */
export interface NotifyReceiver {
  readonly socket: string;
  /** All so far. */
  heard(): string;
  /** Resolves when these words were heard in this order, with others between them. */
  until(words: readonly string[]): Promise<void>;
}

/** Receives in the place of systemd. */
export async function notifyReceiver(
  context: { after(cleanUp: () => Promise<void>): void },
  folder: string,
): Promise<NotifyReceiver> {
  const socket = path.join(folder, 'notify');
  const child = spawn('perl', ['-MSocket', '-e', RECEIVE, socket], { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  context.after(async () => {
    child.kill();
    await exited;
  });
  let heard = '';
  let look = (): void => undefined;
  child.stdout.on('data', (bytes: Buffer) => {
    heard += bytes.toString();
    look();
  });
  while (!(await isThere(socket))) await new Promise((resolve) => setImmediate(resolve));
  return {
    socket,
    heard: () => heard,
    until: (words) =>
      new Promise<void>((resolve) => {
        const expected = new RegExp(words.join('[^]*'));
        look = () => {
          if (expected.test(heard)) resolve();
        };
        look();
      }),
  };
}

function isThere(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}
