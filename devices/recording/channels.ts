import { fromBinary } from '@bufbuild/protobuf';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { messageOf } from '../../runtime/errors';
import { isSourceId } from './checkReading';
import type { ChannelRecord, SchemaRecord } from './mcapRecords';
import { invalid, LIMITS, overLimit, unsupported } from './refusals';
import { DESCRIPTORS, isProtobufSchema, type ProtobufSchemaName } from './schemas';

/** What the messages of a channel are. */
export type RecordedChannel =
  | { readonly kind: 'reading'; readonly source: string; readonly modality: string }
  | { readonly kind: 'loss'; readonly source: string }
  | { readonly kind: 'embedding'; readonly source: string }
  | { readonly kind: 'document'; readonly source: string; readonly name: string }
  /** Of another program: looked over. */
  | { readonly kind: 'foreign' };

/** The schema that the readings of a modality follow; those of a modality that we do not know are refused one by one. */
const SCHEMA_OF_MODALITY: ReadonlyMap<string, ProtobufSchemaName> = new Map([
  ['audio', 'foxglove.RawAudio'],
  ['imu', 'sensebind.Motion'],
  ['radar', 'sensebind.RangeProfile'],
  ['vision', 'foxglove.RawImage'],
  ['depth', 'foxglove.RawImage'],
  ['thermal', 'foxglove.RawImage'],
]);

/**
 * What a channel says of itself, checked against its schema.
 *
 * @throws {SensebindError} `RECORDING_INVALID`, `RECORDING_LIMIT`, `RECORDING_UNSUPPORTED`.
 */
export function recordedChannel({ metadata, topic }: ChannelRecord, schema: SchemaRecord | undefined): RecordedChannel {
  const kind = metadata.get('kind');
  if (kind === undefined || schema === undefined) return { kind: 'foreign' };
  const source = metadata.get('source') ?? '';
  if (!isSourceId(source)) throw invalid(`the source of the channel ${JSON.stringify(topic.slice(0, 80))}`, 'none');
  switch (kind) {
    case 'reading': {
      const modality = metadata.get('modality') ?? '';
      const expected = SCHEMA_OF_MODALITY.get(modality);
      if (expected === undefined)
        throw unsupported(`readings of the modality "${modality.slice(0, 80)}"`, 'update sensebind');
      requireSchema(schema, expected);
      return { kind, source, modality };
    }
    case 'loss':
      requireSchema(schema, 'sensebind.Loss');
      return { kind, source };
    case 'embedding':
      requireSchema(schema, 'sensebind.Embedding');
      return { kind, source };
    case 'document':
      return { kind, source, name: metadata.get('name') ?? '' };
    default:
      return { kind: 'foreign' };
  }
}

/**
 * Refuses schemas that are too large or too deep, although nothing is ever decoded by the schema in a file.
 *
 * @throws {SensebindError} `RECORDING_INVALID`, `RECORDING_LIMIT`.
 */
export function checkSchema({ name, encoding, data }: SchemaRecord): void {
  if (data.byteLength > LIMITS.schemaBytes) throw overLimit('bytes of a schema', data.byteLength, LIMITS.schemaBytes);
  if (encoding === 'jsonschema') requireShallowJson(data);
  if (encoding !== 'protobuf' || (isProtobufSchema(name) && Buffer.compare(data, DESCRIPTORS) === 0)) return;
  try {
    fromBinary(FileDescriptorSetSchema, data, { recursionLimit: LIMITS.depth, readUnknownFields: false });
  } catch (error) {
    throw invalid('definitions in protobuf', messageOf(error), { cause: error });
  }
}

/** The value of a JSON message. @throws {SensebindError} `RECORDING_INVALID`, `RECORDING_LIMIT` */
export function parseJson(data: Uint8Array): unknown {
  if (data.byteLength > LIMITS.smallMessageBytes)
    throw overLimit('bytes of a document', data.byteLength, LIMITS.smallMessageBytes);
  requireShallowJson(data);
  try {
    return JSON.parse(Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('utf8'));
  } catch (error) {
    throw invalid('a document in JSON', messageOf(error), { cause: error });
  }
}

function requireSchema({ name, encoding }: SchemaRecord, expected: ProtobufSchemaName): void {
  if (name === expected && encoding === 'protobuf') return;
  throw invalid(
    `the schema ${expected} in protobuf`,
    `${JSON.stringify(name.slice(0, 80))} in ${encoding.slice(0, 80)}`,
  );
}

const [QUOTE, BACKSLASH, OPEN_LIST, CLOSE_LIST, OPEN_OBJECT, CLOSE_OBJECT] = Buffer.from('"\\[]{}');

/** Counts brackets outside of strings, so that nothing has to be parsed to know how deep it is. */
function requireShallowJson(data: Uint8Array): void {
  let depth = 0;
  let isInString = false;
  for (let position = 0; position < data.byteLength; position++) {
    const byte = data[position];
    if (isInString && byte === BACKSLASH) position++;
    else if (byte === QUOTE) isInString = !isInString;
    else if (isInString) continue;
    else if (byte === OPEN_LIST || byte === OPEN_OBJECT) depth++;
    else if (byte === CLOSE_LIST || byte === CLOSE_OBJECT) depth--;
    if (depth > LIMITS.depth) throw overLimit('levels of JSON', depth, LIMITS.depth);
  }
}
