import type { Precision } from '../../../models/bundle/manifest';
import type { Modality } from '../../reading';
import type { EncoderNeeds } from './estimate';

/** An encoder and how often it is to work. */
export interface PlannedEncoder {
  readonly modality: Modality;
  readonly precision: Precision | 'int8';
  readonly needs: EncoderNeeds;
  /** With which its time was measured. */
  readonly threads: number;
  readonly windowsPerSecond: number;
  /** Items that a window has: clips of sound, else one. */
  readonly itemsPerWindow: number;
}

export interface PlanMachine {
  /** What the encoders may take together. */
  readonly memoryBytes: number;
  readonly cores: number;
}

export interface PlanRow extends PlannedEncoder {
  /** Share of all cores at this rate; 1 is all of them. */
  readonly coreShare: number;
  /** Beside the smaller ones: as it is, with the copies of the device cache, as int8, or not at all. */
  readonly fits: 'plain' | 'deviceCache' | 'int8' | 'no';
}

export interface MemoryPlan {
  readonly rows: readonly PlanRow[];
  /** Of all encoders together: private memory as they are, and with copies in the device cache. */
  readonly privateBytes: number;
  readonly cachedPrivateBytes: number;
  /** What copies touch while they work; where there is no memory for it, each forward reads it from the disk. */
  readonly cachedMappedBytes: number;
  readonly cacheBytes: number;
  readonly coreShare: number;
  readonly isMemoryEnough: boolean;
  readonly isTimeEnough: boolean;
  /** What to do about it, one sentence each; empty where nothing is to be done. */
  readonly advice: readonly string[];
}

/** Node.js with the pipeline, without encoders (design.md, budgets). */
const NODE_BYTES = 150e6;

/** A machine that is wanted for more than this is late whenever something else happens. */
const BUSY_SHARE = 0.8;

/** int8 takes a quarter of the memory, and at most half of the time (design.md, budgets). */
const INT8_MEMORY = 0.27;
const INT8_TIME = 0.5;

/** Which encoders fit together, smallest first, and what would make the others fit. */
export function planMemory(encoders: readonly PlannedEncoder[], machine: PlanMachine): MemoryPlan {
  const rows = fitted(encoders, machine);
  const sum = (of: (row: PlanRow) => number): number => rows.reduce((total, row) => total + of(row), 0);
  const privateBytes = sum(({ needs }) => needs.privateBytes);
  const coreShare = sum((row) => row.coreShare);
  const isMemoryEnough = NODE_BYTES + privateBytes <= machine.memoryBytes;
  const isTimeEnough = coreShare <= BUSY_SHARE;
  return {
    rows,
    privateBytes,
    cachedPrivateBytes: sum(({ needs }) => needs.cachedPrivateBytes),
    cachedMappedBytes: sum(({ needs }) => needs.cachedMappedBytes),
    cacheBytes: sum(({ needs }) => needs.cacheBytes),
    coreShare,
    isMemoryEnough,
    isTimeEnough,
    advice: [...(isMemoryEnough ? [] : memoryAdvice(rows)), ...(isTimeEnough ? [] : timeAdvice(rows, coreShare))],
  };
}

function fitted(encoders: readonly PlannedEncoder[], machine: PlanMachine): readonly PlanRow[] {
  let left = machine.memoryBytes - NODE_BYTES;
  const rows = new Map<PlannedEncoder, PlanRow>();
  for (const encoder of encoders.toSorted((a, b) => a.needs.privateBytes - b.needs.privateBytes)) {
    const { needs, windowsPerSecond, itemsPerWindow } = encoder;
    const ways: readonly (readonly [PlanRow['fits'], number])[] = [
      ['plain', needs.privateBytes],
      // With the pages that it maps: without them, each forward would wait for the disk.
      ['deviceCache', needs.cachedPrivateBytes + needs.cachedMappedBytes],
      ...(encoder.precision === 'int8' ? [] : [['int8', needs.privateBytes * INT8_MEMORY] as const]),
    ];
    const [fits, bytes] = ways.find(([, most]) => most <= left) ?? ['no', 0];
    left -= bytes;
    const seconds = (windowsPerSecond * itemsPerWindow * needs.forwardMillis) / 1000;
    rows.set(encoder, { ...encoder, fits, coreShare: (seconds * encoder.threads) / machine.cores });
  }
  return encoders.flatMap((encoder) => rows.get(encoder) ?? []);
}

function memoryAdvice(rows: readonly PlanRow[]): readonly string[] {
  const named = (fits: PlanRow['fits']): string =>
    rows
      .filter((row) => row.fits === fits)
      .map(({ modality }) => modality)
      .join(', ');
  const [cached, small, none] = [named('deviceCache'), named('int8'), named('no')];
  return [
    ...(cached === '' ? [] : [`Copies in the device cache make room: "sensebind models cache --build" (${cached}).`]),
    ...(small === '' ? [] : [`Convert as int8, about a quarter of the memory: ${small}.`]),
    ...(none === '' ? [] : [`Leave out, or use a machine with more memory: ${none}.`]),
  ];
}

function timeAdvice(rows: readonly PlanRow[], coreShare: number): readonly string[] {
  const slowest = rows.toSorted((a, b) => b.coreShare - a.coreShare)[0];
  const asInt8 = rows.reduce((sum, row) => sum + row.coreShare * (row.precision === 'int8' ? 1 : INT8_TIME), 0);
  return [
    `At these rates the encoders want ${Math.round(100 * coreShare)} % of all cores${slowest === undefined ? '' : `, most of it ${slowest.modality}`}: windows are dropped.`,
    asInt8 < coreShare && asInt8 <= BUSY_SHARE
      ? 'As int8 they would keep up.'
      : 'Use fewer windows a second, or fewer modalities.',
  ];
}
