import type { Micros } from '../../runtime/clock';
import { encodeEmbedding, encodeLoss, encodeReading } from './encodeMessage';
import type { ChannelDeclaration } from './mcapFile';
import type { RecordingItem } from './recordingItem';
import { DESCRIPTORS, type MessageKind, type ProtobufSchemaName } from './schemas';

/** A message of a recording, and the channel that it belongs to. */
export interface EncodedItem {
  readonly channel: ChannelDeclaration;
  readonly timeMicros: Micros;
  readonly data: Uint8Array;
}

/** @throws {SensebindError} `INPUT_INVALID` for a reading that is not what its type promises. */
export function encodeItem(item: RecordingItem): EncodedItem {
  switch (item.kind) {
    case 'reading': {
      const { source, modality, timeMicros } = item.reading;
      const { schema, data } = encodeReading(item.reading);
      const channel = protobufChannel(schema, {
        kind: 'reading',
        source,
        name: modality,
        metadata: [['modality', modality]],
      });
      return { channel, timeMicros, data };
    }
    case 'loss': {
      const { schema, data } = encodeLoss(item);
      return {
        channel: protobufChannel(schema, { kind: 'loss', source: item.source, name: 'lost' }),
        timeMicros: item.timeMicros,
        data,
      };
    }
    case 'embedding': {
      const { schema, data } = encodeEmbedding(item.embedding);
      return {
        channel: protobufChannel(schema, { kind: 'embedding', source: item.source, name: 'embedding' }),
        timeMicros: item.embedding.startMicros,
        data,
      };
    }
    case 'document': {
      const { name, timeMicros, schema, value } = item.document;
      return {
        channel: {
          ...channelOf({ kind: 'document', source: item.source, name, metadata: [['name', name]] }),
          messageEncoding: 'json',
          schema: { name: `sensebind.${name}`, encoding: 'jsonschema', data: Buffer.from(JSON.stringify(schema)) },
        },
        timeMicros,
        data: Buffer.from(JSON.stringify(value)),
      };
    }
  }
}

interface ChannelNames {
  readonly kind: MessageKind;
  readonly source: string;
  readonly name: string;
  readonly metadata?: readonly (readonly [key: string, value: string])[];
}

function protobufChannel(schema: ProtobufSchemaName, names: ChannelNames): ChannelDeclaration {
  return {
    ...channelOf(names),
    messageEncoding: 'protobuf',
    schema: { name: schema, encoding: 'protobuf', data: DESCRIPTORS },
  };
}

function channelOf({
  kind,
  source,
  name,
  metadata = [],
}: ChannelNames): Pick<ChannelDeclaration, 'topic' | 'metadata'> {
  return {
    topic: `/${source}/${name}`,
    metadata: new Map([['kind', kind], ['source', source], ...metadata]),
  };
}
