import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as pause } from 'node:timers/promises';
import { sha256OfFile } from '../../models/bundle/sha256';
import { randomStateDict } from '../../models/checkpoint/randomStateDict';
import { writeStateDict } from '../../models/checkpoint/writeStateDict';
import { IMAGEBIND_HUGE, imagebindLayout } from '../../models/imagebind/layout';
import { withCleanUp } from '../support/cleanUp';
import { type FileServer, servedFile, startFileServer } from '../support/fileServer';
import { compiled } from '../support/paths';
import { childrenOf, privateBytes } from '../support/processUsage';
import { tensorsOf } from '../support/tensorsOf';
import { type Found, problemsOf } from './found';

const MODALITIES = 'audio,imu,thermal';
const PRIVATE_BYTES = 1.5e9;
const SAMPLE_MILLIS = 20;

/**
 * A checkpoint with the layout of the published one and random weights (4.8 GB, and 7 GB more of disk) is pulled from a
 * server on this machine: by turns the process is killed, told to stop, and its connection cut, at random points; then it is
 * set up. Takes the memory of every process on the way.
 */
export async function pulledModel({ interruptions }: { readonly interruptions: number }): Promise<Found> {
  return withCleanUp(async (context) => {
    const folder = await mkdtemp(path.join(tmpdir(), 'sensebind-pulled-'));
    context.after(() => rm(folder, { recursive: true, force: true }));
    const source = path.join(folder, 'random.pth');
    const random = randomStateDict(imagebindLayout(IMAGEBIND_HUGE), { seed: 1 });
    const { sha256, bytes } = await writeStateDict(source, tensorsOf(random));
    const server = await startFileServer(context, await servedFile(source));
    const home = path.join(folder, 'home');
    const pulls: Ended[] = [];
    for (let index = 0; index < interruptions; index++) {
      pulls.push(await interruptedPull({ home, server, kind: KINDS[index % KINDS.length] ?? 'kill', bytes }));
    }
    const started = performance.now();
    const last = await ended(start(home, ['pull', '--url', server.url, '--accept-licence', '--json']));
    const setup = await ended(
      start(home, [
        'setup',
        '--modalities',
        MODALITIES,
        '--precision',
        'int8',
        ...['--accept-licence', '--yes', '--json'],
      ]),
    );
    const seconds = (performance.now() - started) / 1000;
    const file = path.join(home, 'sensebind', 'checkpoints', 'imagebind_huge.pth');
    const found = await sha256OfFile(file).catch(() => 'none');
    const pullPeak = Math.max(...[...pulls, last].map(({ peakBytes }) => peakBytes));
    const resumed = server.requests.filter(({ range }) => range !== undefined).length;
    const left = (await readdir(path.dirname(file))).filter((name) => name.endsWith('.part'));
    return {
      description: `${gigabytes(bytes)} pulled over ${interruptions} interruptions, ${resumed} of ${server.requests.length} requests for a part; the last pull and setup (${MODALITIES}, int8) took ${seconds.toFixed()} s; private memory at most ${gigabytes(pullPeak)} pulling, ${gigabytes(setup.peakBytes)} setting up, ${gigabytes(setup.peakOfAllBytes)} with its helpers; ${setupLine(setup)}`,
      problems: problemsOf({
        [`another hash: ${found}`]: found !== sha256,
        [`pull ended with ${last.code}: ${last.output.slice(0, 500)}`]: last.code !== 0,
        [`setup ended with ${setup.code}: ${setup.output.slice(0, 500)}`]: setup.code !== 0,
        [`left: ${left.join()}`]: left.length > 0,
        [`more than ${gigabytes(PRIVATE_BYTES)} private`]: Math.max(pullPeak, setup.peakBytes) > PRIVATE_BYTES,
        'not one part was asked for': resumed === 0,
      }),
    };
  });
}

/** How a pull is interrupted: the process by a signal, or the server cuts the connection in a run that is then told to stop. */
const KINDS = ['kill', 'stop', 'cut'] as const;

async function interruptedPull({
  home,
  server,
  kind,
  bytes,
}: {
  readonly home: string;
  readonly server: FileServer;
  readonly kind: (typeof KINDS)[number];
  readonly bytes: number;
}): Promise<Ended> {
  const content = path.join(home, 'sensebind', 'checkpoints', 'imagebind_huge.pth.part', 'content');
  const before = await sizeOf(content);
  // A random part of what is missing, so that ten of them do not reach the end.
  const until = before + (0.05 + 0.25 * Math.random()) * (bytes - before);
  if (kind === 'cut') server.faults = [{ cutAfter: Math.round((until - before) * Math.random()) }];
  const running = start(home, ['pull', '--url', server.url, '--accept-licence', '--json']);
  const end = ended(running);
  while (running.exitCode === null && running.signalCode === null && (await sizeOf(content)) < until) {
    await pause(SAMPLE_MILLIS);
  }
  running.kill(kind === 'kill' ? 'SIGKILL' : 'SIGINT');
  return end;
}

async function sizeOf(file: string): Promise<number> {
  return (await stat(file).catch(() => ({ size: 0 }))).size;
}

type Running = ChildProcess & { readonly stdout: NonNullable<ChildProcess['stdout']> };

function start(home: string, args: readonly string[]): Running {
  return spawn(process.execPath, [compiled('runtime/cli/main'), 'models', ...args], {
    env: { ...process.env, XDG_DATA_HOME: home, XDG_STATE_HOME: home, XDG_CACHE_HOME: home },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

interface Ended {
  readonly code: number | null;
  readonly output: string;
  /** `RssAnon` of the process at most, and of it with its children. */
  readonly peakBytes: number;
  readonly peakOfAllBytes: number;
}

async function ended(running: Running): Promise<Ended> {
  const output = text(running.stdout);
  const closed = once(running, 'close');
  let peakBytes = 0;
  let peakOfAllBytes = 0;
  let isOver = false;
  void closed.finally(() => {
    isOver = true;
  });
  while (!isOver) {
    const own = await privateBytes(running.pid);
    const children = await Promise.all((await childrenOf(running.pid)).map(privateBytes));
    peakBytes = Math.max(peakBytes, own);
    peakOfAllBytes = Math.max(
      peakOfAllBytes,
      children.reduce((sum, bytes) => sum + bytes, own),
    );
    await pause(SAMPLE_MILLIS);
  }
  const [code]: (number | null)[] = await closed;
  return { code: code ?? null, output: await output, peakBytes, peakOfAllBytes };
}

function setupLine({ code, output }: Ended): string {
  if (code !== 0) return `setup ended with ${code}`;
  const { encoders, deviceCopies } = JSON.parse(output);
  const forwards = encoders.map(
    ({ modality, bytes, forwardMillis }: { modality: string; bytes: number; forwardMillis: number }) =>
      `${modality} ${(bytes / 1e6).toFixed()} MB ${forwardMillis.toFixed()} ms`,
  );
  const copies = deviceCopies.filter(({ isThere }: { isThere: boolean }) => isThere).length;
  return `${forwards.join(', ')}; ${copies} device copies`;
}

function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(2)} GB`;
}
