import { SensebindError } from '../../runtime/errors';

/** Sizes that a reader of recordings accepts: what lies above is hostile or damaged (fault row F24). */
export const LIMITS = {
  /** 4K colour has 25 MB. */
  messageBytes: 2 ** 25,
  chunkBytes: 2 ** 25 + 2 ** 20,
  /** Messages that hold no picture and no sound. */
  smallMessageBytes: 2 ** 22,
  schemaBytes: 2 ** 18,
  /** Objects in objects of a JSON document or schema. */
  depth: 64,
  channelBytes: 2 ** 16,
  channels: 1024,
  metadataBytes: 2 ** 16,
  configurationBytes: 2 ** 22,
  segments: 100_000,
} as const;

/** A file that is no recording, or one that says what cannot be true. */
export function invalid(expected: string, found: string, options?: ErrorOptions): SensebindError {
  return new SensebindError(
    'RECORDING_INVALID',
    `expected ${expected} in a recording, found ${found}`,
    'use a recording of sensebind record; this one is damaged, or made to do harm',
    options,
  );
}

export function overLimit(what: string, found: number, limit: number): SensebindError {
  return new SensebindError(
    'RECORDING_LIMIT',
    `expected at most ${limit} ${what} in a recording, found ${found}`,
    'use a recording of sensebind record: it stays far below',
  );
}

/** What a newer version, or another program, may write and this one cannot read. */
export function unsupported(found: string, cure: string): SensebindError {
  return new SensebindError(
    'RECORDING_UNSUPPORTED',
    `expected a recording that this version reads, found ${found}`,
    cure,
  );
}
