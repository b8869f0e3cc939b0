import type { InputSpec } from '../../models/bundle/manifest';
import type { Flag, Modality } from '../reading';
import type { EncoderInput } from './input';

/** How far a preset is known to be what the encoder was trained with (reference/imagebind.md §5-7). */
export type Confidence = 'exact' | 'high' | 'medium-high' | 'medium' | 'medium-low' | 'low';

/** One encoder input: private memory of the worker, valid until the next call of the same preprocessor. */
export interface Item {
  readonly data: Float32Array | Int32Array;
  /** Batch of one first. */
  readonly shape: readonly number[];
  /** Same key, same encoder: same item, so its embedding can be reused. Only streams have one. */
  readonly cacheKey?: string;
}

/** The items of one window, to be encoded and averaged, and what was noticed on the way. */
export interface Prepared {
  readonly items: readonly Item[];
  readonly flags: readonly Flag[];
}

/** Turns raw input into encoder items. One instance per encoder and worker; owns its buffers. */
export interface Preprocessor {
  /**
   * @throws {SensebindError} `INPUT_UNSUPPORTED` for a kind it does not take, `INPUT_INVALID` for lengths that
   * contradict each other, `INPUT_TOO_LARGE`, `INPUT_NOT_FINITE`.
   */
  prepare(input: EncoderInput): Prepared | Promise<Prepared>;
}

/** A named way from readings to a tensor: a declaration that the command line, validation and Node-RED all read. */
export interface Preset {
  readonly id: string;
  readonly modality: Modality;
  readonly title: string;
  readonly source: string;
  readonly confidence: Confidence;
  /** @throws {SensebindError} `PRESET_UNKNOWN` when the bundle's input spec is of another kind. */
  create(spec: InputSpec, resources: PresetResources): Preprocessor;
}

/** What a preset may need beside the input spec. */
export interface PresetResources {
  /** Absolute path of the bundle's tokenizer, where it has one. */
  readonly tokenizerPath?: string;
}
