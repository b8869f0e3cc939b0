import { availableParallelism } from 'node:os';
import type { Precision } from '../../../../models/bundle/manifest';
import { type EncoderNeeds, estimateEncoder, type MachineRate } from '../../../inference/plan/estimate';
import type { measureMachine } from '../../../inference/plan/machineRate';
import { type MemoryReading, readMemory } from '../../../inference/plan/memory';
import { formatBytes, print, printNote, printTable } from '../../output';
import { type DiskNeed, diskNeeds } from './diskRoom';
import type { EncoderOutline } from './encoderSizes';

/** What a setup will take, before it begins. */
export interface Forecast {
  readonly precision: Precision;
  readonly encoders: readonly (EncoderNeeds & { readonly modality: string })[];
  readonly machine: MachineRate;
  readonly memory: MemoryReading;
  /** What is still to be downloaded. */
  readonly downloadBytes: number;
  readonly disks: readonly DiskNeed[];
}

export interface ForecastOptions {
  readonly outlines: readonly EncoderOutline[];
  readonly precision: Precision;
  readonly download: { readonly folder: string; readonly bytes: number };
  /** Where the bundle goes. */
  readonly folder: string;
  readonly signal: AbortSignal;
  /** Finds out how fast the machine is, which takes a second. */
  readonly measure: typeof measureMachine;
}

/** Tokenizer, graphs, manifest, and the padding between tensors: what a conversion asks for. */
const BESIDE_WEIGHTS_BYTES = 2 ** 25;

/**
 * Estimates what encoders take from their sizes and from how fast this machine multiplies.
 *
 * @throws {SensebindError} what {@link measureMachine} throws.
 */
export async function forecast(options: ForecastOptions): Promise<Forecast> {
  const { outlines, precision, download, folder, signal, measure } = options;
  const machine = await measure({ threads: availableParallelism(), signal });
  const encoders = outlines.map((outline) => ({
    modality: outline.modality,
    ...estimateEncoder({ ...outline, precision }, machine),
  }));
  const disks = await diskNeeds([download, { folder, bytes: bundleBytes(options, encoders) }]);
  return { precision, encoders, machine, memory: await readMemory(), downloadBytes: download.bytes, disks };
}

/** int8 is made of fp32 and measured against it, so that both are there at the end. */
function bundleBytes({ outlines, precision }: ForecastOptions, encoders: Forecast['encoders']): number {
  const made = encoders.reduce((sum, { fileBytes }) => sum + fileBytes, BESIDE_WEIGHTS_BYTES);
  const between = outlines.reduce((sum, { parameters }) => sum + 4 * parameters, 0);
  // A little more than the files while one is written in another's place.
  return precision === 'int8' ? between + 2 * made : made;
}

/** Shows it to a person, on the standard output. */
export function printForecast({ precision, encoders, machine, memory, downloadBytes, disks }: Forecast): void {
  printTable(
    ['encoder', 'on disk', 'memory', 'with device cache', 'one forward'],
    encoders.map((needs) => [
      `${needs.modality} ${precision}`,
      formatBytes(needs.fileBytes),
      formatBytes(needs.privateBytes),
      formatBytes(needs.cachedPrivateBytes),
      `~${describeMillis(needs.forwardMillis)}`,
    ]),
  );
  const rate = (machine.operationsPerSecond / 1e9).toFixed();
  print(`estimated for this machine: ${machine.threads} threads that multiply ${rate} GFLOP/s together`);
  print(`to download: ${downloadBytes === 0 ? 'nothing' : formatBytes(downloadBytes)}`);
  for (const { folder, neededBytes, freeBytes } of disks) {
    print(`disk of ${folder}: takes ${formatBytes(neededBytes)} on the way, ${formatBytes(freeBytes)} are free`);
  }
  const needed = encoders.reduce((sum, { privateBytes }) => sum + privateBytes, 0);
  print(`memory: all of them take ${formatBytes(needed)}, ${formatBytes(memory.availableBytes)} are left`);
  if (needed <= memory.availableBytes) return;
  printNote('note: they may not fit in memory at once; fewer modalities, or int8, take less');
}

function describeMillis(millis: number): string {
  return millis >= 1000 ? `${(millis / 1000).toFixed(1)} s` : `${millis.toPrecision(2)} ms`;
}
