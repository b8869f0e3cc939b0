import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createFileRegistry, fromBinary, ScalarType } from '@bufbuild/protobuf';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { McapIndexedReader, McapStreamReader, type McapTypes } from '@mcap/core';
import { DESCRIPTORS } from '../../../devices/recording/schemas';
import { temporaryFolder } from '../../support/temporaryFolder';
import { TestFrame } from './readings';
import { itemOf, START_MICROS, segmentBytes, writeRecording } from './writeRecording';

const BASE = { timeMicros: START_MICROS + 1, monotonicMicros: 1, clockQuality: 'device', flags: [] } as const;

function picture(values: Float32Array) {
  const metres = new Float32Array(new SharedArrayBuffer(values.byteLength));
  metres.set(values);
  return { width: 2, height: 1, metres, frame: new TestFrame(metres.buffer) };
}

/** A recording of a microphone, a depth camera and a motion sensor, in three chunks. */
async function recorded(folder: string): Promise<Buffer> {
  writeRecording(
    folder,
    [
      itemOf({
        ...BASE,
        source: 'mic0',
        modality: 'audio',
        sampleRateHz: 16_000,
        channels: [Float32Array.of(0.5, -1)],
      }),
      itemOf({ ...BASE, source: 'cam0', modality: 'depth', ...picture(Float32Array.of(1.5, 0)) }),
      itemOf({
        ...BASE,
        source: 'imu0',
        modality: 'imu',
        sampleMicros: Float64Array.of(1),
        acceleration: [Float32Array.of(0), Float32Array.of(0), Float32Array.of(9.75)],
      }),
    ],
    { flushEvery: 1 },
  );
  return segmentBytes(folder);
}

/** Fields, types and numbers as Foxglove publishes them (@foxglove/schemas 2.1.0, schemas/proto in foxglove-sdk). */
const WELL_KNOWN = {
  'foxglove.RawImage': [
    'timestamp google.protobuf.Timestamp 1',
    'width fixed32 2',
    'height fixed32 3',
    'encoding string 4',
    'step fixed32 5',
    'data bytes 6',
    'frame_id string 7',
  ],
  'foxglove.RawAudio': [
    'timestamp google.protobuf.Timestamp 1',
    'data bytes 2',
    'format string 3',
    'sample_rate fixed32 4',
    'number_of_channels fixed32 5',
  ],
} as const;

/** Decodes a message by nothing but the definitions that stand in the file, as Foxglove does. */
function decodeBySchema(schema: McapTypes.Schema, data: Uint8Array): Record<string, unknown> {
  assert.equal(schema.encoding, 'protobuf');
  const type = createFileRegistry(fromBinary(FileDescriptorSetSchema, schema.data)).getMessage(schema.name);
  assert.ok(type);
  return { ...fromBinary(type, data) };
}

describe('a recording, read by the readers of @mcap/core', () => {
  it('defines the messages that Foxglove knows as Foxglove does', () => {
    const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, DESCRIPTORS));
    for (const [name, fields] of Object.entries(WELL_KNOWN)) {
      const theirs = registry.getMessage(name)?.fields.filter(({ number }) => number < 1000) ?? [];
      assert.deepEqual(
        theirs.map((field) => {
          const type = field.fieldKind === 'message' ? field.message.typeName : ScalarType[field.scalar ?? 0];
          return `${field.name} ${type?.replace(/^[A-Z0-9]+$/, (word) => word.toLowerCase())} ${field.number}`;
        }),
        fields,
      );
    }
  });

  it('is a whole, indexed file with CRCs, its configuration and its statistics', async (t) => {
    const bytes = await recorded(await temporaryFolder(t));
    const reader = await McapIndexedReader.Initialize({
      readable: {
        size: async () => BigInt(bytes.byteLength),
        read: async (offset, size) => bytes.subarray(Number(offset), Number(offset + size)),
      },
    });
    assert.deepEqual(
      [...reader.channelsById.values()].map(({ topic }) => topic),
      ['/mic0/audio', '/cam0/depth', '/imu0/imu'],
    );
    assert.equal(reader.chunkIndexes.length, 3);
    assert.equal(reader.statistics?.messageCount, 3n);
    assert.deepEqual([...(reader.statistics?.channelMessageCounts.values() ?? [])], [1n, 1n, 1n]);
    const times = [];
    for await (const message of reader.readMessages({ validateCrcs: true })) times.push(message.logTime);
    assert.deepEqual(
      times,
      [0, 1000, 2000].map((step) => BigInt(START_MICROS + step) * 1000n),
    );
    const attachments = [];
    for await (const attachment of reader.readAttachments()) attachments.push(attachment);
    assert.deepEqual(
      attachments.map(({ name, data }) => [name, Buffer.from(data).toString()]),
      [['configuration.json', '{"node":"test"}']],
    );
  });

  it('says what Foxglove needs in the messages that it knows', async (t) => {
    const reader = new McapStreamReader({ validateCrcs: true });
    reader.append(await recorded(await temporaryFolder(t)));
    const schemas = new Map<number, McapTypes.Schema>();
    const schemaOfChannel = new Map<number, McapTypes.Schema | undefined>();
    const messages = new Map<string | undefined, Record<string, unknown>>();
    for (let record = reader.nextRecord(); record; record = reader.nextRecord()) {
      if (record.type === 'Schema') schemas.set(record.id, record);
      if (record.type === 'Channel') schemaOfChannel.set(record.id, schemas.get(record.schemaId));
      if (record.type !== 'Message') continue;
      const schema = schemaOfChannel.get(record.channelId);
      assert.ok(schema);
      messages.set(schema.name, decodeBySchema(schema, record.data));
    }
    assert.ok(reader.done());
    const sound = messages.get('foxglove.RawAudio');
    assert.equal(sound?.['format'], 'pcm-s16');
    assert.equal(sound?.['sampleRate'], 16_000);
    assert.equal(sound?.['numberOfChannels'], 1);
    assert.deepEqual(sound?.['data'], Uint8Array.of(0x00, 0x40, 0x00, 0x80));
    const image = messages.get('foxglove.RawImage');
    assert.deepEqual([image?.['encoding'], image?.['width'], image?.['height'], image?.['step']], ['32FC1', 2, 1, 8]);
    assert.deepEqual(image?.['data'], new Uint8Array(Float32Array.of(1.5, 0).buffer));
    const motion = messages.get('sensebind.Motion');
    assert.deepEqual(motion?.['accelerationZ'], [9.75]);
  });
});
