import { createReadStream } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { messageOf, SensebindError } from '../../runtime/errors';
import { type WavFormat, WavParser } from './wav';

/** A whole recording, planar PCM in [-1, 1). */
export interface Recording {
  readonly sampleRateHz: number;
  readonly channels: readonly Float32Array[];
  /** The header promised more samples than there are. */
  readonly truncated: boolean;
}

/** Samples over all channels that one recording may hold: 512 MiB as floats, or 23 minutes of stereo at 48 kHz. */
const MAX_SAMPLES = 2 ** 27;

/** Bytes that are parsed at once: a few milliseconds. */
const SLICE_BYTES = 2 ** 18;

/**
 * Reads a WAV file into memory, {@link MAX_SAMPLES} at most.
 *
 * @throws {SensebindError} `FILE_UNREADABLE`, `WAV_INVALID`, `INPUT_TOO_LARGE`.
 */
export async function readWav(path: string): Promise<Recording> {
  try {
    return await recordingOf(createReadStream(path, { highWaterMark: SLICE_BYTES }), path);
  } catch (error) {
    if (error instanceof SensebindError) throw error;
    throw unreadable(path, error);
  }
}

/**
 * Reads the content of a WAV file, {@link MAX_SAMPLES} at most, and lets others have a turn in between.
 *
 * @throws {SensebindError} `WAV_INVALID`, `INPUT_TOO_LARGE`.
 */
export function readWavBytes(bytes: Uint8Array): Promise<Recording> {
  return recordingOf(slicesOf(bytes), 'these bytes');
}

async function* slicesOf(bytes: Uint8Array): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += SLICE_BYTES) {
    const length = Math.min(SLICE_BYTES, bytes.length - at);
    yield Buffer.from(bytes.buffer, bytes.byteOffset + at, length);
    await setImmediate();
  }
}

async function recordingOf(slices: AsyncIterable<Buffer>, place: string): Promise<Recording> {
  const parser = new WavParser();
  const blocks: (readonly Float32Array[])[] = [];
  let format: WavFormat | undefined;
  let frames = 0;
  let truncated = false;
  const drain = () => {
    for (let item = parser.next(); item; item = parser.next()) {
      if (item.kind === 'format') format = item.format;
      else if (item.kind === 'end') truncated = item.truncated;
      else {
        blocks.push(item.channels);
        frames += item.channels[0]?.length ?? 0;
        if (frames * item.channels.length > MAX_SAMPLES) throw tooLarge(place);
      }
    }
  };
  for await (const bytes of slices) {
    parser.append(bytes);
    drain();
  }
  parser.finish();
  drain();
  if (!format)
    throw new SensebindError('WAV_INVALID', `expected a WAV, found no samples in ${place}`, 'check the file');
  return {
    sampleRateHz: format.sampleRateHz,
    channels: joined(blocks, { channels: format.channels, frames }),
    truncated,
  };
}

/** What to say of a file that the system does not let us read. */
export function unreadable(path: string, error: unknown): SensebindError {
  return new SensebindError(
    'FILE_UNREADABLE',
    `expected a readable file at ${path}, found: ${messageOf(error)}`,
    'check the path and its permissions',
    { cause: error },
  );
}

function tooLarge(path: string): SensebindError {
  return new SensebindError(
    'INPUT_TOO_LARGE',
    `expected at most ${MAX_SAMPLES} samples over all channels, found more in ${path}`,
    'cut the recording into shorter files',
  );
}

function joined(
  blocks: readonly (readonly Float32Array[])[],
  size: { readonly channels: number; readonly frames: number },
): Float32Array[] {
  return Array.from({ length: size.channels }, (_, channel) => {
    const samples = new Float32Array(size.frames);
    let at = 0;
    for (const block of blocks) {
      const part = block[channel];
      if (!part) continue;
      samples.set(part, at);
      at += part.length;
    }
    return samples;
  });
}
