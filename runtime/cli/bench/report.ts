import type { Precision } from '../../../models/bundle/manifest';
import type { RailEnergy } from './energyMeter';
import type { Heat } from './heat';
import type { Machine } from './machine';
import type { Found } from './work';

/** What `sensebind bench --json` prints. */
export interface BenchReport {
  readonly format: 'sensebind-bench/1';
  /** ISO 8601. */
  readonly time: string;
  readonly sensebind: string;
  readonly machine: Machine;
  /** Share of all cores that other programs kept busy before the first measurement. */
  readonly busyShare: number;
  readonly energy: {
    /** Where figures come from, or why there are none. */
    readonly source: string;
    /** Mean power of each rail before the first measurement. */
    readonly idle: readonly RailEnergy[];
  };
  readonly heat: { readonly before: Heat; readonly after: Heat };
  /** Whether encoders were loaded from their copies in the device cache, where they have one. */
  readonly deviceCache: 'on' | 'off';
  readonly encoders: readonly MeasuredEncoder[];
  /** What a reader should know, in words. */
  readonly notes: readonly string[];
}

/** One encoder with so many threads. */
export interface MeasuredEncoder extends Found {
  readonly bundle: string;
  readonly modality: string;
  readonly precision: Precision;
  readonly threads: number;
  /** Mean power of each rail while it was measured; of all that hangs on the rail. */
  readonly power: readonly RailEnergy[];
}
