import { spawn } from 'node:child_process';
import { mkdtemp, open, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { randomStateDict } from '../../models/checkpoint/randomStateDict';
import { writeStateDict } from '../../models/checkpoint/writeStateDict';
import { IMAGEBIND_HUGE, imagebindLayout } from '../../models/imagebind/layout';
import type { ImagebindModality } from '../../models/imagebind/modality';
import { compiled } from '../support/paths';
import { privateBytes } from '../support/processUsage';
import { tensorsOf } from '../support/tensorsOf';
import { type Figure, timed } from './measure';

const PRIVATE_GIGABYTES = 1.5;
/**
 * Beside what a copy does, every byte goes through SHA-256 twice (of the checkpoint for the space, of the file for the
 * manifest) and most are transposed: on two cores about as much work again as the copy's. Measured here: 1.8. On
 * a machine that is busy with other things a single copy takes 8 to 43 s, so that one miss says little.
 */
const TIMES_A_COPY = 4;
const PIECE_BYTES = 2 ** 23;
const SAMPLE_MILLIS = 20;

/** `sensebind models convert` of a full-size checkpoint with random weights: private memory, and time against a copy. */
export async function benchConversion({
  folder,
  modalities,
}: {
  readonly folder: string;
  readonly modalities: readonly ImagebindModality[];
}): Promise<readonly Figure[]> {
  const scratch = await mkdtemp(path.join(folder, 'conversion-'));
  try {
    const checkpoint = path.join(scratch, 'random.pth');
    const random = randomStateDict(imagebindLayout(IMAGEBIND_HUGE, modalities), { seed: 1 });
    await writeStateDict(checkpoint, tensorsOf(random));
    const gigabytes = (await stat(checkpoint)).size / 1e9;
    const copy = async (): Promise<number> => {
      const millis = await timed(() => copyToDisk(checkpoint, path.join(scratch, 'copy')));
      await rm(path.join(scratch, 'copy'));
      return millis;
    };
    const before = await copy();
    let peakBytes = 0;
    const convertMillis = await timed(async () => {
      peakBytes = await convert(checkpoint, path.join(scratch, 'bundle'));
    });
    // What else the machine does changes by the minute: the mean of a copy before and one after.
    const copyMillis = (before + (await copy())) / 2;
    const ratio = convertMillis / copyMillis;
    const peakGigabytes = peakBytes / 1e9;
    const what = `converting ${gigabytes.toFixed(1)} GB`;
    return [
      {
        name: `${what}: private memory (RssAnon)`,
        measured: `${peakGigabytes.toFixed(2)} GB`,
        budget: `< ${PRIVATE_GIGABYTES} GB`,
        holds: peakGigabytes < PRIVATE_GIGABYTES,
        details: { peakBytes, gigabytes },
      },
      {
        name: `${what}: time`,
        measured: `${ratio.toFixed(1)}× a plain copy (${(convertMillis / 1000).toFixed(1)} s)`,
        budget: `≤ ${TIMES_A_COPY}×`,
        holds: ratio <= TIMES_A_COPY,
        details: { convertMillis, copyMillis, gigabytes },
      },
    ];
  } finally {
    await rm(scratch, { recursive: true });
  }
}

/** As fast as one can without tricks of the file system: large pieces, through memory that is used again. */
async function copyToDisk(from: string, to: string): Promise<void> {
  const source = await open(from);
  const target = await open(to, 'w');
  try {
    const piece = Buffer.alloc(PIECE_BYTES);
    for (let done = 0; ; ) {
      const { bytesRead } = await source.read(piece, 0, piece.length, done);
      if (bytesRead === 0) break;
      await target.write(piece, 0, bytesRead, done);
      done += bytesRead;
    }
    await target.sync();
  } finally {
    await source.close();
    await target.close();
  }
}

/** Runs the converter as a process of its own; resolves to the largest private memory seen, in bytes. */
async function convert(checkpoint: string, output: string): Promise<number> {
  const command = [compiled('runtime/cli/main'), 'models', 'convert', checkpoint, output, '--json'];
  const child = spawn(process.execPath, command, { stdio: ['ignore', 'ignore', 'inherit'] });
  const exited = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', resolve);
  });
  let ended = false;
  void exited.finally(() => {
    ended = true;
  });
  let peakBytes = 0;
  while (!ended) {
    peakBytes = Math.max(peakBytes, await privateBytes(child.pid));
    await pause(SAMPLE_MILLIS);
  }
  const code = await exited;
  if (code !== 0) throw new Error(`models convert ended with ${code}`);
  return peakBytes;
}
