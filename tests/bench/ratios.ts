import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { availableParallelism, cpus } from 'node:os';
import path from 'node:path';
import { repositoryRoot } from '../support/paths';
import type { Figure } from './measure';

/** What else a machine does moves ratios by some per cent; a change of the code that matters moves them by more. */
const TOLERANCE = 0.1;

/** Ratios of a run on a quiet machine, kept in tests/bench/ratios/ for each kind of processor. */
export interface StoredRatios {
  readonly processor: string;
  readonly cores: number;
  readonly time: string;
  readonly node: string;
  /** Share of all cores that other programs kept busy before the run. */
  readonly busyShare: number;
  /** By the name of the figure. */
  readonly ratios: Readonly<Record<string, number>>;
}

/** A figure that has fallen behind its stored ratio. */
export interface Regression {
  readonly name: string;
  readonly stored: number;
  readonly found: number;
}

/** How much worse a figure is than what is stored, where that is more than noise. */
export function regressionOf({ name, ratio }: Figure, stored: StoredRatios | undefined): Regression | undefined {
  const before = stored?.ratios[name];
  if (before === undefined || ratio === undefined) return undefined;
  const { value, better } = ratio;
  const isWorse = better === 'higher' ? value < before * (1 - TOLERANCE) : value > before * (1 + TOLERANCE);
  return isWorse ? { name, stored: before, found: value } : undefined;
}

/** As a line of the report. */
export function regressionText({ name, stored, found }: Regression): string {
  const change = 100 * (found / stored - 1);
  return `WARNING: ${name}: ${found.toPrecision(3)}, ${change > 0 ? '+' : ''}${change.toFixed(0)} % against ${stored.toPrecision(3)} stored for this processor`;
}

/** What is stored with this run's ratios in place of its own of the same names. */
export function merged(
  stored: StoredRatios | undefined,
  figures: readonly Figure[],
  run: Omit<StoredRatios, 'ratios'>,
): StoredRatios {
  const fresh = figures.flatMap(({ name, ratio }) =>
    ratio === undefined ? [] : [[name, rounded(ratio.value)] as const],
  );
  return { ...run, ratios: { ...stored?.ratios, ...Object.fromEntries(fresh) } };
}

/** More digits are noise. */
function rounded(value: number): number {
  return Number(value.toPrecision(4));
}

/** Names a kind of processor; virtual machines say little in the model's name, so family and model stand beside it. */
export function processorOf(cpuinfo: string, model: string): string {
  const numbers = ['cpu family', 'model', 'CPU implementer', 'CPU part'].flatMap((name) => {
    const value = new RegExp(`^${name}\\s*: (\\w{1,16})$`, 'm').exec(cpuinfo)?.[1];
    return value === undefined ? [] : `${name} ${value}`;
  });
  return [model.trim(), ...numbers].join(', ');
}

/** The file of a kind of processor with so many cores: threads change every ratio. */
export function fileNameOf(processor: string, cores: number): string {
  const words = processor.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-');
  return `${words.replaceAll(/^-|-$/g, '')}-${cores}-cores.json`;
}

/** The ratios that are stored for this machine's kind of processor, and where. */
export async function readRatios(): Promise<{ readonly file: string; readonly stored: StoredRatios | undefined }> {
  const { processor, cores } = await thisMachine();
  const file = path.join(repositoryRoot, 'tests', 'bench', 'ratios', fileNameOf(processor, cores));
  const text = await readFile(file, 'utf8').catch(() => undefined);
  // Written by this program.
  return { file, stored: text === undefined ? undefined : (JSON.parse(text) as StoredRatios) };
}

export async function writeRatios(file: string, ratios: StoredRatios): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, `${JSON.stringify(ratios, null, 2)}\n`);
}

/** What decides which ratios may be compared. */
export async function thisMachine(): Promise<{ readonly processor: string; readonly cores: number }> {
  const cpuinfo = await readFile('/proc/cpuinfo', 'utf8').catch(() => '');
  return { processor: processorOf(cpuinfo, cpus()[0]?.model ?? 'unknown'), cores: availableParallelism() };
}
