import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { convertCheckpoint } from '../../models/bundle/convert';
import { RANDOM_WEIGHTS_LICENCE } from '../../models/bundle/licences';
import { randomStateDict } from '../../models/checkpoint/randomStateDict';
import { IMAGEBIND_HUGE, imagebindLayout } from '../../models/imagebind/layout';
import { readVariant } from '../../models/imagebind/variant';
import { compiled } from '../support/paths';

/** A way for a process to end while onnxruntime works, and what its parent must see. */
export interface Ending {
  readonly activity: 'creating' | 'running';
  readonly ending: 'exit' | 'throw' | 'reject' | 'sigterm' | 'handled-sigterm';
  /** Exit code, or name of the signal. */
  readonly expected: number | string;
}

const WAYS = [
  { ending: 'exit', expected: 3 },
  { ending: 'throw', expected: 1 },
  { ending: 'reject', expected: 1 },
  { ending: 'sigterm', expected: 'SIGTERM' },
  { ending: 'handled-sigterm', expected: 7 },
] as const;

export const ENDINGS: readonly Ending[] = (['creating', 'running'] as const).flatMap((activity) =>
  WAYS.map((way) => ({ activity, ...way })),
);

/** A bundle whose encoder takes long enough to load and to run: the full-size one of motion, with random weights. */
export async function slowBundle(): Promise<{ readonly directory: string; remove(): Promise<void> }> {
  const folder = await mkdtemp(path.join(tmpdir(), 'sensebind-endings-'));
  const directory = path.join(folder, 'bundle');
  await convertCheckpoint(randomStateDict(imagebindLayout(IMAGEBIND_HUGE, ['imu']), { seed: 1 }), {
    variant: await readVariant('imagebind_huge'),
    outputDirectory: directory,
    precision: 'fp32',
    name: 'slow',
    trained: false,
    licence: RANDOM_WEIGHTS_LICENCE,
  });
  return { directory, remove: () => rm(folder, { recursive: true, force: true }) };
}

/** Runs one ending; resolves to the exit code or signal of the process. */
export function endOnce({ activity, ending }: Ending, directory: string): Promise<number | string | null> {
  const program = compiled('tests/faults/programs/endings');
  const child = spawn(process.execPath, [program, directory, activity, ending], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  child.stdout.once('data', () => {
    if (ending.endsWith('sigterm')) child.kill('SIGTERM');
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => resolve(signal ?? code));
  });
}
