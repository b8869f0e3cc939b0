/** Who has to act: the person who wrote the configuration, the device, the network peer, or us. */
export type Blame = 'caller' | 'device' | 'peer' | 'internal';

/** Every code that leaves the runtime, with its blame. Codes are part of the API: never renamed, never reused. */
const BLAME = {
  ADDRESS_UNAVAILABLE: 'caller',
  BROKER_REFUSED: 'peer',
  BROKER_UNREACHABLE: 'peer',
  BUNDLE_CORRUPT: 'caller',
  BUNDLE_INVALID: 'caller',
  BUNDLE_MISSING: 'caller',
  CALIBRATION_INVALID: 'caller',
  CHECKPOINT_CORRUPT: 'caller',
  CHECKPOINT_LAYOUT: 'caller',
  CHECKPOINT_LIMIT: 'caller',
  CHECKPOINT_NOT_FINITE: 'caller',
  CHECKPOINT_UNSAFE: 'caller',
  CONFIG_INVALID: 'caller',
  CONVERSION_ABORTED: 'caller',
  DEVICE_ABSENT: 'device',
  DEVICE_FAILED: 'device',
  DEVICE_FROZEN: 'device',
  DISK_FULL: 'caller',
  DOWNLOAD_CORRUPT: 'peer',
  DOWNLOAD_FAILED: 'peer',
  DOWNLOAD_REFUSED: 'peer',
  EMBEDDING_NOT_FINITE: 'internal',
  ENCODE_FAILED: 'internal',
  ENGINE_CLOSED: 'caller',
  ENGINE_DEGRADED: 'internal',
  ENGINE_WORKER_EXITED: 'internal',
  FILE_UNREADABLE: 'caller',
  FILE_UNWRITABLE: 'caller',
  FOLDER_IN_USE: 'caller',
  FRAME_RELEASED: 'caller',
  GOLDEN_INVALID: 'caller',
  GRAPH_INVALID: 'internal',
  INPUT_INVALID: 'caller',
  INPUT_NOT_FINITE: 'caller',
  INPUT_TOO_LARGE: 'caller',
  INPUT_UNSUPPORTED: 'caller',
  INTERNAL: 'internal',
  LICENCE_NOT_ACCEPTED: 'caller',
  MEMORY_SHORT: 'caller',
  MESSAGE_INVALID: 'peer',
  MODALITY_UNKNOWN: 'caller',
  MODULE_MISSING: 'caller',
  OUTPUT_EXISTS: 'caller',
  PRECISION_OVERFLOW: 'caller',
  PRESET_UNKNOWN: 'caller',
  PROGRAM_FAILED: 'caller',
  PROVIDER_UNSUPPORTED: 'caller',
  QUEUE_FULL: 'caller',
  RECORDING_INVALID: 'caller',
  RECORDING_LIMIT: 'caller',
  RECORDING_UNSUPPORTED: 'caller',
  REQUEST_ABORTED: 'caller',
  REQUEST_LATE: 'caller',
  REQUEST_SUPERSEDED: 'caller',
  RESTART_NEEDED: 'caller',
  SCENES_INVALID: 'caller',
  SPACE_MISMATCH: 'caller',
  STATE_INVALID: 'caller',
  TOKENIZER_INVALID: 'caller',
  TRAINING_DIVERGED: 'caller',
  TRAINING_STATE_INVALID: 'caller',
  VARIANT_INVALID: 'caller',
  WAV_INVALID: 'caller',
  WORD_UNKNOWN: 'caller',
} as const satisfies Record<string, Blame>;

export type ErrorCode = keyof typeof BLAME;

/**
 * The only error that crosses a module's border.
 *
 * `message` says what was expected and what was found; `cure` says what the reader can do about it.
 */
export class SensebindError extends Error {
  override readonly name = 'SensebindError';
  readonly blame: Blame;

  constructor(
    readonly code: ErrorCode,
    message: string,
    readonly cure: string,
    options?: ErrorOptions,
  ) {
    super(`${message} (${code})`, options);
    this.blame = BLAME[code];
  }
}

/** For a native module that is loaded when it is first needed, and does not load. */
export function moduleMissing(name: string, purpose: string, cause: unknown): SensebindError {
  return new SensebindError(
    'MODULE_MISSING',
    `expected the module ${name}, which ${purpose}, to load, found: ${messageOf(cause)}`,
    `install it again in the folder of this package: npm install ${name}; its binaries are for linux x64 and arm64`,
    { cause },
  );
}

/** True for an error of ours; with a code, for that one only. */
export function isSensebindError(error: unknown, code?: ErrorCode): error is SensebindError {
  return error instanceof SensebindError && (code === undefined || error.code === code);
}

/** The text of anything that was thrown. */
export function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // Node.js gives this one without words when every address of a host name refuses.
  if (error.message === '' && error instanceof AggregateError) return error.errors.map(messageOf).join('; ');
  return error.message || error.name;
}
