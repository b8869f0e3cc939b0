import { type DescMessage, fromBinary, type MessageShape } from '@bufbuild/protobuf';
import type { Timestamp } from '@bufbuild/protobuf/wkt';
import type { Micros } from '../../runtime/clock';
import type { Embedding } from '../../runtime/embedding';
import { messageOf } from '../../runtime/errors';
import type { ClockQuality, Flag, FrameHold, FrameMemory, Loss, Reading } from '../../runtime/reading';
import { isFlag, MAX_CHANNELS, MAX_FLAGS, pictureProblem, problemOf } from './checkReading';
import { type RawAudio, RawAudioSchema, type RawImage, RawImageSchema } from './foxglove.generated';
import { invalid, LIMITS, overLimit, unsupported } from './refusals';
import {
  EmbeddingSchema,
  LossSchema,
  type Motion,
  MotionSchema,
  type RangeProfile,
  RangeProfileSchema,
  type ReadingDetails,
} from './sensebind.generated';

/** What the channel of a message says, and where its pictures go. */
export interface ReadingContext {
  readonly source: string;
  readonly modality: string;
  readonly memory: FrameMemory;
}

/**
 * The reading that was recorded, with the memory of its picture held once; `undefined` when there was no memory.
 *
 * @throws {SensebindError} `RECORDING_INVALID`, `RECORDING_LIMIT`, `RECORDING_UNSUPPORTED`.
 */
export function decodeReading(data: Uint8Array, context: ReadingContext): Reading | undefined {
  const reading = readingOf(data, context);
  const problem = reading === undefined ? undefined : problemOf(reading);
  if (problem === undefined) return reading;
  if (reading !== undefined && 'frame' in reading) reading.frame.release();
  throw invalid(`a reading of "${context.source}"`, problem);
}

function readingOf(data: Uint8Array, context: ReadingContext): Reading | undefined {
  switch (context.modality) {
    case 'audio':
      return soundOf(decode(RawAudioSchema, data), context);
    case 'imu':
      return motionOf(decodeSmall(MotionSchema, data), context);
    case 'radar':
      return rangeProfileOf(decodeSmall(RangeProfileSchema, data), context);
    case 'vision':
    case 'depth':
    case 'thermal':
      return pictureOf(decode(RawImageSchema, data), { ...context, modality: context.modality });
    default:
      throw unsupported(`readings of the modality "${context.modality}"`, 'update sensebind');
  }
}

export interface RecordedLoss {
  readonly timeMicros: Micros;
  readonly reason: Loss;
  readonly amount: number;
}

/** @throws {SensebindError} as {@link decodeReading}. */
export function decodeLoss(data: Uint8Array): RecordedLoss {
  const { timestamp, reason, amount } = decodeSmall(LossSchema, data);
  if (!isLoss(reason)) throw unsupported(`the loss "${reason}"`, 'update sensebind');
  if (!(amount >= 0)) throw invalid('an amount that was lost', String(amount));
  return { timeMicros: microsOf(timestamp), reason, amount };
}

/** @throws {SensebindError} as {@link decodeReading}. */
export function decodeEmbedding(data: Uint8Array): Embedding {
  const { $typeName, $unknown, timestamp, vector, flags, ...rest } = decodeSmall(EmbeddingSchema, data);
  return { ...rest, flags: flagsOf(flags), vector: Float32Array.from(vector) };
}

function soundOf(message: RawAudio, { source }: ReadingContext): Reading {
  const { numberOfChannels, format, sampleRateHz, data, exactSamples } = message;
  if (format !== 'pcm-s16') throw unsupported(`sound of the format "${format}"`, 'update sensebind');
  const frames = data.byteLength / (2 * numberOfChannels);
  if (!Number.isInteger(frames) || numberOfChannels > MAX_CHANNELS)
    throw invalid('whole samples', `${data.byteLength} bytes for ${numberOfChannels} channels`);
  if (exactSamples !== undefined && exactSamples.byteLength !== 2 * data.byteLength)
    throw invalid(`${2 * data.byteLength} bytes of exact samples`, String(exactSamples.byteLength));
  const channels =
    exactSamples === undefined
      ? fromPcm16(data, { frames, channels: numberOfChannels })
      : split(floatsOf(exactSamples), { frames, channels: numberOfChannels });
  return { source, modality: 'audio', ...baseOf(message), sampleRateHz, channels };
}

interface SoundShape {
  readonly frames: number;
  readonly channels: number;
}

function fromPcm16(data: Uint8Array, { frames, channels }: SoundShape): Float32Array[] {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  return Array.from({ length: channels }, (_, channel) => {
    const samples = new Float32Array(frames);
    for (let frame = 0; frame < frames; frame++)
      samples[frame] = view.getInt16(2 * (frame * channels + channel), true) / 2 ** 15;
    return samples;
  });
}

function split(samples: Float32Array, { frames, channels }: SoundShape): Float32Array[] {
  return Array.from({ length: channels }, (_, channel) => samples.slice(channel * frames, (channel + 1) * frames));
}

function motionOf(message: Motion, { source }: ReadingContext): Reading {
  const { angularVelocityX, angularVelocityY, angularVelocityZ } = message;
  const angularVelocity = vectors(angularVelocityX, angularVelocityY, angularVelocityZ);
  return {
    source,
    modality: 'imu',
    ...baseOf(message),
    sampleMicros: Float64Array.from(message.sampleMicros),
    acceleration: vectors(message.accelerationX, message.accelerationY, message.accelerationZ),
    ...(message.hasAngularVelocity ? { angularVelocity } : {}),
  };
}

type Numbers = readonly number[];

function vectors(x: Numbers, y: Numbers, z: Numbers): readonly [Float32Array, Float32Array, Float32Array] {
  return [Float32Array.from(x), Float32Array.from(y), Float32Array.from(z)];
}

function rangeProfileOf(message: RangeProfile, { source }: ReadingContext): Reading {
  const { binMetres, profile } = message;
  return { source, modality: 'radar', ...baseOf(message), profile: Float32Array.from(profile), binMetres };
}

function pictureOf(
  message: RawImage,
  { source, modality, memory }: ReadingContext & { readonly modality: 'vision' | 'depth' | 'thermal' },
): Reading | undefined {
  const { width, height, data, encoding, step, baselineFocal } = message;
  const expected = modality === 'vision' ? 'rgb8' : '32FC1';
  if (encoding !== expected) throw unsupported(`${modality} encoded as "${encoding}"`, 'update sensebind');
  const bytesPerPixel = modality === 'vision' ? 3 : 4;
  const problem = pictureProblem(message, { values: data.byteLength, perPixel: bytesPerPixel });
  if (problem !== undefined) throw invalid(`a picture of "${source}"`, problem);
  if (step !== width * bytesPerPixel) throw invalid(`rows of ${width * bytesPerPixel} bytes`, `${step} bytes`);
  const base = { source, ...baseOf(message), width, height };
  const unit = modality === 'thermal' ? thermalUnit(message.unit) : 'K';
  const frame = memory.acquire(data.byteLength);
  if (frame === undefined) return undefined;
  const pixels = { ...base, frame };
  new Uint8Array(frame.buffer, 0, data.byteLength).set(data);
  switch (modality) {
    case 'vision':
      return { ...pixels, modality, rgb: new Uint8Array(frame.buffer, 0, data.byteLength) };
    case 'depth':
      return {
        ...pixels,
        modality,
        metres: floatFrame(frame, width * height),
        ...(baselineFocal === undefined ? {} : { baselineFocal }),
      };
    case 'thermal':
      return { ...pixels, modality, values: floatFrame(frame, width * height), unit };
  }
}

function floatFrame(frame: FrameHold, count: number): Float32Array {
  return new Float32Array(frame.buffer, 0, count);
}

function thermalUnit(text: string): 'K' | 'counts' {
  if (text === 'K' || text === 'counts') return text;
  throw invalid('thermal values in K or counts', `the unit "${text}"`);
}

function baseOf(message: {
  readonly timestamp?: Timestamp | undefined;
  readonly reading?: ReadingDetails | undefined;
}) {
  const { timestamp, reading } = message;
  if (reading === undefined) throw unsupported('a message of another program', 'record with sensebind record');
  const { monotonicMicros, clockQuality, flags } = reading;
  if (!isClockQuality(clockQuality)) throw unsupported(`the clock "${clockQuality}"`, 'update sensebind');
  return { timeMicros: microsOf(timestamp), monotonicMicros, clockQuality, flags: flagsOf(flags) };
}

function microsOf(timestamp: Timestamp | undefined): Micros {
  const { seconds = 0n, nanos = 0 } = timestamp ?? {};
  return Number(seconds) * 1e6 + nanos / 1000;
}

function flagsOf(texts: readonly string[]): Flag[] {
  if (texts.length > MAX_FLAGS) throw overLimit('flags', texts.length, MAX_FLAGS);
  return texts.map((text) => {
    if (isFlag(text)) return text;
    throw unsupported(`the flag "${text.slice(0, 80)}"`, 'update sensebind');
  });
}

const CLOCK_QUALITIES: Readonly<Record<ClockQuality, true>> = {
  device: true,
  arrival: true,
  file: true,
  simulated: true,
};

function isClockQuality(text: string): text is ClockQuality {
  return Object.hasOwn(CLOCK_QUALITIES, text);
}

const LOSSES: Readonly<Record<Loss, true>> = {
  'corrupt-bytes': true,
  lost: true,
  overrun: true,
  duplicate: true,
  stale: true,
  invalid: true,
  memory: true,
};

function isLoss(text: string): text is Loss {
  return Object.hasOwn(LOSSES, text);
}

/** Numbers out of bytes at any place. */
function floatsOf(bytes: Uint8Array): Float32Array {
  return new Float32Array(Uint8Array.from(bytes).buffer);
}

function decodeSmall<Schema extends DescMessage>(schema: Schema, data: Uint8Array): MessageShape<Schema> {
  if (data.byteLength > LIMITS.smallMessageBytes)
    throw overLimit(`bytes of ${schema.typeName}`, data.byteLength, LIMITS.smallMessageBytes);
  return decode(schema, data);
}

function decode<Schema extends DescMessage>(schema: Schema, data: Uint8Array): MessageShape<Schema> {
  try {
    return fromBinary(schema, data, { readUnknownFields: false });
  } catch (error) {
    throw invalid(schema.typeName, messageOf(error), { cause: error });
  }
}
