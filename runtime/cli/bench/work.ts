import type { DeviceCacheSettings } from '../../inference/deviceCache/settings';
import type { ProcessMemory } from '../../inference/plan/processMemory';
import type { WireError } from '../../inference/wireError';
import type { Modality } from '../../reading';

/** What one process measures: an encoder of a bundle with so many threads. Its one argument, in JSON. */
export interface Work {
  /** Absolute path of its folder. */
  readonly bundle: string;
  readonly modality: Modality;
  readonly threads: number;
  /** How long to measure, warming up apart. */
  readonly seconds: number;
  /** Where it may load a copy from, which is there already. */
  readonly deviceCache: DeviceCacheSettings | 'off';
}

/** How long something took in many windows. */
export interface Spread {
  readonly p50Millis: number;
  readonly p95Millis: number;
}

/** What such a process found. */
export interface Found {
  readonly windows: number;
  /** One after the other, as one source gives them. */
  readonly windowsPerSecond: number;
  /** Of one window, from `encode` to its embedding. */
  readonly window: Spread;
  readonly preprocessing: Spread;
  readonly forward: Spread;
  /** Until the first embedding, its own preprocessing and forward apart. */
  readonly loadMillis: number;
  /** What this encoder added to its process. */
  readonly memory: ProcessMemory;
  readonly deviceCopy: CopyInUse;
}

/** Whether an encoder was loaded from its copy in the device cache, and why: decides what loading it takes. */
export interface CopyInUse {
  readonly isUsed: boolean;
  readonly reason: string;
}

/** What it says to the one that started it. */
export type Message =
  /** Warm: from now on every window counts. */
  | { readonly kind: 'measuring' }
  /** The last one has been counted. */
  | { readonly kind: 'measured' }
  | { readonly kind: 'found'; readonly found: Found }
  | { readonly kind: 'failed'; readonly error: WireError };

/** Median and 95 % of durations in milliseconds, by nearest rank; of one at least. */
export function spreadOf(millis: readonly number[]): Spread {
  const sorted = Float64Array.from(millis).sort();
  const rank = (share: number): number => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
  return { p50Millis: rank(0.5), p95Millis: rank(0.95) };
}
