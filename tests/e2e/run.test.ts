import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { connectAsync, type MqttClient } from 'mqtt';
import { decodeEmbedding } from '../../runtime/mqtt/embeddingMessage';
import { validators } from '../../runtime/mqtt/messages';
import { soundMessage } from '../support/board';
import { startMosquitto, withoutMosquitto } from '../support/mosquitto';
import { compiled, repositoryRoot } from '../support/paths';
import { type TinyBundle, tinyBundle } from '../support/tinyBundle';

const SOUND = path.join(repositoryRoot, 'examples', 'sounds', 'door.wav');

describe('sensebind run, with a real mosquitto', { skip: withoutMosquitto }, () => {
  let tiny: TinyBundle;
  let broker: Awaited<ReturnType<typeof startMosquitto>>;
  let subscriber: MqttClient;
  const received = new Map<string, Buffer[]>();
  let onMessage = (): void => undefined;

  before(async () => {
    tiny = await tinyBundle();
    broker = await startMosquitto();
    subscriber = await connectAsync(broker.url, { protocolVersion: 5 });
    subscriber.on('message', (topic, payload) => {
      received.set(topic, [...(received.get(topic) ?? []), payload]);
      onMessage();
    });
    await subscriber.subscribeAsync(['sensebind/v1/#', 'homeassistant/device/+/config'], { qos: 1 });
  });
  after(async () => {
    await subscriber.endAsync(true);
    await broker.stop();
    await tiny.remove();
  });

  async function run(node: string, protocol: string): Promise<ChildProcess> {
    const file = path.join(tiny.directory, '..', `${node}.yaml`);
    await writeFile(
      file,
      `version: 1
node: ${node}
bundle: ${tiny.directory}
broker: { url: "${broker.url}", protocol: "${protocol}" }
sources:
  mic0: { device: { kind: wav, file: ${SOUND}, loop: true }, window: 2s, hop: 1s, labels: [house] }
  porch: { device: { kind: mqtt-audio }, window: 2s, hop: 1s }
labels:
  house: { labels: [{ id: door_bell }, { id: dog_barking }], background: [silence] }
`,
    );
    return spawn(process.execPath, [compiled('runtime/cli/main'), 'run', file], { stdio: 'ignore' });
  }

  /** Resolves once a message on the topic fits. */
  function message(topic: string, fits: (payload: Buffer) => boolean = () => true): Promise<Buffer> {
    return new Promise((resolve) => {
      onMessage = () => {
        const found = received.get(topic)?.find(fits);
        if (found) resolve(found);
      };
      onMessage();
    });
  }

  const word = (expected: string) => (payload: Buffer) => payload.toString() === expected;

  for (const protocol of ['5', '3.1.1']) {
    it(`publishes what its contract says over MQTT ${protocol}, and says goodbye`, async () => {
      const node = `node${protocol.replaceAll('.', '')}`;
      const root = `sensebind/v1/${node}`;
      const child = await run(node, protocol);
      const exited = once(child, 'exit');
      await message(`${root}/status`, word('online'));
      await message(`homeassistant/device/sensebind_${node}/config`);
      const { vector, message: embedding } = decodeEmbedding(await message(`${root}/src/mic0/emb`));
      assert.ok(Math.abs(Math.hypot(...vector) - 1) < 1e-3);
      assert.equal(embedding.sp, tiny.bundle.manifest.space);
      for (let sequence = 0; sequence < 30; sequence++) {
        await subscriber.publishAsync(`${root}/in/porch/readings`, soundMessage({ sequence, samples: 1600 }));
      }
      assert.equal(decodeEmbedding(await message(`${root}/src/porch/emb`)).message.src, 'porch');
      for (const [topic, schema] of [
        ['info', 'info/1'],
        ['src/mic0/state', 'source/1'],
        ['src/mic0/scores', 'scores/1'],
      ] as const) {
        const value: unknown = JSON.parse((await message(`${root}/${topic}`)).toString());
        assert.deepEqual(validators[schema].Errors(value), []);
      }
      child.kill('SIGTERM');
      await message(`${root}/status`, word('stopped'));
      assert.deepEqual(await exited, [0, null]);
    });
  }

  for (const protocol of ['5', '3.1.1']) {
    it(`is offline when it was killed (MQTT ${protocol})`, async () => {
      const node = `victim${protocol.replaceAll('.', '')}`;
      const child = await run(node, protocol);
      const exited = once(child, 'exit');
      await message(`sensebind/v1/${node}/status`, word('online'));
      child.kill('SIGKILL');
      await message(`sensebind/v1/${node}/status`, word('offline'));
      await exited;
    });
  }
});
