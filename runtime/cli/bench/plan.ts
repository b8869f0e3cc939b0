import type { Bundle } from '../../../models/bundle/bundle';
import type { Precision } from '../../../models/bundle/manifest';
import type { Modality } from '../../reading';
import { UsageError } from '../output';
import { parseWhole } from '../wholeNumber';

/** One line of the table to come. */
export interface Measurement {
  readonly bundle: Bundle;
  readonly modality: Modality;
  readonly precision: Precision;
  readonly threads: number;
}

/** More numbers of threads than these tell little. */
const USUAL_THREADS: readonly number[] = [1, 2, 4];

/** Starting a process and loading a small encoder; large ones take longer. */
const START_SECONDS = 1;
const LEAST_SECONDS = 0.3;

/** 1, 2, 4 and all cores, as far as there are so many. */
export function usualThreads(cores: number): readonly number[] {
  return [...new Set([...USUAL_THREADS.filter((threads) => threads < cores), cores])];
}

/** `1,2`: numbers of threads, at most as many as cores. @throws {UsageError} for anything else. */
export function parseThreads(text: string | undefined, cores: number): readonly number[] {
  if (text === undefined) return usualThreads(cores);
  const limits = { least: 1, most: cores, command: 'bench' };
  return [...new Set(text.split(',').map((part) => parseWhole('--threads', part, limits)))];
}

/**
 * Every encoder of the bundles with every number of threads.
 *
 * @param options - `modalities`: only these, in any order.
 * @throws {UsageError} for a modality that none of the bundles has.
 */
export function planMeasurements(
  bundles: readonly Bundle[],
  { modalities, threads }: { readonly modalities: readonly string[] | undefined; readonly threads: readonly number[] },
): readonly Measurement[] {
  const known = [...new Set(bundles.flatMap(({ manifest }) => Object.keys(manifest.encoders)))];
  const stranger = modalities?.find((modality) => !known.includes(modality));
  if (stranger !== undefined) {
    throw new UsageError(
      `expected --modalities of ${known.join(', ')}, found ${stranger}`,
      'See sensebind bench --help.',
    );
  }
  return bundles.flatMap((bundle) =>
    Object.entries(bundle.manifest.encoders)
      .filter(([modality]) => modalities?.includes(modality) ?? true)
      .flatMap(([modality, { precision }]) =>
        threads.map((count) => ({ bundle, modality, precision, threads: count })),
      ),
  );
}

/** How long each of so many is measured, for all to take about `seconds`. */
export function secondsEach(seconds: number, measurements: number): number {
  return Math.max(LEAST_SECONDS, seconds / Math.max(1, measurements) - START_SECONDS);
}
