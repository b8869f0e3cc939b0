import { SensebindError } from '../../runtime/errors';

/**
 * WAV: RIFF and RF64 containers with integer or float PCM.
 * Sources: "Multimedia Programming Interface and Data Specifications 1.0" (RIFF WAVE), Microsoft's
 * WAVEFORMATEXTENSIBLE page, EBU Tech 3306 (RF64). Integers are scaled as torchaudio does: divided by 2^(bits-1).
 *
 * Bytes go in with `append`, then `finish`; items come out of `next` until it returns `undefined`. No clock, no I/O.
 */

/** Known before the first sample. */
export interface WavFormat {
  readonly sampleRateHz: number;
  readonly channels: number;
  readonly encoding: 'integer' | 'float';
  /** Bits of one stored sample, padding included. */
  readonly containerBits: 8 | 16 | 24 | 32 | 64;
  /** Samples a channel that the header promises; absent where the header was written before the sound (a stream). */
  readonly declaredFrames?: number;
}

export type WavItem =
  | { readonly kind: 'format'; readonly format: WavFormat }
  /** Planar PCM in [-1, 1): one array a channel, all of the same length, owned by the receiver. */
  | { readonly kind: 'samples'; readonly channels: readonly Float32Array[] }
  /** `truncated` when the header promised more than there was. */
  | { readonly kind: 'end'; readonly frames: number; readonly truncated: boolean };

export const MAX_CHANNELS = 32;
const MAX_SAMPLE_RATE_HZ = 1_000_000;

/** Longest `fmt ` and `ds64` chunks that are looked at; known ones have 16 to 40 and 28 bytes. */
const MAX_HEADER_CHUNK_BYTES = 4096;

/** Samples a channel in one item: bounds what one `next` allocates. */
const BLOCK_FRAMES = 8192;

/**
 * From here a size is a placeholder of a program that wrote to a pipe: sox writes 0x7FFFF000 and a little, arecord
 * 0x7FFFFFFF or 0x80000000 and a little, ffmpeg 0xFFFFFFFF.
 */
const PLACEHOLDER_BYTES = 0x7fff_0000;

const FORMAT_PCM = 1;
const FORMAT_FLOAT = 3;
const FORMAT_EXTENSIBLE = 0xfffe;

/** The GUIDs of WAVE_FORMAT_EXTENSIBLE are the old format number followed by these bytes. */
const GUID_TAIL = Buffer.from('000000001000800000aa00389b71', 'hex');

const CURE = 'convert the file to 16-bit PCM, for example: ffmpeg -i sound.xyz -c:a pcm_s16le sound.wav';

type State =
  | { readonly at: 'container' }
  | { readonly at: 'chunk' }
  | { readonly at: 'skip'; readonly bytes: number }
  | { readonly at: 'data'; readonly format: WavFormat; readonly bytes: number; readonly open: boolean }
  | { readonly at: 'done' };

export class WavParser {
  #pending: Buffer = Buffer.alloc(0);
  #state: State = { at: 'container' };
  #finished: boolean = false;
  #consumed = 0;
  #containerBytes = 0;
  #longDataBytes: number | undefined;
  #format: WavFormat | undefined;
  #frames = 0;

  append(bytes: Uint8Array): void {
    if (this.#state.at === 'done') return;
    this.#pending = this.#pending.length === 0 ? Buffer.from(bytes) : Buffer.concat([this.#pending, bytes]);
  }

  /** Says that no more bytes will come. */
  finish(): void {
    this.#finished = true;
  }

  /**
   * The next item, or `undefined` when more bytes are needed, or after `end`.
   *
   * @throws {SensebindError} `WAV_INVALID` for anything that is not a WAV of PCM samples.
   */
  next(): WavItem | undefined {
    for (;;) {
      const state = this.#state;
      if (state.at === 'done') return undefined;
      if (state.at === 'data') return this.#samples(state);
      const before = this.#consumed;
      const item = this.#header(state);
      if (item) return item;
      if (this.#consumed === before && this.#state === state) {
        if (this.#finished) throw invalid('samples after the header', this.#missing());
        return undefined;
      }
    }
  }

  #missing(): string {
    if (this.#consumed === 0) return `${this.#pending.length} bytes in all`;
    return this.#format ? 'the end of the file without a "data" chunk' : 'the end of the file without a "fmt " chunk';
  }

  /** One step through the header; without progress when more bytes are needed. */
  #header(state: Extract<State, { at: 'container' | 'chunk' | 'skip' }>): WavItem | undefined {
    switch (state.at) {
      case 'container':
        this.#container();
        return undefined;
      case 'skip':
        this.#skip(state.bytes);
        return undefined;
      case 'chunk':
        return this.#chunk();
    }
  }

  #take(bytes: number): Buffer {
    const taken = this.#pending.subarray(0, bytes);
    this.#pending = this.#pending.subarray(bytes);
    this.#consumed += bytes;
    return taken;
  }

  #container(): void {
    if (this.#pending.length < 12) return;
    const header = this.#take(12);
    const id = header.toString('latin1', 0, 4);
    if ((id !== 'RIFF' && id !== 'RF64' && id !== 'BW64') || header.toString('latin1', 8, 12) !== 'WAVE') {
      throw invalid('a file that starts with "RIFF", four bytes, "WAVE"', `"${printable(header)}"`);
    }
    this.#containerBytes = header.readUInt32LE(4);
    this.#state = { at: 'chunk' };
  }

  #skip(bytes: number): void {
    const now = Math.min(bytes, this.#pending.length);
    if (now === 0 && bytes > 0) return;
    this.#take(now);
    this.#state = now === bytes ? { at: 'chunk' } : { at: 'skip', bytes: bytes - now };
  }

  #chunk(): WavItem | undefined {
    if (this.#pending.length < 8) return undefined;
    const id = this.#pending.toString('latin1', 0, 4);
    const bytes = this.#pending.readUInt32LE(4);
    if (id === 'data') return this.#startData(bytes);
    if (id !== 'fmt ' && id !== 'ds64') {
      this.#take(8);
      this.#state = { at: 'skip', bytes: padded(bytes) };
      return undefined;
    }
    if (bytes > MAX_HEADER_CHUNK_BYTES) {
      throw invalid(`a "${id}" chunk of at most ${MAX_HEADER_CHUNK_BYTES} bytes`, `${bytes} bytes`);
    }
    if (this.#pending.length < 8 + padded(bytes) && !(this.#finished && this.#pending.length >= 8 + bytes)) {
      return undefined;
    }
    this.#take(8);
    const body = this.#take(Math.min(padded(bytes), this.#pending.length)).subarray(0, bytes);
    if (id === 'ds64') {
      this.#longDataBytes = readLongDataBytes(body);
    } else {
      if (this.#format) throw invalid('one "fmt " chunk', 'a second one');
      this.#format = readFormat(body);
    }
    return undefined;
  }

  #startData(declared: number): WavItem {
    const format = this.#format;
    if (!format) throw invalid('a "fmt " chunk before the "data" chunk', 'none');
    this.#take(8);
    const bytes = declared === 0xffff_ffff ? (this.#longDataBytes ?? declared) : declared;
    const open = this.#longDataBytes === undefined && this.#isPlaceholder(declared);
    const wholeFormat = open
      ? format
      : { ...format, declaredFrames: Math.floor(bytes / (format.channels * bytesPerSample(format))) };
    this.#state = { at: 'data', format, bytes: open && declared === 0 ? Number.POSITIVE_INFINITY : bytes, open };
    return { kind: 'format', format: wholeFormat };
  }

  /**
   * A data size of 0 is a placeholder only where the container's size was written before the sound, too: an empty WAV
   * may be followed by other chunks, which are no samples.
   */
  #isPlaceholder(declared: number): boolean {
    if (declared !== 0) return declared >= PLACEHOLDER_BYTES;
    return this.#containerBytes <= this.#consumed - 8 || this.#containerBytes >= PLACEHOLDER_BYTES;
  }

  #samples(state: Extract<State, { at: 'data' }>): WavItem | undefined {
    const frameBytes = state.format.channels * bytesPerSample(state.format);
    const available = Math.min(this.#pending.length, state.bytes);
    const frames = Math.min(BLOCK_FRAMES, Math.floor(available / frameBytes));
    if (frames > 0) {
      const channels = planar(this.#take(frames * frameBytes), state.format);
      this.#frames += frames;
      this.#state = { ...state, bytes: state.bytes - frames * frameBytes };
      return { kind: 'samples', channels };
    }
    const complete = state.bytes < frameBytes;
    if (!complete && !this.#finished) return undefined;
    this.#state = { at: 'done' };
    this.#pending = Buffer.alloc(0);
    return { kind: 'end', frames: this.#frames, truncated: !complete && !state.open };
  }
}

/** The size of the sound in an RF64 file: the second of three 64-bit numbers. */
function readLongDataBytes(body: Buffer): number {
  if (body.length < 24) throw invalid('a "ds64" chunk of at least 24 bytes', `${body.length} bytes`);
  const bytes = body.readBigUInt64LE(8);
  if (bytes > BigInt(Number.MAX_SAFE_INTEGER)) throw invalid('a data size below 2^53', String(bytes));
  return Number(bytes);
}

function readFormat(body: Buffer): WavFormat {
  if (body.length < 16) throw invalid('a "fmt " chunk of at least 16 bytes', `${body.length} bytes`);
  const format = body.readUInt16LE(0);
  const channels = body.readUInt16LE(2);
  const sampleRateHz = body.readUInt32LE(4);
  const frameBytes = body.readUInt16LE(12);
  const bits = body.readUInt16LE(14);
  const encoding = encodingOf(format === FORMAT_EXTENSIBLE ? readSubFormat(body) : format);
  if (channels < 1 || channels > MAX_CHANNELS) throw invalid(`1 to ${MAX_CHANNELS} channels`, String(channels));
  if (sampleRateHz < 1 || sampleRateHz > MAX_SAMPLE_RATE_HZ) {
    throw invalid(`a sample rate of 1 to ${MAX_SAMPLE_RATE_HZ} Hz`, `${sampleRateHz} Hz`);
  }
  const containerBits = containerOf(encoding, bits);
  if (frameBytes !== (channels * containerBits) / 8) {
    throw invalid(
      `${(channels * containerBits) / 8} bytes a frame for ${channels} × ${bits} bits`,
      `${frameBytes} bytes`,
    );
  }
  return { sampleRateHz, channels, encoding, containerBits };
}

function readSubFormat(body: Buffer): number {
  if (body.length < 40) throw invalid('an extensible "fmt " chunk of at least 40 bytes', `${body.length} bytes`);
  if (!body.subarray(26, 40).equals(GUID_TAIL)) {
    throw invalid('integer or float PCM', `the extensible format ${body.toString('hex', 24, 40)}`);
  }
  return body.readUInt16LE(24);
}

function encodingOf(format: number): WavFormat['encoding'] {
  if (format === FORMAT_PCM) return 'integer';
  if (format === FORMAT_FLOAT) return 'float';
  throw invalid('integer or float PCM (format 1 or 3)', `compressed sound (format ${format})`);
}

/** Integers of odd widths stand left-justified in whole bytes, so the container's width is what scales them. */
function containerOf(encoding: WavFormat['encoding'], bits: number): WavFormat['containerBits'] {
  if (encoding === 'float') {
    if (bits === 32 || bits === 64) return bits;
    throw invalid('floats of 32 or 64 bits', `${bits} bits`);
  }
  if (bits < 1 || bits > 32) throw invalid('integers of 1 to 32 bits', `${bits} bits`);
  if (bits <= 8) return 8;
  if (bits <= 16) return 16;
  return bits <= 24 ? 24 : 32;
}

function bytesPerSample(format: WavFormat): number {
  return format.containerBits / 8;
}

function planar(bytes: Buffer, format: WavFormat): Float32Array[] {
  const sampleBytes = bytesPerSample(format);
  const frameBytes = sampleBytes * format.channels;
  const frames = bytes.length / frameBytes;
  const read = sampleReader(bytes, format);
  return Array.from({ length: format.channels }, (_, channel) => {
    const samples = new Float32Array(frames);
    let offset = channel * sampleBytes;
    for (let frame = 0; frame < frames; frame++, offset += frameBytes) samples[frame] = read(offset);
    return samples;
  });
}

function sampleReader(bytes: Buffer, format: WavFormat): (offset: number) => number {
  switch (format.containerBits) {
    case 8:
      return (offset) => (bytes.readUInt8(offset) - 128) / 2 ** 7;
    case 16:
      return (offset) => bytes.readInt16LE(offset) / 2 ** 15;
    case 24:
      return (offset) => bytes.readIntLE(offset, 3) / 2 ** 23;
    case 32:
      return format.encoding === 'float'
        ? (offset) => bytes.readFloatLE(offset)
        : (offset) => bytes.readInt32LE(offset) / 2 ** 31;
    case 64:
      return (offset) => bytes.readDoubleLE(offset);
  }
}

/** Chunks start at even places. */
function padded(bytes: number): number {
  return bytes + (bytes % 2);
}

function printable(bytes: Buffer): string {
  return bytes.toString('latin1').replace(/[^\x20-\x7e]/g, '·');
}

function invalid(expected: string, found: string): SensebindError {
  return new SensebindError('WAV_INVALID', `expected ${expected} in a WAV, found ${found}`, CURE);
}
