import type { Micros } from '../../runtime/clock';
import type { Sensor } from './sensor';

/**
 * What really happens in a simulated world. It goes out on a channel of its own, for judges and pictures of the world;
 * nothing between a sensor and a label may read it.
 */
export interface Truth {
  readonly kind: 'started' | 'ended';
  readonly event: string;
  readonly label: string;
  /** On the world's own time, from 0. */
  readonly atSeconds: number;
  /** The same moment on the monotonic clock. */
  readonly monotonicMicros: Micros;
  /** 0 … 1. */
  readonly strength: number;
  /** -1 left … 1 right, and 0 near … 1 far. */
  readonly place: { readonly across: number; readonly away: number };
  /** Those that can perceive it. */
  readonly sensors: readonly Sensor[];
}

/** Who is told the truth. */
export type TruthSink = (truth: Truth) => void;
