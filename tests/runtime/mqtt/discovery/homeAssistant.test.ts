import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import type { DescribedNode } from '../../../../runtime/mqtt/discovery/describedNode';
import type { DiscoveryStore } from '../../../../runtime/mqtt/discovery/discoveryFile';
import { HomeAssistantDiscovery } from '../../../../runtime/mqtt/discovery/homeAssistant';
import type { KnownPages } from '../../../../runtime/mqtt/discovery/pages';
import { type LinkUnderTest, startLink } from '../../../support/brokerLink';
import { describedNode, manyLabels, manySources } from '../../../support/describedNode';
import { HomeAssistantStandIn } from '../../../support/homeAssistantBroker';
import { type Mosquitto, startMosquitto, withoutMosquitto } from '../../../support/mosquitto';

/** Keeps what it is given, as a file would. */
class MemoryStore implements DiscoveryStore {
  known: KnownPages = new Map();

  async load(): Promise<KnownPages> {
    return this.known;
  }

  async save(known: KnownPages): Promise<void> {
    this.known = known;
  }
}

interface Running extends LinkUnderTest {
  readonly discovery: HomeAssistantDiscovery;
  /** The node from now on. */
  change(node: DescribedNode | undefined): void;
}

async function start(
  context: TestContext,
  url: string,
  { node, store }: { readonly node: DescribedNode | undefined; readonly store: DiscoveryStore },
): Promise<Running> {
  const running = startLink(context, url);
  let now = node;
  const discovery = new HomeAssistantDiscovery({
    link: running.link,
    prefix: 'homeassistant',
    describe: () => now,
    known: await store.load(),
    store,
    clock: running.clock,
    onFailed: (error) => assert.fail(error.message),
    random: () => 0.5,
  });
  context.after(() => discovery.stop());
  await running.until('connected');
  discovery.connected();
  return {
    ...running,
    discovery,
    change: (next) => {
      now = next;
      discovery.update();
    },
  };
}

async function brokerOf(context: TestContext): Promise<Mosquitto> {
  const broker = await startMosquitto();
  context.after(() => broker.stop());
  return broker;
}

const label = (id: string): string => `sensebind/box/label_${id}`;
const withLabels = (...ids: string[]): DescribedNode => describedNode({ labels: ids.map((id) => ({ id, title: id })) });

describe('discovery by Home Assistant, with a real mosquitto', { skip: withoutMosquitto }, () => {
  it('tells of node and sources, retained, and again after its birth and a while', async (context) => {
    const { url } = await brokerOf(context);
    const { clock } = await start(context, url, { node: describedNode(), store: new MemoryStore() });
    await clock.advance(1000);
    const late = await HomeAssistantStandIn.start(context, url);
    await late.until(({ messages }) => messages.length === 3);
    assert.deepEqual(
      new Set(late.messages.map(({ topic }) => topic.split('/')[2])),
      new Set(['sensebind_box', 'sensebind_box_SRC_heat0', 'sensebind_box_SRC_mic0']),
    );
    await late.sayBirth();
    // The birth has to reach the node before its time goes on.
    for (let step = 0; late.messages.length < 6; step++) {
      assert.ok(step < 1000, 'nothing was told again');
      await clock.advance(10);
      await new Promise((resolve) => setImmediate(resolve));
    }
    assert.ok(clock.monotonicMicros() >= 3_500_000, `${clock.monotonicMicros()} µs`);
    assert.deepEqual(late.problems, []);
  });

  it('takes a label back that goes, and forgets it a minute later', async (context) => {
    const { url } = await brokerOf(context);
    const homeAssistant = await HomeAssistantStandIn.start(context, url);
    const { clock, change } = await start(context, url, { node: withLabels('dog', 'cat'), store: new MemoryStore() });
    await clock.advance(1000);
    await homeAssistant.until(({ entities }) => entities.has(label('cat')));
    change(withLabels('dog', 'bird'));
    await clock.advance(1000);
    await homeAssistant.until(({ entities }) => !entities.has(label('cat')) && entities.has(label('bird')));
    const before = homeAssistant.messages.length;
    await clock.advance(61_000);
    await homeAssistant.until(({ messages }) => messages.length > before);
    assert.deepEqual(homeAssistant.messages.at(-1)?.seen?.removed, []);
    assert.ok(homeAssistant.entities.has(label('dog')));
    assert.deepEqual(homeAssistant.problems, []);
  });

  it('takes back over a restart what the configuration does not have any more', async (context) => {
    const { url } = await brokerOf(context);
    const homeAssistant = await HomeAssistantStandIn.start(context, url);
    const store = new MemoryStore();
    const first = await start(context, url, { node: withLabels('dog', 'cat'), store });
    await first.clock.advance(1000);
    await homeAssistant.until(({ entities }) => entities.has('sensebind/box/heat0/state'));
    await first.discovery.stop();
    await first.link.stop();
    const sources = describedNode().sources.slice(0, 1);
    const second = await start(context, url, { node: { ...withLabels('dog'), sources }, store });
    await second.clock.advance(1000);
    await homeAssistant.until(
      ({ entities }) => !entities.has(label('cat')) && !entities.has('sensebind/box/heat0/state'),
    );
    assert.ok(homeAssistant.entities.has(label('dog')) && homeAssistant.entities.has('sensebind/box/mic0/state'));
    await second.clock.advance(61_000);
    assert.deepEqual(
      [...store.known.keys()].some((topic) => topic.includes('heat0')),
      false,
    );
    assert.deepEqual(homeAssistant.problems, []);
  });

  it('takes everything back where it is switched off', async (context) => {
    const { url } = await brokerOf(context);
    const homeAssistant = await HomeAssistantStandIn.start(context, url);
    const store = new MemoryStore();
    const { clock, change } = await start(context, url, { node: describedNode(), store });
    await clock.advance(1000);
    await homeAssistant.until(({ messages }) => messages.length === 3);
    change(undefined);
    await clock.advance(62_000);
    await homeAssistant.until(({ entities }) => entities.size === 0);
    assert.equal(store.known.size, 0);
  });

  it('is done in 10 s with 1,000 labels and 8 sources, at no more than 100 messages a second (F22)', async (context) => {
    const { url } = await brokerOf(context);
    const homeAssistant = await HomeAssistantStandIn.start(context, url);
    const node = describedNode({ labels: manyLabels(1000), sources: manySources(8) });
    const retained: number[] = [];
    const running = startLink(context, url);
    const discovery = new HomeAssistantDiscovery({
      link: {
        subscribe: (subscription) => running.link.subscribe(subscription),
        forget: (topic) => running.link.forget(topic),
        retain: (topic, message) => {
          retained.push(running.clock.monotonicMicros());
          running.link.retain(topic, message);
        },
      },
      prefix: 'homeassistant',
      describe: () => node,
      known: new Map(),
      store: new MemoryStore(),
      clock: running.clock,
      onFailed: (error) => assert.fail(error.message),
    });
    context.after(() => discovery.stop());
    await running.until('connected');
    discovery.connected();
    await running.clock.advance(10_000);
    await homeAssistant.until(({ messages }) => messages.length >= retained.length);
    assert.equal([...homeAssistant.entities.keys()].filter((id) => id.startsWith('sensebind/box/label_')).length, 1000);
    assert.deepEqual(homeAssistant.problems, []);
    for (const [index, at] of retained.entries()) {
      const soon = retained.filter((other) => other >= at && other < at + 1_000_000).length;
      assert.ok(soon <= 100, `${soon} messages within a second after the message ${index}`);
    }
    context.diagnostic(`${retained.length} messages, the last one ${(retained.at(-1) ?? 0) / 1e6} s after the connect`);
  });
});
