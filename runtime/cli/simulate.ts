import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Command } from 'commander';
import type { Scenario } from '../../devices/simulated/scenario';
import { readScenario, seededScenario } from '../../devices/simulated/sharedWorld';
import { simulateReadings } from '../../devices/simulated/simulateReadings';
import { SOUND_RATE_HZ } from '../../devices/simulated/sound/voice';
import type { Truth } from '../../devices/simulated/truth';
import { messageOf, SensebindError } from '../errors';
import { FramePool } from '../frames';
import { untilInterrupted } from './interrupt';
import { type OutputOptions, print, printJson, printNote, UsageError } from './output';
import { contactSheet } from './simulate/contactSheet';
import { eventSounds } from './simulate/eventSounds';
import { listeningPage } from './simulate/listeningPage';
import { recordPairs } from './simulate/recordPairs';
import { soundFile } from './simulate/soundFile';

interface SimulateFlags extends OutputOptions {
  readonly out?: string;
  readonly pairs?: string;
  readonly scenes?: string;
  readonly recording?: string;
  readonly seed: string;
  readonly scenario?: string;
  readonly seconds: string;
  readonly force?: boolean;
}

const EXAMPLE = `
Writes into the folder:
  contact-sheet.png   every kind of event × every sensor; a green frame where the sensor can perceive it
  sounds/*.wav        what each audible event sounds like
  index.html          a page to look and listen
  scenario.wav        the sound of the scenario
  truth.json          what happens in it, when and where

Example of a scenario:
  version: 1
  seed: 7
  room: kitchen
  length: 60
  events:
    - { at: 12, event: glass_break, for: 8 }
    - { at: 30, event: person_fallen }
    - { at: 45, event: calm }

A recording to bind a sensor by, without hardware (see sensebind bind --help):
  sensebind simulate --pairs vision,radar --scenes 12000 --seed 1 --recording ./pairs`;

/** Seconds of a scenario at most: its sound is kept in memory until it is written. */
const MOST_SECONDS = 3600;

/** `sensebind simulate`: lets a person look at and listen to the simulated world. */
export function registerSimulate(program: Command): void {
  program
    .command('simulate')
    .description('write pictures, sounds and truth of the simulated world, to look at and to listen to')
    .option('--out <folder>', 'folder to write')
    .option('--seed <number>', 'which world; a scenario names its own', '1')
    .option('--scenario <file>', 'what happens when (YAML), in place of an endless world from the seed')
    .option('--seconds <number>', `how much of the scenario, ${MOST_SECONDS} at most`, '60')
    .option('--pairs <sensors>', `with --recording: which sensors read each scene, such as vision,radar`)
    .option('--scenes <number>', 'with --recording: how many')
    .option('--recording <folder>', 'in place of --out: record new scenes, one after the other, to bind a sensor by')
    .option('--force', 'replace what an earlier run wrote there')
    .option('--json', 'answer as JSON')
    .addHelpText('after', EXAMPLE)
    .action((flags: SimulateFlags) => untilInterrupted((signal) => simulate({ ...flags, signal })));
}

async function simulate(flags: SimulateFlags & { readonly signal: AbortSignal }): Promise<void> {
  const seed = parseNumber('--seed', flags.seed, { least: 0, most: 2 ** 32 - 1, isWhole: true });
  const seconds = parseNumber('--seconds', flags.seconds, { least: 1, most: MOST_SECONDS, isWhole: false });
  const scenario = flags.scenario === undefined ? seededScenario(seed) : await readScenario(flags.scenario);
  if (flags.recording !== undefined) return recordPairs({ ...flags, recording: flags.recording, seed });
  if (flags.out === undefined) throw new UsageError('expected --out or --recording, found neither', 'Name a folder.');
  const out = path.resolve(flags.out);
  await requireReplaceable(out, flags.force === true);
  const partial = `${out}.partial-${process.pid}`;
  try {
    await mkdir(path.join(partial, 'sounds'), { recursive: true });
    const files = await writeAll(partial, { seed, seconds, scenario, flags });
    await rm(out, { recursive: true, force: true });
    await rename(partial, out);
    if (flags.json) printJson({ ok: true, folder: out, files });
    else print(`${files.length} files in ${flags.out}: open ${path.join(flags.out, 'index.html')}`);
  } catch (error) {
    await rm(partial, { recursive: true, force: true });
    if (error instanceof Error && 'syscall' in error) throw unwritable(out, error);
    throw error;
  }
}

interface Work {
  readonly seed: number;
  readonly seconds: number;
  readonly scenario: Scenario;
  readonly flags: SimulateFlags & { readonly signal: AbortSignal };
}

/** Writes everything; returns the names of the files. */
async function writeAll(folder: string, { seed, seconds, scenario, flags }: Work): Promise<readonly string[]> {
  const files: string[] = [];
  const write = async (name: string, content: Uint8Array | string): Promise<void> => {
    flags.signal.throwIfAborted();
    await writeFile(path.join(folder, name), content);
    files.push(name);
  };
  const note = progressNotes(flags);
  await write(
    'contact-sheet.png',
    await contactSheet(seed, (share) => {
      flags.signal.throwIfAborted();
      note('contact sheet', share);
    }),
  );
  const sounds = eventSounds(seed);
  for (const { file, wav } of sounds) await write(file, wav);
  await write('index.html', listeningPage({ seed, sounds }));
  const { sound, truth } = await playScenario(scenario, { seconds, signal: flags.signal, note });
  await write('scenario.wav', soundFile(sound, SOUND_RATE_HZ));
  await write('truth.json', `${JSON.stringify({ seed: scenario.seed, room: scenario.room.id, truth }, null, 2)}\n`);
  return files;
}

type Note = (step: string, share: number) => void;

async function playScenario(
  scenario: Scenario,
  { seconds, signal, note }: { readonly seconds: number; readonly signal: AbortSignal; readonly note: Note },
): Promise<{ readonly sound: Float32Array; readonly truth: readonly Omit<Truth, 'monotonicMicros'>[] }> {
  const length = Math.min(seconds, scenario.timeline.lengthSeconds);
  const sound = new Float32Array(Math.ceil(length * SOUND_RATE_HZ));
  const truth: Omit<Truth, 'monotonicMicros'>[] = [];
  let samples = 0;
  await simulateReadings({
    scenario,
    sources: [{ source: 'mic0', sensor: 'audio' }],
    seconds: length,
    start: { timeMicros: 0, monotonicMicros: 0 },
    memory: new FramePool({ frames: 1, bytes: 1 }),
    reading: async (reading) => {
      if (reading.modality !== 'audio') return;
      const [block = new Float32Array()] = reading.channels;
      sound.set(block, samples);
      samples += block.length;
      await new Promise((resolve) => setImmediate(resolve));
    },
    truth: ({ monotonicMicros: _, ...change }) => truth.push(change),
    progress: (doneSeconds) => note('scenario', doneSeconds / length),
    signal,
  });
  return { sound: sound.subarray(0, samples), truth };
}

/** A line for each fifth of a step, beside the answer. */
function progressNotes({ json }: OutputOptions): Note {
  let shown = '';
  return (step, share) => {
    const line = `${step}: ${20 * Math.floor(5 * share)} %`;
    if (json !== true && line !== shown && share >= 0.2) printNote(line);
    shown = line;
  };
}

function parseNumber(
  name: string,
  text: string,
  { least, most, isWhole }: { readonly least: number; readonly most: number; readonly isWhole: boolean },
): number {
  const value = Number(text);
  if (text.trim() !== '' && value >= least && value <= most && (!isWhole || Number.isInteger(value))) return value;
  throw new UsageError(
    `expected ${name} with a ${isWhole ? 'whole ' : ''}number from ${least} to ${most}, found ${text}`,
    'See sensebind simulate --help.',
  );
}

/** What this command writes: `--force` replaces nothing else, so that a wrong folder is not lost. */
const OWN_ENTRIES = new Set(['contact-sheet.png', 'sounds', 'index.html', 'scenario.wav', 'truth.json']);

async function requireReplaceable(folder: string, force: boolean): Promise<void> {
  const entries = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw unwritable(folder, error);
  });
  const foreign = entries.filter((name) => !OWN_ENTRIES.has(name));
  if (entries.length === 0 || (force && foreign.length === 0)) return;
  throw new SensebindError(
    'OUTPUT_EXISTS',
    `expected no folder or an empty one at ${folder}, found ${entries.length} entries`,
    foreign.length === 0 ? 'choose another folder, or replace it with --force' : 'choose another folder',
  );
}

function unwritable(folder: string, error: unknown): SensebindError {
  return new SensebindError(
    'FILE_UNWRITABLE',
    `expected to write to ${folder}, found: ${messageOf(error)}`,
    'check the path, its permissions and the free space',
    { cause: error },
  );
}
