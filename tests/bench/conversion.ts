import { spawn } from 'node:child_process';
import { createReadStream } from 'node:fs';
import { mkdtemp, open, readFile, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { randomStateDict } from '../../models/checkpoint/randomStateDict';
import { IMAGEBIND_HUGE, imagebindLayout } from '../../models/imagebind/layout';
import type { ImagebindModality } from '../../models/imagebind/modality';
import { writeCheckpoint } from '../support/checkpointWriter';
import { compiled } from '../support/paths';
import { type Figure, timed } from './measure';

const PRIVATE_GIGABYTES = 1.5;
/**
 * Catches getting slower. It is not the budget, which is to be bound by the disk: hashing what is read and what is
 * written, and transposing, still take longer than the disk does.
 */
const TIMES_A_COPY = 12;
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
    await writeCheckpoint(randomStateDict(imagebindLayout(IMAGEBIND_HUGE, modalities), { seed: 1 }), checkpoint);
    const gigabytes = (await stat(checkpoint)).size / 1e9;
    const copyMillis = await timed(() => copyToDisk(checkpoint, path.join(scratch, 'copy')));
    await rm(path.join(scratch, 'copy'));
    let peakBytes = 0;
    const convertMillis = await timed(async () => {
      peakBytes = await convert(checkpoint, path.join(scratch, 'bundle'));
    });
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

async function copyToDisk(from: string, to: string): Promise<void> {
  const target = await open(to, 'w');
  try {
    for await (const chunk of createReadStream(from, { highWaterMark: 2 ** 22 })) await target.writeFile(chunk);
    await target.sync();
  } finally {
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

/** `RssAnon` of a process (proc_pid_status(5)); 0 when it is gone. */
async function privateBytes(pid: number | undefined): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  return 1024 * Number(/^RssAnon:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0);
}
