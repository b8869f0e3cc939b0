import type { Micros } from './clock';
import type { Flag, Modality } from './reading';

/** A unit vector plus all that is needed to trust it. The logit scale is metadata, never baked in. */
export interface Embedding {
  /** Unit length; as many floats as the bundle's space has dimensions. */
  readonly vector: Float32Array;
  /** Identity of the frozen anchor that this vector may be compared in. */
  readonly space: string;
  /** SHA-256 of the encoder's files, hexadecimal. */
  readonly encoder: string;
  readonly modality: Modality;
  readonly preset: string;
  readonly precision: string;
  readonly logitScale: number;
  readonly sources: readonly string[];
  /** What the vector covers: wall time, microseconds since the epoch. Equal for a single frame; 0 where unknown. */
  readonly startMicros: Micros;
  readonly endMicros: Micros;
  /** Counts up by one per source and modality, within one engine. */
  readonly sequence: number;
  readonly flags: readonly Flag[];
}
