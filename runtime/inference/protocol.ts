import type { InputSpec, Precision } from '../../models/bundle/manifest';
import type { EncoderInput } from '../preprocess/input';
import type { Flag, Modality } from '../reading';
import type { CacheKey } from './deviceCache/key';
import type { DeviceCacheSettings } from './deviceCache/settings';
import type { MemoryRoots } from './plan/memory';
import type { WorkerThreads } from './threads';
import type { WireError } from './wireError';

/** What main thread and encoder worker say to each other. Requests are answered one by one, in order. */

/** One encoder of the bundle, with absolute paths. */
export interface EncoderSetup {
  readonly modality: Modality;
  readonly modelPath: string;
  readonly spec: InputSpec;
  readonly preset: string;
  readonly precision: Precision;
  /** Length of its embeddings. */
  readonly dimensions: number;
  /** SHA-256 of its files (encoderHash.ts). */
  readonly hash: string;
  /** Of its files together. */
  readonly fileBytes: number;
}

/** Handed to a worker when it starts. */
export interface WorkerSetup {
  /** Memory of its {@link WorkerFlags}. */
  readonly flags: SharedArrayBuffer;
  /** Memory of its {@link RequestStates}. */
  readonly requests: SharedArrayBuffer;
  /** Name or path of the onnxruntime module. */
  readonly runtimeModule: string;
  readonly threads: WorkerThreads;
  /** Execution providers by preference; `undefined` leaves the choice to the worker. */
  readonly providers: readonly string[] | undefined;
  /** Why nothing but the CPU is to be tried; set after a provider took a worker down. */
  readonly cpuOnlyReason: string | undefined;
  readonly encoders: Readonly<Record<Modality, EncoderSetup>>;
  /** Presets that the user chose: checked at once, while those of the bundle are looked up when they are needed. */
  readonly chosenPresets: Readonly<Record<Modality, string>>;
  readonly tokenizerPath: string | undefined;
  /** Left `undefined`, encoders are loaded from the bundle alone. */
  readonly deviceCache: DeviceCacheSettings | undefined;
  /** Where the memory that is left is read before an encoder is loaded; left `undefined`, it is not looked at. */
  readonly memory: MemoryRoots | undefined;
}

/** A tensor in private memory. */
export interface TensorData {
  readonly data: Float32Array | Int32Array;
  readonly shape: readonly number[];
}

/** The answer to an `encode`. */
export interface EncodeOutcome {
  /** Unit length. */
  readonly vector: Float32Array;
  readonly flags: readonly Flag[];
  readonly preprocessingMicros: number;
  readonly forwardMicros: number;
}

/** The answer to a `prepare`. */
export interface PreparedItems {
  readonly items: readonly TensorData[];
  readonly flags: readonly Flag[];
}

export type WorkerRequest =
  | { readonly kind: 'load'; readonly modality: Modality }
  /** Load again, for there is a copy in the device cache now. Answered as `load`. */
  | { readonly kind: 'reload'; readonly modality: Modality }
  | { readonly kind: 'encode'; readonly modality: Modality; readonly input: EncoderInput }
  | { readonly kind: 'prepare'; readonly modality: Modality; readonly input: EncoderInput };

export type WorkerMessage =
  /** `place` is where its state stands. */
  | { readonly kind: 'request'; readonly request: WorkerRequest; readonly place: number }
  /** Release everything, then answer: the worker may be torn down after that. */
  | { readonly kind: 'stop' };

/** Which execution provider computes an encoder, and why not the one that was preferred. */
export interface ProviderInUse {
  readonly provider: string;
  readonly reason: string;
  readonly deviceCopy: DeviceCopy;
}

/** Whether an encoder was loaded from its copy in the device cache. */
export type DeviceCopy =
  | { readonly state: 'used'; readonly reason: string }
  /** One could be made, under this key. */
  | { readonly state: 'absent'; readonly reason: string; readonly key: CacheKey }
  /** By choice, or because it would gain nothing. */
  | { readonly state: 'off'; readonly reason: string }
  /** The cache does not work here. */
  | { readonly state: 'unusable'; readonly reason: string };

export type WorkerReply =
  /** First words of a worker: it is ready for requests. The note goes on a reason; usually empty. */
  | { readonly kind: 'ready'; readonly note: string }
  /** First words of a worker that cannot work with its setup. */
  | { readonly kind: 'refused'; readonly error: WireError }
  /** In between, whenever an encoder has got a session. Not an answer. */
  | { readonly kind: 'provider'; readonly modality: Modality; readonly inUse: ProviderInUse }
  /** The answer to a request that was taken back before it was begun. */
  | { readonly kind: 'taken-back' }
  | { readonly kind: 'loaded' }
  | { readonly kind: 'encoded'; readonly outcome: EncodeOutcome }
  | { readonly kind: 'prepared'; readonly prepared: PreparedItems }
  | { readonly kind: 'failed'; readonly error: WireError }
  | { readonly kind: 'stopped' };
