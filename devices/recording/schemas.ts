import { create, type DescFile, toBinary } from '@bufbuild/protobuf';
import { FileDescriptorSetSchema, file_google_protobuf_timestamp } from '@bufbuild/protobuf/wkt';
import { file_foxglove } from './foxglove.generated';
import { file_sensebind } from './sensebind.generated';

/** What a message of a recording can be. Documents are JSON that somebody else declares: scores, events. */
export type MessageKind = 'reading' | 'loss' | 'embedding' | 'document';

/** Schemas of ours, as they stand in a recording: Foxglove shows messages by the name of their schema. */
export const PROTOBUF_SCHEMAS = [
  'foxglove.RawAudio',
  'foxglove.RawImage',
  'sensebind.Motion',
  'sensebind.RangeProfile',
  'sensebind.Loss',
  'sensebind.Embedding',
] as const;

export type ProtobufSchemaName = (typeof PROTOBUF_SCHEMAS)[number];

/** True for the name of a schema of ours. */
export function isProtobufSchema(name: string): name is ProtobufSchemaName {
  return PROTOBUF_SCHEMAS.some((known) => known === name);
}

/** Every definition with all that it imports (https://mcap.dev/spec/registry, encoding "protobuf"), in every schema. */
export const DESCRIPTORS: Uint8Array = descriptorSet();

function descriptorSet(): Uint8Array {
  const files: readonly DescFile[] = [file_google_protobuf_timestamp, file_sensebind, file_foxglove];
  return toBinary(FileDescriptorSetSchema, create(FileDescriptorSetSchema, { file: files.map(({ proto }) => proto) }));
}
