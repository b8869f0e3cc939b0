import { types } from 'node:util';
import { messageOf, SensebindError } from '../errors';
import { type Frame, type FramePool, frameOf } from '../frames';
import type { EncoderInput, MotionInput, Pixels, TensorInput } from '../preprocess/input';

/** An input that may be posted to a worker, and the memory that must stay as it is until the worker has read it. */
export interface HandedOver {
  readonly input: EncoderInput;
  /** Call once, when the worker reads it no longer. */
  release(): void;
}

type Samples = Uint8Array | Float32Array | Float64Array | Int32Array;

/** Below this a structured clone is cheaper than a frame. */
const SMALL_BYTES = 16_384;

/** Any element type may start here. */
const ALIGNMENT_BYTES = 8;

/**
 * Brings the samples of `input` to memory that a worker can see and nobody changes before it has read them: samples in a
 * frame travel as they are, with a hold on it; others are copied once into one frame of `pool`, or cloned when they are
 * small. So are those on shared memory of no frame: an aborted request settles while the worker still reads, and its
 * caller would take the memory back.
 *
 * @throws {SensebindError} `INPUT_UNSUPPORTED` for an unknown kind, `INPUT_INVALID` for samples in another type than the
 * kind has or missing, `QUEUE_FULL` when the pool is exhausted.
 */
export function handOver(input: EncoderInput, pool: FramePool): HandedOver {
  const survey = surveyOf(input);
  const own = survey.copiedBytes > SMALL_BYTES ? acquire(pool, survey.copiedBytes) : undefined;
  const held = survey.frames.map((frame) => frame.retain());
  if (own !== undefined) held.push(own);
  return {
    input: mapSamples(input, own === undefined ? new Cloner() : new Placer(own.buffer)),
    release: () => {
      for (const frame of held) frame.release();
    },
  };
}

/** JavaScript callers may leave out what the types ask for. */
function surveyOf(input: EncoderInput): Survey {
  const survey = new Survey();
  try {
    mapSamples(input, survey);
    return survey;
  } catch (error) {
    if (error instanceof SensebindError) throw error;
    throw new SensebindError(
      'INPUT_INVALID',
      `Expected an input with all fields of its kind, found that ${messageOf(error)}`,
      'Give all fields that EncoderInput has for this kind.',
      { cause: error },
    );
  }
}

function acquire(pool: FramePool, byteLength: number): Frame {
  const frame = pool.acquire(byteLength);
  if (frame !== undefined) return frame;
  throw new SensebindError(
    'QUEUE_FULL',
    `Expected room for ${byteLength} bytes of input, found all shared memory of the engine in use`,
    'Wait for earlier requests before sending more, or give requests a source so that only the newest waits.',
  );
}

/** What is done with each array of samples; one method an element type keeps the types of the input. */
interface SampleMapper {
  bytes(samples: Uint8Array): Uint8Array;
  floats(samples: Float32Array): Float32Array;
  doubles(samples: Float64Array): Float64Array;
  integers(samples: Int32Array): Int32Array;
}

/** Adds up what has to be copied, and finds the frames to hold. */
class Survey implements SampleMapper {
  copiedBytes = 0;
  readonly frames: Frame[] = [];

  bytes = (samples: Uint8Array): Uint8Array => this.#see(samples, types.isUint8Array);
  floats = (samples: Float32Array): Float32Array => this.#see(samples, types.isFloat32Array);
  doubles = (samples: Float64Array): Float64Array => this.#see(samples, types.isFloat64Array);
  integers = (samples: Int32Array): Int32Array => this.#see(samples, types.isInt32Array);

  #see<A extends Samples>(samples: A, isExpected: (value: unknown) => boolean): A {
    if (!isExpected(samples)) {
      throw new SensebindError(
        'INPUT_INVALID',
        `Expected samples in the typed array that the kind of input has, found ${Object.prototype.toString.call(samples)}`,
        'Give Uint8Array for pixels and files, Float32Array for sound, metres, kelvin and motion.',
      );
    }
    const frame = frameUnder(samples);
    if (frame === undefined) this.copiedBytes += aligned(samples.byteLength);
    else this.frames.push(frame);
    return samples;
  }
}

/** Takes small samples out of what may be a much larger buffer, all of which a structured clone would copy. */
class Cloner implements SampleMapper {
  bytes = (samples: Uint8Array): Uint8Array => (isHeld(samples) ? samples : Uint8Array.from(samples));
  floats = (samples: Float32Array): Float32Array => (isHeld(samples) ? samples : samples.slice());
  doubles = (samples: Float64Array): Float64Array => (isHeld(samples) ? samples : samples.slice());
  integers = (samples: Int32Array): Int32Array => (isHeld(samples) ? samples : samples.slice());
}

/** Copies samples one after the other to shared memory. */
class Placer implements SampleMapper {
  readonly #buffer: SharedArrayBuffer;
  #offset = 0;

  constructor(buffer: SharedArrayBuffer) {
    this.#buffer = buffer;
  }

  bytes = (samples: Uint8Array): Uint8Array =>
    isHeld(samples) ? samples : new Uint8Array(this.#buffer, this.#place(samples), samples.length);
  floats = (samples: Float32Array): Float32Array =>
    isHeld(samples) ? samples : new Float32Array(this.#buffer, this.#place(samples), samples.length);
  doubles = (samples: Float64Array): Float64Array =>
    isHeld(samples) ? samples : new Float64Array(this.#buffer, this.#place(samples), samples.length);
  integers = (samples: Int32Array): Int32Array =>
    isHeld(samples) ? samples : new Int32Array(this.#buffer, this.#place(samples), samples.length);

  #place(samples: Samples): number {
    const offset = this.#offset;
    const source = new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength);
    new Uint8Array(this.#buffer, offset, samples.byteLength).set(source);
    this.#offset += aligned(samples.byteLength);
    return offset;
  }
}

function isHeld(samples: Samples): boolean {
  return frameUnder(samples) !== undefined;
}

function frameUnder({ buffer }: Samples): Frame | undefined {
  return types.isSharedArrayBuffer(buffer) ? frameOf(buffer) : undefined;
}

function aligned(byteLength: number): number {
  return Math.ceil(byteLength / ALIGNMENT_BYTES) * ALIGNMENT_BYTES;
}

/** `input` with each of its arrays replaced by what `map` makes of it, always in the same order. */
function mapSamples(input: EncoderInput, map: SampleMapper): EncoderInput {
  switch (input.kind) {
    case 'text':
      return input;
    case 'picture':
      return { ...input, frames: mapFrames(input.frames, map) };
    case 'pictureFile':
      return { ...input, bytes: map.bytes(input.bytes) };
    case 'sound':
      return { ...input, channels: input.channels.map(map.floats) };
    case 'soundStream':
      return { ...input, samples: map.floats(input.samples) };
    case 'depth':
      return { ...input, metres: map.floats(input.metres) };
    case 'thermal':
      return { ...input, kelvin: map.floats(input.kelvin) };
    case 'thermalPicture':
      return { ...input, gray: map.bytes(input.gray) };
    case 'motion':
      return { ...input, axes: input.axes.map(map.floats), timing: mapTiming(input.timing, map) };
    case 'profile':
      return { ...input, strengths: map.floats(input.strengths) };
    case 'tensor':
      return { ...input, data: mapTensor(input.data, map) };
    default:
      throw new SensebindError(
        'INPUT_UNSUPPORTED',
        `Expected a kind of input that an encoder takes, found ${String(Reflect.get(input, 'kind'))}`,
        'Give an object whose "kind" is one of EncoderInput.',
      );
  }
}

function mapFrames(
  frames: readonly [Pixels] | readonly [Pixels, Pixels],
  map: SampleMapper,
): readonly [Pixels] | readonly [Pixels, Pixels] {
  const [first, second] = frames;
  const mapped = { ...first, rgb: map.bytes(first.rgb) };
  return second === undefined ? [mapped] : [mapped, { ...second, rgb: map.bytes(second.rgb) }];
}

function mapTiming(timing: MotionInput['timing'], map: SampleMapper): MotionInput['timing'] {
  return 'rateHz' in timing ? timing : { timesMicros: map.doubles(timing.timesMicros) };
}

function mapTensor(data: TensorInput['data'], map: SampleMapper): TensorInput['data'] {
  return types.isInt32Array(data) ? map.integers(data) : map.floats(data);
}
