import { availableParallelism } from 'node:os';
import type { Command } from 'commander';
import type { Bundle } from '../../../models/bundle/bundle';
import type { InputSpec } from '../../../models/bundle/manifest';
import type { MachineRate } from '../../inference/plan/estimate';
import { measureMachine } from '../../inference/plan/machineRate';
import { measureOrEstimate } from '../../inference/plan/measureOrEstimate';
import { readMemory } from '../../inference/plan/memory';
import { type MemoryPlan, type PlannedEncoder, planMemory } from '../../inference/plan/memoryPlan';
import type { EncoderSetup } from '../../inference/protocol';
import { encoderSetups } from '../../inference/setups';
import { planThreads, threadsFor } from '../../inference/threads';
import { BUNDLE_HELP, openNamedBundle } from '../bundle';
import { parseByteSize } from '../byteSize';
import { untilInterrupted } from '../interrupt';
import { formatBytes, type OutputOptions, print, printJson, printNote, printTable, UsageError } from '../output';
import { parseWhole } from '../wholeNumber';

interface PlanFlags extends OutputOptions {
  readonly bundle?: string;
  readonly memory?: string;
  readonly modalities?: string;
  readonly windowsPerSecond?: string;
  readonly threads?: string;
  readonly again?: boolean;
}

/** `sensebind models plan`: which encoders fit in memory and time. */
export function registerPlan(models: Command): void {
  models
    .command('plan')
    .description('measure which encoders fit in the memory and the time of this machine')
    .option('--bundle <folder>', BUNDLE_HELP)
    .option('--memory <size>', 'what the encoders may take, such as 8GB; default: what is available now')
    .option('--modalities <list>', 'only these, such as audio,imu; default: all of the bundle')
    .option('--windows-per-second <rates>', 'such as audio=1,imu=0.2; default: one, and none for text')
    .option('--threads <count>', 'threads of the encoders; default: as the engine takes them')
    .option('--again', 'measure again what was measured here before')
    .option('--json', 'print JSON')
    .action((flags: PlanFlags) => untilInterrupted((signal) => plan({ ...flags, signal })));
}

async function plan(flags: PlanFlags & { readonly signal: AbortSignal }): Promise<void> {
  const bundle = await openNamedBundle(flags);
  const setups = chosen(bundle, flags.modalities);
  const rates = parseRates(flags.windowsPerSecond, setups);
  const memory = await readMemory();
  const memoryBytes = flags.memory === undefined ? memory.availableBytes : parseByteSize('--memory', flags.memory);
  const cores = availableParallelism();
  const workerThreads = planThreads({ threadsPerWorker: threadCount(flags.threads) });
  const { signal } = flags;
  const tell = (text: string): void => (flags.json ? undefined : printNote(text));
  let rate: Promise<MachineRate> | undefined;
  const encoders: PlannedEncoder[] = [];
  for (const setup of setups) {
    const { modality, precision, spec } = setup;
    const threads = threadsFor(setup, workerThreads);
    const needs = await measureOrEstimate(setup, {
      threads,
      again: flags.again === true,
      signal,
      machineRate: () => {
        rate ??= measureMachine({ threads: workerThreads.threadsPerWorker, signal });
        return rate;
      },
      onMeasure: (name) => tell(`measuring ${name} …`),
      onEstimate: (name, reason) => tell(`note: ${name} is estimated, for it could not be measured: ${reason}`),
    });
    const windowsPerSecond = rates[modality] ?? (spec.kind === 'tokens' ? 0 : 1);
    encoders.push({ modality, precision, needs, threads, windowsPerSecond, itemsPerWindow: itemsOf(spec) });
  }
  const machine = { memoryBytes, cores };
  const found = { ...planMemory(encoders, machine), machine };
  if (flags.json) printJson(found);
  else report(found);
}

type Report = MemoryPlan & { readonly machine: Parameters<typeof planMemory>[1] };

const FITS = {
  plain: 'yes',
  deviceCache: 'with the device cache',
  int8: 'as int8',
  no: 'no',
} as const;

function report(found: Report): void {
  const { rows, machine } = found;
  printTable(
    ['encoder', 'precision', 'memory', 'with device cache', 'threads', 'forward', 'windows/s', 'of the cores', 'fits'],
    rows.map(({ modality, precision, needs, threads, windowsPerSecond, coreShare, fits }) => [
      modality,
      precision,
      `${formatBytes(needs.privateBytes)}${needs.basis === 'estimated' ? ', estimated' : ''}`,
      `${formatBytes(needs.cachedPrivateBytes)} + ${formatBytes(needs.cachedMappedBytes)} mapped`,
      threads,
      `${needs.forwardMillis.toPrecision(3)} ms${needs.basis === 'estimated' ? ', estimated' : ''}`,
      windowsPerSecond,
      percent(coreShare),
      FITS[fits],
    ]),
  );
  print(
    `\n${formatBytes(found.privateBytes)} of ${formatBytes(machine.memoryBytes)} of memory, ${percent(found.coreShare)} of ${machine.cores} cores`,
  );
  print(
    `with the device cache: ${formatBytes(found.cachedPrivateBytes)}, for ${formatBytes(found.cacheBytes)} on the disk`,
  );
  for (const sentence of found.advice) print(sentence);
}

function percent(share: number): string {
  return `${(100 * share).toFixed(share < 0.1 ? 1 : 0)} %`;
}

function itemsOf(spec: InputSpec): number {
  return spec.kind === 'sound' ? spec.clips : 1;
}

function chosen(bundle: Bundle, list: string | undefined): readonly EncoderSetup[] {
  const setups = encoderSetups(bundle);
  if (list === undefined) return Object.values(setups);
  return list.split(',').map((modality) => setups[modality.trim()] ?? unknown(modality, Object.keys(setups)));
}

function parseRates(text: string | undefined, setups: readonly EncoderSetup[]): Readonly<Record<string, number>> {
  const names = setups.map(({ modality }) => modality);
  const rates = (text ?? '').split(',').filter((part) => part !== '');
  return Object.fromEntries(
    rates.map((part) => {
      const [name = '', rate, ...more] = part.split('=');
      const value = rate === undefined || rate === '' || more.length > 0 ? Number.NaN : Number(rate);
      if (!names.includes(name.trim())) return unknown(name, names);
      if (value >= 0 && value <= 1e6) return [name.trim(), value];
      throw new UsageError(
        `expected --windows-per-second with rates such as audio=1,imu=0.2, found ${part}`,
        'Write a name, "=" and a number for each.',
      );
    }),
  );
}

function unknown(name: string, names: readonly string[]): never {
  throw new UsageError(`expected a modality of the bundle, found ${name}`, `It has ${names.join(', ')}.`);
}

function threadCount(text: string | undefined): number | undefined {
  return text === undefined
    ? undefined
    : parseWhole('--threads', text, { least: 1, most: 256, command: 'models plan' });
}
