import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Transformer } from '@napi-rs/image';
import { openBundle } from '../../models/bundle/bundle';
import { miniBundleFolder } from '../../models/mini/location';
import type { Embedding } from '../../runtime/embedding';
import { Engine } from '../../runtime/inference/engine';
import type { EncoderInput } from '../../runtime/preprocess/input';
import { cosine, weightedSum } from '../../runtime/zeroshot/arithmetic';
import { monoWav } from '../devices/audio/wavBytes';
import { NODE_RED_VERSIONS, type RunningNodeRed, SINK, startNodeRed } from '../support/nodeRed';
import { CATCHER, flowNode, sender, statusOf, TAB } from '../support/nodeRedFlow';
import { pngFile } from '../support/png';

const SIZE = 32;

/** A picture with a gradient, and a second of a tone: both by arithmetic. */
const rgb = Uint8Array.from({ length: 3 * SIZE * SIZE }, (_, index) => (index * 7) % 256);
const rows = Array.from({ length: SIZE }, (_, y) => [0, ...rgb.subarray(3 * SIZE * y, 3 * SIZE * (y + 1))]).flat();
const png = pngFile({ width: SIZE, height: SIZE, bitDepth: 8, colour: 'rgb', data: Uint8Array.from(rows) });
const tone = Array.from({ length: 16_000 }, (_, index) => Math.round(12_000 * Math.sin(index / 5)));
const sound: EncoderInput = {
  kind: 'sound',
  sampleRateHz: 16_000,
  channels: [Float32Array.from(tone, (step) => step / 32_768)],
};

async function jpegFile(): Promise<Buffer> {
  const rgba = Uint8Array.from({ length: 4 * SIZE * SIZE }, (_, index) =>
    index % 4 === 3 ? 255 : (rgb[3 * Math.floor(index / 4) + (index % 4)] ?? 0),
  );
  return Transformer.fromRgbaPixels(rgba, SIZE, SIZE).jpeg(90);
}

function bytes(content: Buffer): string {
  return `Buffer.from("${content.toString('base64')}", "base64")`;
}

for (const version of NODE_RED_VERSIONS) {
  describe(`messages that are encoded in ${version}`, () => {
    let nodeRed: RunningNodeRed;
    let engine: Engine;
    let jpeg: Buffer;

    before(async () => {
      const bundle = await openBundle(miniBundleFolder());
      [nodeRed, engine, jpeg] = await Promise.all([startNodeRed(version), Engine.open(bundle), jpegFile()]);
    });

    after(async () => {
      await Promise.all([nodeRed.stop(), engine.close()]);
    });

    /** The embedding that a flow made, beside that of the encoder itself. */
    const isSame = async (payload: unknown, modality: string, input: EncoderInput): Promise<void> => {
      const { vector, ...rest } = payload as Embedding;
      const found = { ...rest, vector: Float32Array.from(vector) };
      assert.ok(cosine(found, await engine.encode(modality, input)) > 0.9999, modality);
    };

    it('are text, files and numbers, and keep what others wrote on them', async () => {
      await nodeRed.deploy([
        TAB,
        ...sender(
          `[
            { topic: 'text', payload: 'a dog', mine: 'stays' },
            { topic: 'png', payload: ${bytes(png)} },
            { topic: 'jpeg', payload: ${bytes(jpeg)} },
            { topic: 'wav', payload: ${bytes(monoWav(tone))} },
            { topic: 'numbers', payload: Float32Array.from(${JSON.stringify(tone)}, (step) => step / 32768), sampleRateHz: 16000 },
          ]`,
          ['encode'],
        ),
        flowNode('encode', 'sensebind-encode', { wires: ['sink'] }),
        SINK,
      ]);
      const answer = (topic: string) => nodeRed.sent('encode', (message) => message.topic === topic);
      const text = await answer('text');
      assert.equal(text['mine'], 'stays');
      assert.partialDeepStrictEqual(text['sensebind'], { kind: 'embedding', source: 'text', modality: 'text' });
      await isSame(text.payload, 'text', { kind: 'text', text: 'a dog' });
      const picture: EncoderInput = { kind: 'picture', frames: [{ rgb, width: SIZE, height: SIZE }] };
      await isSame((await answer('png')).payload, 'vision', picture);
      await isSame((await answer('jpeg')).payload, 'vision', { kind: 'pictureFile', bytes: jpeg });
      await isSame((await answer('wav')).payload, 'audio', sound);
      await isSame((await answer('numbers')).payload, 'audio', sound);
    });

    it('reach a Catch node with a code and one sentence, where they are nothing of that', async () => {
      await nodeRed.deploy([
        TAB,
        ...sender(`[{ topic: 'wrong', payload: { speed: 3 } }]`, ['refusing']),
        flowNode('refusing', 'sensebind-encode', { wires: ['sink'] }),
        CATCHER,
        SINK,
      ]);
      const { error } = (await nodeRed.sent('catcher')) as unknown as { error: { code: string; message: string } };
      assert.equal(error.code, 'INPUT_UNSUPPORTED');
      assert.match(error.message, /found an object with the properties speed .*: send a reading, text, the content of/);
    });

    it('wait in a queue that is bounded, and those that find no room are told of and counted', async () => {
      await nodeRed.deploy([
        TAB,
        ...sender(`Array.from({ length: 100 }, (_, index) => ({ topic: 'burst', payload: 'a dog', index }))`, ['busy']),
        flowNode('busy', 'sensebind-encode', { wires: ['sink'], queue: 9 }),
        { ...CATCHER, id: 'full' },
        statusOf(['busy']),
        SINK,
      ]);
      const codes = (): readonly unknown[] =>
        nodeRed.sentBy('full').map(({ message }) => (message['error'] as { readonly code: string }).code);
      // The last that was answered comes after all refusals.
      await nodeRed.sent('full', () => nodeRed.sentBy('busy').length + codes().length === 100);
      assert.ok(nodeRed.sentBy('busy').length >= 10);
      assert.deepEqual(new Set(codes()), new Set(['QUEUE_FULL']));
      const status = await nodeRed.sent('status', ({ status: shown }) =>
        /lost$/.test((shown as { text: string }).text),
      );
      assert.match((status['status'] as { text: string }).text, /^[\d.]+\/s, \d+ ms, \d+ lost$/);
    });

    it('are added up with words, also after they went through JSON', async () => {
      await nodeRed.deploy([
        TAB,
        ...sender(`[{ topic: 'picture', payload: ${bytes(png)} }]`, ['eye']),
        flowNode('eye', 'sensebind-encode', { wires: ['write'] }),
        flowNode('write', 'json', { wires: ['read'], property: 'payload', action: 'str' }),
        flowNode('read', 'json', { wires: ['sum', 'alike'], property: 'payload', action: 'obj' }),
        flowNode('sum', 'sensebind-arithmetic', {
          wires: ['sink'],
          source: 'sum',
          operation: 'sum',
          operands: [
            { kind: 'message', weight: 0.5 },
            { kind: 'text', value: 'a dog', weight: '0.25' },
          ],
        }),
        flowNode('alike', 'sensebind-arithmetic', {
          wires: ['sink'],
          operation: 'compare',
          operands: [{ kind: 'text', value: 'a dog' }, { kind: 'message' }],
        }),
        SINK,
      ]);
      const picture = await engine.encode('vision', { kind: 'pictureFile', bytes: png });
      const words = await engine.encode('text', { kind: 'text', text: 'a dog' });
      const sum = await nodeRed.sent('sum');
      const { vector, space } = sum.payload as Embedding;
      const expected = weightedSum([
        { embedding: picture, weight: 0.5 },
        { embedding: words, weight: 0.25 },
      ]);
      assert.equal(space, picture.space);
      assert.ok(cosine({ ...picture, vector: Float32Array.from(vector) }, { ...picture, vector: expected }) > 0.9999);
      assert.equal(sum.topic, 'sum');
      const { nearest, cosines } = (await nodeRed.sent('alike')).payload as {
        readonly nearest: { readonly name: string };
        readonly cosines: readonly { readonly name: string; readonly cosine: number }[];
      };
      assert.equal(nearest.name, 'message');
      assert.ok(Math.abs((cosines[0]?.cosine ?? 2) - cosine(picture, words)) < 1e-4);
    });
  });
}
