import { create, toBinary } from '@bufbuild/protobuf';
import { type Timestamp, TimestampSchema } from '@bufbuild/protobuf/wkt';
import type { Micros } from '../../runtime/clock';
import type { Embedding } from '../../runtime/embedding';
import { SensebindError } from '../../runtime/errors';
import type { Loss } from '../../runtime/reading';
import { problemOf, type RecordableReading } from './checkReading';
import { RawAudioSchema, RawImageSchema } from './foxglove.generated';
import type { ProtobufSchemaName } from './schemas';
import {
  EmbeddingSchema,
  LossSchema,
  MotionSchema,
  RangeProfileSchema,
  type ReadingDetails,
  ReadingDetailsSchema,
} from './sensebind.generated';

/** Bytes of a message, and the schema that they follow. */
export interface EncodedMessage {
  readonly schema: ProtobufSchemaName;
  readonly data: Uint8Array;
}

/**
 * A reading as a message of a recording, from which {@link decodeReading} gives back the same bits.
 *
 * @throws {SensebindError} `INPUT_INVALID` for a reading that is not what its type promises.
 */
export function encodeReading(reading: RecordableReading): EncodedMessage {
  const problem = problemOf(reading);
  if (problem !== undefined) {
    throw new SensebindError(
      'INPUT_INVALID',
      `expected a reading that can be recorded, found ${problem}`,
      'report this: a driver must not send such a reading',
    );
  }
  switch (reading.modality) {
    case 'audio':
      return encodeSound(reading);
    case 'imu':
      return encodeMotion(reading);
    case 'radar':
      return encodeRangeProfile(reading);
    case 'vision':
      return encodePicture(reading, { encoding: 'rgb8', data: reading.rgb, bytesPerPixel: 3 });
    case 'depth':
      return encodePicture(reading, {
        ...floatPixels(reading.metres),
        ...(reading.baselineFocal === undefined ? {} : { baselineFocal: reading.baselineFocal }),
      });
    case 'thermal':
      return encodePicture(reading, { ...floatPixels(reading.values), unit: reading.unit });
  }
}

export function encodeLoss(loss: {
  readonly timeMicros: Micros;
  readonly reason: Loss;
  readonly amount: number;
}): EncodedMessage {
  const { timeMicros, reason, amount } = loss;
  const message = create(LossSchema, { timestamp: timestampOf(timeMicros), reason, amount });
  return { schema: 'sensebind.Loss', data: toBinary(LossSchema, message) };
}

export function encodeEmbedding({ vector, sources, flags, ...rest }: Embedding): EncodedMessage {
  const message = create(EmbeddingSchema, {
    ...rest,
    timestamp: timestampOf(rest.startMicros),
    sources: [...sources],
    flags: [...flags],
    vector: [...vector],
  });
  return { schema: 'sensebind.Embedding', data: toBinary(EmbeddingSchema, message) };
}

/** Foxglove plays 16-bit sound only. Where that is not exactly what was heard, the floats follow. */
function encodeSound(reading: RecordableReading & { readonly modality: 'audio' }): EncodedMessage {
  const { channels, sampleRateHz } = reading;
  const { data, isExact } = toPcm16(channels);
  const message = create(RawAudioSchema, {
    timestamp: timestampOf(reading.timeMicros),
    reading: detailsOf(reading),
    data,
    format: 'pcm-s16',
    sampleRate: Math.min(2 ** 32 - 1, Math.round(sampleRateHz)),
    numberOfChannels: channels.length,
    sampleRateHz,
    ...(isExact ? {} : { exactSamples: joined(channels) }),
  });
  return { schema: 'foxglove.RawAudio', data: toBinary(RawAudioSchema, message) };
}

const FULL_SCALE = 2 ** 15;

function toPcm16(channels: readonly Float32Array[]): { readonly data: Uint8Array; readonly isExact: boolean } {
  const samples = new Int16Array(channels.length * (channels[0]?.length ?? 0));
  let isExact = true;
  channels.forEach((channel, index) => {
    let position = index;
    for (const value of channel) {
      const sample = Math.max(-FULL_SCALE, Math.min(FULL_SCALE - 1, Math.round(value * FULL_SCALE)));
      samples[position] = sample;
      position += channels.length;
      // Not-a-number and minus zero are not the same either.
      if (!Object.is((samples[position - channels.length] ?? 0) / FULL_SCALE, value)) isExact = false;
    }
  });
  return { data: bytesOf(samples), isExact };
}

function joined(channels: readonly Float32Array[]): Uint8Array {
  const length = channels[0]?.length ?? 0;
  const samples = new Float32Array(channels.length * length);
  for (const [index, channel] of channels.entries()) samples.set(channel, index * length);
  return bytesOf(samples);
}

function encodeMotion(reading: RecordableReading & { readonly modality: 'imu' }): EncodedMessage {
  const [accelerationX, accelerationY, accelerationZ] = reading.acceleration;
  const [angularVelocityX, angularVelocityY, angularVelocityZ] = reading.angularVelocity ?? [[], [], []];
  const message = create(MotionSchema, {
    timestamp: timestampOf(reading.timeMicros),
    reading: detailsOf(reading),
    sampleMicros: [...reading.sampleMicros],
    accelerationX: [...accelerationX],
    accelerationY: [...accelerationY],
    accelerationZ: [...accelerationZ],
    hasAngularVelocity: reading.angularVelocity !== undefined,
    angularVelocityX: [...angularVelocityX],
    angularVelocityY: [...angularVelocityY],
    angularVelocityZ: [...angularVelocityZ],
  });
  return { schema: 'sensebind.Motion', data: toBinary(MotionSchema, message) };
}

function encodeRangeProfile(reading: RecordableReading & { readonly modality: 'radar' }): EncodedMessage {
  const message = create(RangeProfileSchema, {
    timestamp: timestampOf(reading.timeMicros),
    reading: detailsOf(reading),
    binMetres: reading.binMetres,
    profile: [...reading.profile],
  });
  return { schema: 'sensebind.RangeProfile', data: toBinary(RangeProfileSchema, message) };
}

interface Pixels {
  readonly encoding: 'rgb8' | '32FC1';
  readonly data: Uint8Array;
  readonly bytesPerPixel: number;
  readonly baselineFocal?: number;
  readonly unit?: string;
}

function floatPixels(values: Float32Array): Pixels {
  return { encoding: '32FC1', data: bytesOf(values), bytesPerPixel: 4 };
}

function encodePicture(
  reading: RecordableReading & { readonly width: number; readonly height: number },
  { bytesPerPixel, ...pixels }: Pixels,
): EncodedMessage {
  const message = create(RawImageSchema, {
    ...pixels,
    timestamp: timestampOf(reading.timeMicros),
    reading: detailsOf(reading),
    frameId: reading.source,
    width: reading.width,
    height: reading.height,
    step: reading.width * bytesPerPixel,
  });
  return { schema: 'foxglove.RawImage', data: toBinary(RawImageSchema, message) };
}

function detailsOf({ monotonicMicros, clockQuality, flags }: RecordableReading): ReadingDetails {
  return create(ReadingDetailsSchema, { monotonicMicros, clockQuality, flags: [...flags] });
}

function timestampOf(micros: Micros): Timestamp {
  const seconds = Math.floor(micros / 1e6);
  return create(TimestampSchema, { seconds: BigInt(seconds), nanos: (micros - seconds * 1e6) * 1000 });
}

/** The memory of numbers. Every machine that Node runs on is little-endian, as the messages are. */
function bytesOf(values: Float32Array | Int16Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}
