import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { convertCheckpoint } from '../../models/bundle/convert';
import { RANDOM_WEIGHTS_LICENCE } from '../../models/bundle/licences';
import { randomStateDict } from '../../models/checkpoint/randomStateDict';
import { IMAGEBIND_HUGE, imagebindLayout } from '../../models/imagebind/layout';
import { readVariant } from '../../models/imagebind/variant';
import { compiled } from '../support/paths';
import { ENDING_WHILE, IN_FLIGHT, OVER } from './saidByEndings';

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

/**
 * Runs one ending; resolves to the exit code or signal of the process.
 *
 * @throws {Error} when it did not end in the middle of the native call that was asked for: whatever the exit code, that
 * proves nothing.
 */
export async function endOnce(scenario: Ending, directory: string): Promise<number | string> {
  const { activity, ending } = scenario;
  const program = compiled('tests/faults/programs/endings');
  const child = spawn(process.execPath, [program, directory, activity, ending], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const said: string[] = [];
  const lines = createInterface(child.stdout).on('line', (line) => {
    said.push(line);
    if (line === IN_FLIGHT && ending.endsWith('sigterm')) child.kill('SIGTERM');
  });
  const [[code, signal], complaint] = await Promise.all([
    once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>,
    text(child.stderr),
    once(lines, 'close'),
  ]);
  const problem = problemOf(scenario, said);
  const ended = signal ?? code ?? 'nothing';
  if (problem === undefined) return ended;
  throw new Error(`${problem}; it ended with ${ended} and said: ${[...said, complaint].join('\n')}`);
}

/** Why the end proves nothing; `undefined` when it does. */
function problemOf({ activity, ending }: Ending, said: readonly string[]): string | undefined {
  if (!said.includes(IN_FLIGHT)) return `Expected to see the process ${activity}, found that it ended before`;
  if (said.includes(OVER)) return `Expected the process to end while ${activity}, found that the work was over before`;
  // A signal that nobody handles leaves no time for last words.
  if (ending === 'sigterm' || said.includes(`${ENDING_WHILE}${activity}`)) return undefined;
  return `Expected the process to end while ${activity}, found no native call of that kind at its end`;
}
