import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { describe, it } from 'node:test';
import { embeddingOf, embeddingPayload, readingOf, readingPayload } from '../../../nodes/shared/payloads';
import type { Embedding } from '../../../runtime/embedding';
import type { AudioReading, VisionReading } from '../../../runtime/reading';
import { NODE_RED_VERSIONS } from '../../support/nodeRed';

const WIDTH = 1920;
const HEIGHT = 1080;

const memory = new SharedArrayBuffer(3 * WIDTH * HEIGHT);

const PICTURE: VisionReading = {
  modality: 'vision',
  source: 'cam0',
  timeMicros: 1_700_000_000_000_000,
  monotonicMicros: 5_000_000,
  clockQuality: 'arrival',
  flags: ['overrun'],
  width: WIDTH,
  height: HEIGHT,
  frame: { buffer: memory, retain: () => PICTURE.frame, release: () => undefined },
  rgb: new Uint8Array(memory),
};

const SOUND: AudioReading = {
  modality: 'audio',
  source: 'mic0',
  timeMicros: 1_700_000_000_000_000,
  monotonicMicros: 5_000_000,
  clockQuality: 'device',
  flags: [],
  sampleRateHz: 16_000,
  channels: [new Float32Array(1600), new Float32Array(1600)],
};

const EMBEDDING: Embedding = {
  vector: Float32Array.of(0.6, 0.8),
  space: 'space-of-a-test',
  encoder: 'ab',
  modality: 'audio',
  preset: 'mini',
  precision: 'fp32',
  logitScale: 20,
  sources: ['mic0'],
  startMicros: 1,
  endMicros: 2,
  sequence: 3,
  flags: [],
};

const SUMMARY = {
  kind: 'reading',
  source: 'cam0',
  modality: 'vision',
  time: '2023-11-14T22:13:20.000Z',
  width: WIDTH,
  height: HEIGHT,
  pixels: 'RGB, 8 bits',
  clockQuality: 'arrival',
  flags: ['overrun'],
};

/** What Node-RED uses between two nodes, and its debug node. */
interface NodeRedUtil {
  cloneMessage<Message>(message: Message): Message;
  encodeObject(message: { readonly msg: unknown }): { readonly format: string; readonly msg: string };
}

for (const version of NODE_RED_VERSIONS) {
  // What that version itself uses.
  const requireThere = createRequire(require.resolve(version));
  const { util } = requireThere('@node-red/util') as { readonly util: NodeRedUtil };
  const requireByUtil = createRequire(requireThere.resolve('@node-red/util'));
  const cloneDeep = requireByUtil('lodash.clonedeep') as <Value>(value: Value) => Value;

  describe(`a payload on the wires of ${version}`, () => {
    it('is the same one on every branch, wherever in a message it stands', () => {
      for (const payload of [readingPayload(PICTURE), embeddingPayload(EMBEDDING)]) {
        const message = { payload, list: [payload, { deep: [payload] }], other: { plain: [1, 2] } };
        const clones = [cloneDeep(message), util.cloneMessage(message), cloneDeep(cloneDeep(message))];
        for (const clone of clones) {
          assert.notEqual(clone, message);
          assert.notEqual(clone.other.plain, message.other.plain);
          const [first, second] = clone.list as [object, { readonly deep: readonly object[] }];
          assert.deepEqual(
            [clone.payload === payload, first === payload, second.deep[0] === payload],
            [true, true, true],
          );
        }
        assert.equal(cloneDeep([payload])[0], payload);
      }
    });

    it('is still the reading or the embedding behind a branch', () => {
      const reading = cloneDeep({ payload: readingPayload(PICTURE) }).payload;
      assert.equal(readingOf(reading), PICTURE);
      assert.equal((reading as VisionReading).rgb, PICTURE.rgb);
      assert.equal(readingOf({ ...PICTURE }), undefined);
      assert.equal(embeddingOf(cloneDeep({ payload: embeddingPayload(EMBEDDING) }).payload), EMBEDDING);
    });

    it('shows up in the debug sidebar as a summary', () => {
      const { format, msg } = util.encodeObject({ msg: readingPayload(PICTURE) });
      assert.match(format, /Object/);
      assert.deepEqual(JSON.parse(msg), SUMMARY);
      const whole = util.encodeObject({ msg: { topic: 'cam0', payload: readingPayload(PICTURE) } });
      assert.deepEqual(JSON.parse(whole.msg).payload, SUMMARY);
    });
  });
}

describe('a payload', () => {
  it('has the properties of what is in it, and can be changed by nobody', () => {
    const payload = readingPayload(PICTURE) as VisionReading;
    assert.deepEqual([payload.modality, payload.width, payload.rgb.buffer === memory], ['vision', WIDTH, true]);
    assert.throws(() => Object.assign(payload, { width: 1 }), TypeError);
    assert.equal(payload.width, WIDTH);
  });

  it('has no samples and no pixels in JSON where it is a reading', () => {
    assert.deepEqual(JSON.parse(JSON.stringify(readingPayload(PICTURE))), SUMMARY);
    const sound = JSON.parse(JSON.stringify({ payload: readingPayload(SOUND) }));
    assert.deepEqual(sound.payload, {
      kind: 'reading',
      source: 'mic0',
      modality: 'audio',
      time: '2023-11-14T22:13:20.000Z',
      channels: 2,
      samples: 1600,
      sampleRateHz: 16_000,
      clockQuality: 'device',
      flags: [],
    });
  });

  it('is whole in JSON where it is an embedding', () => {
    const back = embeddingOf(JSON.parse(JSON.stringify(embeddingPayload(EMBEDDING))));
    assert.deepEqual(back, EMBEDDING);
  });
});
