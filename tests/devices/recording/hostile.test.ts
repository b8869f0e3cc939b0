import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { create, toBinary } from '@bufbuild/protobuf';
import { McapChunkBuilder, McapRecordBuilder } from '@mcap/core';
import { decodeReading } from '../../../devices/recording/decodeMessage';
import { encodeReading } from '../../../devices/recording/encodeMessage';
import { RawImageSchema } from '../../../devices/recording/foxglove.generated';
import { readSegment } from '../../../devices/recording/readSegment';
import { DESCRIPTORS } from '../../../devices/recording/schemas';
import type { ErrorCode } from '../../../runtime/errors';
import { FramePool } from '../../../runtime/frames';
import { refused } from '../../support/refused';
import { memoryInput, readBytes } from './memoryInput';

const SOUND = encodeReading({
  source: 'mic0',
  modality: 'audio',
  timeMicros: 1,
  monotonicMicros: 1,
  clockQuality: 'arrival',
  flags: [],
  sampleRateHz: 16_000,
  channels: [Float32Array.of(0.5)],
}).data;

const SCHEMA = { id: 1, name: 'foxglove.RawAudio', encoding: 'protobuf', data: DESCRIPTORS } as const;
const CHANNEL = {
  id: 1,
  schemaId: 1,
  topic: '/mic0/audio',
  messageEncoding: 'protobuf',
  metadata: new Map([
    ['kind', 'reading'],
    ['source', 'mic0'],
    ['modality', 'audio'],
  ]),
} as const;

function message(data: Uint8Array, channelId = 1) {
  return { channelId, sequence: 0, logTime: 1000n, publishTime: 1000n, data };
}

/** A file that starts as a recording does, with what a test adds. */
function file(add: (records: McapRecordBuilder) => void): Buffer {
  const records = new McapRecordBuilder();
  records.writeMagic();
  records.writeHeader({ profile: '', library: 'test' });
  records.writeMetadata({
    name: 'sensebind',
    metadata: new Map([
      ['format', '1'],
      ['session', 's'],
      ['start_micros', '1'],
      ['start_monotonic_micros', '1'],
    ]),
  });
  add(records);
  return Buffer.from(records.buffer);
}

function chunkOf(build: (chunk: McapChunkBuilder) => void): Uint8Array {
  const chunk = new McapChunkBuilder({});
  build(chunk);
  return chunk.buffer;
}

function plainChunk(records: Uint8Array) {
  const size = BigInt(records.byteLength);
  return {
    messageStartTime: 0n,
    messageEndTime: 0n,
    uncompressedSize: size,
    uncompressedCrc: 0,
    compression: '',
    records,
  };
}

/** A record whose length is not that of its content. */
function lying(opcode: number, length: bigint, content: Uint8Array = new Uint8Array(64)): Buffer {
  const header = Buffer.alloc(9);
  header.writeUInt8(opcode);
  header.writeBigUInt64LE(length, 1);
  return Buffer.concat([header, content]);
}

/** Types within types, each with a name: what a deep definition looks like. */
function deepDescriptor(depth: number): Uint8Array {
  let inner = Buffer.from([0x0a, 1, 0x41]);
  const field = (tag: number, content: Buffer): Buffer =>
    Buffer.concat([Buffer.from([tag]), varint(content.length), content]);
  for (let level = 0; level < depth; level++) inner = Buffer.concat([Buffer.from([0x0a, 1, 0x41]), field(0x1a, inner)]);
  return field(0x0a, field(0x22, inner));
}

function varint(value: number): Buffer {
  const bytes = [];
  for (let left = value; ; left = Math.floor(left / 128)) {
    bytes.push((left % 128) + (left >= 128 ? 128 : 0));
    if (left < 128) return Buffer.from(bytes);
  }
}

const documentChannel = {
  ...CHANNEL,
  messageEncoding: 'json',
  topic: '/mic0/scores',
  metadata: new Map([
    ['kind', 'document'],
    ['source', 'mic0'],
    ['name', 'scores'],
  ]),
};

function withSchema(schema: { readonly name: string; readonly encoding: string; readonly data: Uint8Array }) {
  return file((records) => records.writeSchema({ id: 1, ...schema }));
}

function withMessage(
  data: Uint8Array,
  channel = CHANNEL as typeof documentChannel,
  schema = SCHEMA as typeof JSON_SCHEMA,
) {
  return file((records) => {
    records.writeSchema(schema);
    records.writeChannel(channel);
    records.writeMessage(message(data));
  });
}

const JSON_SCHEMA = { id: 1, name: 'sensebind.scores', encoding: 'jsonschema', data: Buffer.from('{}') as Uint8Array };
const deepJson = (depth: number) => Buffer.from('['.repeat(depth) + ']'.repeat(depth));

const HOSTILE: readonly (readonly [what: string, bytes: () => Buffer, code: ErrorCode, message: RegExp])[] = [
  [
    'a record of 2^63 bytes',
    () => Buffer.concat([file(() => {}), lying(6, 2n ** 63n)]),
    'RECORDING_LIMIT',
    /9223372036854775807|92233720368547/,
  ],
  [
    'a chunk of 1 TB',
    () => Buffer.concat([file(() => {}), lying(6, 2n ** 40n)]),
    'RECORDING_LIMIT',
    /record of kind 6/,
  ],
  [
    'an unknown record of 1 TB',
    () => Buffer.concat([file(() => {}), lying(0x90, 2n ** 40n)]),
    'RECORDING_LIMIT',
    /record of kind 144/,
  ],
  [
    'a chunk whose records are longer than it is',
    () => Buffer.concat([file(() => {}), lying(6, 40n, Buffer.alloc(40, 0xff))]),
    'RECORDING_INVALID',
    /at most \d+ bytes/,
  ],
  [
    'a record in a chunk that is longer than the chunk',
    () => file((records) => records.writeChunk(plainChunk(lying(5, 2n ** 33n)))),
    'RECORDING_INVALID',
    /a length of 8589934592/,
  ],
  [
    'a chunk in a chunk',
    () => file((records) => records.writeChunk(plainChunk(lying(6, 64n)))),
    'RECORDING_INVALID',
    /a record of kind 6/,
  ],
  ...['zstd', 'lz4'].map(
    (compression) =>
      [
        `a bomb of ${compression}: 10 GB in 1 kB`,
        () =>
          file((records) =>
            records.writeChunk({
              ...plainChunk(Buffer.alloc(1000)),
              compression,
              uncompressedSize: 10n ** 10n,
            }),
          ),
        'RECORDING_UNSUPPORTED',
        new RegExp(compression),
      ] as const,
  ),
  [
    'a chunk that says another size than it has',
    () => file((records) => records.writeChunk({ ...plainChunk(Buffer.alloc(100)), uncompressedSize: 10n ** 10n })),
    'RECORDING_INVALID',
    /one that says 10000000000/,
  ],
  [
    'a JSON Schema of 10,000 levels',
    () => withSchema({ name: 'a', encoding: 'jsonschema', data: deepJson(10_000) }),
    'RECORDING_LIMIT',
    /levels of JSON/,
  ],
  [
    'a definition in protobuf of 1,000 levels',
    () => withSchema({ name: 'a', encoding: 'protobuf', data: deepDescriptor(1000) }),
    'RECORDING_INVALID',
    /recursion depth/,
  ],
  [
    'a schema of 1 MB',
    () => withSchema({ name: 'a', encoding: 'text', data: Buffer.alloc(2 ** 20) }),
    'RECORDING_LIMIT',
    /record of kind 3/,
  ],
  [
    'a document of 10,000 levels',
    () => withMessage(deepJson(10_000), documentChannel, JSON_SCHEMA),
    'RECORDING_LIMIT',
    /levels of JSON/,
  ],
  [
    '5,000 channels',
    () =>
      file((records) => {
        records.writeSchema(SCHEMA);
        for (let id = 1; id <= 5000; id++) records.writeChannel({ ...CHANNEL, id, topic: `/${id}` });
      }),
    'RECORDING_LIMIT',
    /channels/,
  ],
  [
    'a channel without its schema',
    () => file((records) => records.writeChannel({ ...CHANNEL })),
    'RECORDING_INVALID',
    /the schema 1/,
  ],
  [
    'a message without its channel',
    () => file((records) => records.writeMessage(message(SOUND, 9))),
    'RECORDING_INVALID',
    /the channel 9/,
  ],
  [
    'two channels of one number',
    () =>
      file((records) => {
        records.writeSchema(SCHEMA);
        records.writeChannel(CHANNEL);
        records.writeChannel({ ...CHANNEL, topic: '/other' });
      }),
    'RECORDING_INVALID',
    /one channel of the number 1/,
  ],
  [
    'a source that is a path',
    () => withMessage(SOUND, { ...CHANNEL, metadata: new Map([...CHANNEL.metadata, ['source', '../../etc']]) }),
    'RECORDING_INVALID',
    /the source of the channel/,
  ],
  [
    'sound under the schema of pictures',
    () => withMessage(SOUND, CHANNEL, { ...SCHEMA, name: 'foxglove.RawImage' }),
    'RECORDING_INVALID',
    /the schema foxglove.RawAudio/,
  ],
  ['groups in groups in a message', () => withMessage(Buffer.alloc(50_000, 0x0b)), 'RECORDING_INVALID', /RawAudio/],
  ['a message that is cut off', () => withMessage(SOUND.subarray(0, -1)), 'RECORDING_INVALID', /RawAudio/],
  [
    'a recording of another program',
    () => {
      const records = new McapRecordBuilder();
      records.writeMagic();
      records.writeHeader({ profile: 'ros2', library: 'rosbag2' });
      records.writeSchema(SCHEMA);
      records.writeChannel(CHANNEL);
      records.writeMessage(message(SOUND));
      return Buffer.from(records.buffer);
    },
    'RECORDING_UNSUPPORTED',
    /rosbag2/,
  ],
  ['text', () => Buffer.from('version: 1\nnode: kitchen\n'), 'RECORDING_INVALID', /magic/],
];

async function readThrough(bytes: Uint8Array): Promise<void> {
  for await (const _ of readBytes(bytes));
}

describe('a reader of recordings', () => {
  it('reads the file that the hostile ones are made of', async () => {
    const kinds = [];
    const chunk = chunkOf((records) => {
      records.addSchema(SCHEMA);
      records.addChannel(CHANNEL);
      records.addMessage(message(SOUND));
    });
    for await (const item of readBytes(file((records) => records.writeChunk(plainChunk(chunk))))) kinds.push(item.kind);
    assert.deepEqual(kinds, ['session', 'reading', 'cut']);
  });

  for (const [what, bytes, code, pattern] of HOSTILE) {
    it(`refuses ${what}`, async () => {
      await assert.rejects(readThrough(bytes()), refused(code, pattern));
    });
  }

  it('gives the memory of a picture back when it refuses it', () => {
    const memory = new FramePool({ frames: 1, bytes: 4096 });
    const picture = create(RawImageSchema, {
      reading: { monotonicMicros: Number.NaN, clockQuality: 'device' },
      width: 1,
      height: 1,
      step: 3,
      encoding: 'rgb8',
      data: new Uint8Array(3),
    });
    const decode = () =>
      decodeReading(toBinary(RawImageSchema, picture), { source: 'cam0', modality: 'vision', memory });
    assert.throws(decode, refused('RECORDING_INVALID', /a monotonic time of NaN/));
    assert.equal(memory.stats().acquired, 1);
    assert.equal(memory.stats().inUse, 0);
  });

  it('never asks for more bytes than there are', async () => {
    const bytes = Buffer.concat([file(() => {}), lying(9, 4_000_000n), lying(6, 30_000_000n)]);
    const input = memoryInput(bytes);
    const asked: number[] = [];
    const watched = {
      ...input,
      read: (position: number, length: number) => {
        asked.push(position + length);
        return input.read(position, length);
      },
    };
    for await (const _ of readSegment(watched));
    assert.ok(Math.max(...asked) <= bytes.byteLength);
  });
});
