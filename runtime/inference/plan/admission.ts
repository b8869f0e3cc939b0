import type { Precision } from '../../../models/bundle/manifest';
import { SensebindError } from '../../errors';
import { formatBytes } from '../../formatBytes';
import type { Modality } from '../../reading';
import { weightsBytesInMemory } from './estimate';
import type { MemoryReading } from './memory';

/** An encoder that is to be loaded. */
export interface Applicant {
  readonly modality: Modality;
  readonly precision: Precision | 'int8';
  readonly fileBytes: number;
  /** Whether the device cache has a copy, whose weights need no memory of their own. */
  readonly hasDeviceCopy: boolean;
}

/**
 * Share of the weights that is private memory whatever the runtime does: measured 0.98 of a thermal, 0.96 of a vision
 * encoder (reference/onnxruntime.md §4), less where a table of words stays in its file.
 */
const SURE_SHARE = 0.8;

/** Memory that an encoder takes for sure, bytes: not what it takes in the end, but no less. */
export function sureBytes({ precision, fileBytes, hasDeviceCopy }: Omit<Applicant, 'modality'>): number {
  return hasDeviceCopy ? 0 : SURE_SHARE * weightsBytesInMemory(fileBytes, precision);
}

/**
 * Refuses encoders that cannot fit together: what they take for sure is more than there is, swap included. Says nothing of
 * those that may fit: `sensebind models plan` measures.
 *
 * @throws {SensebindError} `MEMORY_SHORT` with what each of them takes.
 */
export function requireRoom(applicants: readonly Applicant[], memory: MemoryReading): void {
  const needed = applicants.reduce((sum, applicant) => sum + sureBytes(applicant), 0);
  const there = memory.availableBytes + memory.swapBytes;
  if (needed <= there) return;
  const list = applicants
    .toSorted((left, right) => sureBytes(right) - sureBytes(left))
    .map((applicant) => `${applicant.modality} (${applicant.precision}) ${formatBytes(sureBytes(applicant))}`);
  const place = memory.limitedBy === 'group' ? 'within the limit of its container or service' : 'on this machine';
  throw new SensebindError(
    'MEMORY_SHORT',
    `Expected encoders that fit in the ${formatBytes(there)} of memory left ${place}, found that they take at least ${formatBytes(needed)}: ${list.join(', ')}`,
    `${curesFor(applicants, there)} "sensebind models plan" says what fits; "checkMemory: false" under "inference" in a configuration, or "Memory" of a bundle node, starts them all the same.`,
  );
}

function curesFor(applicants: readonly Applicant[], there: number): string {
  const isLarge = applicants.some(({ precision }) => precision !== 'int8');
  // A copy is made with its encoder in memory: one after the other.
  const canCopy = applicants.every((applicant) => sureBytes(applicant) <= there);
  const cures = [
    'Use fewer modalities',
    ...(isLarge ? ['int8, which takes a quarter'] : []),
    ...(canCopy
      ? ['copies in the device cache ("sensebind models cache --build"), whose weights stay on the disk']
      : []),
  ];
  return `${cures.join(', or ')}.`;
}
