import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, it, type TestContext } from 'node:test';
import { connectAsync } from 'mqtt';
import { type Mosquitto, startMosquitto, withoutMosquitto } from '../support/mosquitto';
import { repositoryRoot } from '../support/paths';
import { type RunningNode, startNode } from '../support/runningNode';
import { Subscriber } from '../support/subscriber';
import { temporaryFolder } from '../support/temporaryFolder';
import { type TinyBundle, tinyBundle } from '../support/tinyBundle';

const SOUND = path.join(repositoryRoot, 'examples', 'sounds', 'door.wav');
const ROOT = 'sensebind/v1/box';
const byText = (a: string, b: string): number => a.localeCompare(b);

describe('what a broker keeps of labels and sources that were removed while the node was down', {
  skip: withoutMosquitto,
}, () => {
  let tiny: TinyBundle;
  let broker: Mosquitto;
  before(async () => {
    tiny = await tinyBundle();
    broker = await startMosquitto();
  });
  after(async () => {
    await broker.stop();
    await tiny.remove();
  });

  async function start(
    context: TestContext,
    state: string,
    parts: { readonly labels: readonly string[]; readonly sources: readonly string[] },
  ): Promise<RunningNode> {
    const { labels, sources } = parts;
    const file = path.join(state, 'box.yaml');
    const device = `{ device: { kind: wav, file: ${SOUND}, loop: true }, window: 1s, hop: 1s, labels: [house] }`;
    const lines = [
      'version: 1',
      'node: box',
      `bundle: ${tiny.directory}`,
      `broker: { url: "${broker.url}", homeAssistant: { enabled: false } }`,
      `sources: { ${sources.map((source) => `${source}: ${device}`).join(', ')} }`,
      `labels: { house: { labels: [${labels.map((id) => `{ id: ${id} }`).join(', ')}], background: [silence] } }`,
    ];
    await writeFile(file, lines.join('\n'));
    return startNode(context, file, { stateHome: state });
  }

  /** Topics below the root that a fresh subscriber is given, without those of the node itself. */
  async function kept(root = ROOT): Promise<string[]> {
    const client = await connectAsync(broker.url);
    const topics: string[] = [];
    const done = new Promise<void>((resolve) => {
      client.on('message', (topic, _payload, { retain }) => {
        if (topic === 'marker') resolve();
        else if (retain) topics.push(topic.slice(root.length + 1));
      });
    });
    await client.subscribeAsync([`${root}/#`, 'marker'], { qos: 1 });
    await client.publishAsync('marker', '', { qos: 1 });
    await done;
    await client.endAsync();
    return topics.filter((topic) => topic !== 'status' && topic !== 'info').toSorted(byText);
  }

  /** Resolves when the broker keeps this, and nothing else: looks again when something was published. */
  async function untilKept(context: TestContext, expected: readonly string[]): Promise<void> {
    const subscriber = await Subscriber.start(context, broker.url, [`${ROOT}/#`]);
    for (;;) {
      const before = subscriber.messages.length;
      const found = await kept();
      if (JSON.stringify(found) === JSON.stringify(expected.toSorted(byText))) return;
      await subscriber.until(() => subscriber.messages.length > before);
    }
  }

  const ofLabel = (id: string): string[] =>
    ['state', 'attr', 'threshold/state', 'prompt/state'].map((topic) => `label/${id}/${topic}`);
  const ofSource = (id: string): string[] => ['state', 'status'].map((topic) => `src/${id}/${topic}`);
  const A_AND_X = [...ofLabel('bell'), ...ofSource('x')];
  const ALL = [...A_AND_X, ...ofLabel('dog'), ...ofSource('y')];

  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    it(`is cleared on the next start, before the node says that it is online (${signal})`, async (context) => {
      const state = await temporaryFolder(context);
      const stranger = await connectAsync(broker.url);
      await stranger.publishAsync('sensebind/v1/other/label/dog/state', 'ON', { qos: 1, retain: true });
      const first = await start(context, state, { labels: ['bell', 'dog'], sources: ['x', 'y'] });
      await untilKept(context, ALL);
      first.process.kill(signal);
      await first.ended;
      assert.deepEqual(await kept(), ALL.toSorted(byText));

      const online = new Promise<void>((resolve) => {
        stranger.on('message', (_topic, payload, { retain }) => {
          if (!retain && `${payload}` === 'online') resolve();
        });
      });
      await stranger.subscribeAsync(`${ROOT}/status`, { qos: 1 });
      const second = await start(context, state, { labels: ['bell'], sources: ['x'] });
      await online;
      assert.deepEqual(await kept(), A_AND_X.toSorted(byText));
      assert.deepEqual(await kept('sensebind/v1/other'), ['label/dog/state']);
      await stranger.endAsync();
      second.process.kill('SIGTERM');
      assert.equal(await second.ended, 0);
    });
  }
});
