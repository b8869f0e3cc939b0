import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import type { LinkEvent } from '../../../runtime/mqtt/link';
import { NodePublisher } from '../../../runtime/mqtt/nodePublisher';
import { startLink } from '../../support/brokerLink';
import { ManualClock } from '../../support/manualClock';
import { startMosquitto, withoutMosquitto } from '../../support/mosquitto';
import { polite, ScriptedBroker } from '../../support/scriptedBroker';
import { openOutbox } from '../../support/spoolFolder';

const INFO = {
  node: 'box',
  version: '0.0.0',
  bundle: { name: 'tiny', variant: 'tiny', space: 's', dimensions: 2, trained: false, licence: 'none' },
  models: [],
  sources: [],
  sets: [],
  schemas: [],
};

interface Node {
  readonly events: readonly LinkEvent[];
  readonly clock: ManualClock;
  readonly publisher: NodePublisher;
  count(kind: LinkEvent['kind']): number;
}

/** A node that starts so long after the epoch of all. */
async function startNode(
  context: TestContext,
  url: string,
  options: { readonly startsAfterMillis: number; readonly protocol: '5' | '3.1.1'; readonly clientId?: string },
): Promise<Node> {
  const clock = new ManualClock();
  clock.epochStartMicros += options.startsAfterMillis * 1000;
  const publisher = new NodePublisher({
    access: { url, clientId: options.clientId ?? 'box' },
    protocol: options.protocol,
    base: 'sensebind',
    node: 'box',
    elementType: 'f16le',
    outbox: await openOutbox(context),
    clock,
  });
  const events: LinkEvent[] = [];
  publisher.start(INFO, (event) => void events.push(event));
  context.after(async () => {
    const stopped = publisher.stop();
    await clock.advance(5000);
    await stopped;
  });
  const count = (kind: LinkEvent['kind']): number => events.filter((event) => event.kind === kind).length;
  return { events, clock, publisher, count };
}

/** Lets both nodes live on until something is so. */
async function until(nodes: readonly Node[], isSo: () => boolean, stepMillis = 0): Promise<void> {
  while (!isSo()) for (const { clock } of nodes) await clock.advance(stepMillis);
}

/** The node that is told to leave, and says why. */
function retreat({ events }: Node): Extract<LinkEvent, { kind: 'disconnected' }> | undefined {
  return events.find((event) => event.kind === 'disconnected' && event.retryMillis >= 300_000) as never;
}

describe('two nodes with one id, with a real mosquitto', { skip: withoutMosquitto }, () => {
  for (const protocol of ['5', '3.1.1'] as const) {
    it(`and one client id: the later one leaves and says why, the first one stays (${protocol})`, async (context) => {
      const broker = await startMosquitto();
      context.after(() => broker.stop());
      const first = await startNode(context, broker.url, { startsAfterMillis: 0, protocol });
      await until([first], () => first.publisher.counters().published >= 2);
      const later = await startNode(context, broker.url, { startsAfterMillis: 500, protocol });
      const both = [first, later];
      await until(both, () => retreat(later) !== undefined, 50);
      const left = retreat(later);
      assert.equal(left?.error.code, 'BROKER_REFUSED');
      assert.match(left?.error.message ?? '', /alone to be the node "box", found another one/);
      assert.match(left?.error.cure ?? '', /id of its own/);
      assert.equal(retreat(first), undefined);
      await until(both, () => first.publisher.link.connected, 50);
      const connects = first.count('connected');
      assert.ok(connects <= 4, `${connects} connects`);
      // It does not come back before the time is over. The first one's clock stands: it must not wait in vain for answers
      // that a real broker has had no real time to give.
      const laterConnects = later.count('connected');
      for (let step = 0; step < 20; step++) await later.clock.advance(5000);
      assert.deepEqual([first.count('connected'), later.count('connected')], [connects, laterConnects]);
      assert.equal(first.publisher.link.connected, true);
    });
  }

  it('and two client ids: the first one says so, the later one leaves', async (context) => {
    const broker = await startMosquitto();
    context.after(() => broker.stop());
    const first = await startNode(context, broker.url, { startsAfterMillis: 0, protocol: '5' });
    await until([first], () => first.publisher.counters().published >= 2);
    const options = { startsAfterMillis: 500, protocol: '5', clientId: 'other' } as const;
    const later = await startNode(context, broker.url, options);
    await until([first, later], () => retreat(later) !== undefined && first.count('rival') > 0);
    assert.deepEqual([first.count('disconnected'), first.count('connected')], [0, 1]);
  });

  it('is not what a node takes its own past for', async (context) => {
    const broker = await startMosquitto();
    context.after(() => broker.stop());
    const before = await startNode(context, broker.url, { startsAfterMillis: 0, protocol: '5' });
    await until([before], () => before.publisher.counters().published >= 2);
    await before.publisher.stop();
    const now = await startNode(context, broker.url, { startsAfterMillis: 500, protocol: '5' });
    await until([now], () => now.publisher.counters().published >= 2);
    for (let step = 0; step < 20; step++) await now.clock.advance(0);
    assert.deepEqual([now.count('disconnected'), now.count('rival')], [0, 0]);
  });
});

describe('a client whose session is taken over', () => {
  it('is told why, comes back twice, and then stays away for longer and longer', async (context) => {
    const broker = await ScriptedBroker.start(context, (packet, client) => {
      polite(packet, client);
      if (packet.cmd !== 'connect') return;
      client.send({ cmd: 'disconnect', reasonCode: 142 });
      client.socket.end();
    });
    const { clock, until: event } = startLink(context, broker.url, { protocol: '5' });
    const delays: number[] = [];
    for (let time = 1; time <= 5; time++) {
      const { error, retryMillis } = await event('disconnected', time);
      assert.equal(error.code, 'BROKER_REFUSED');
      assert.match(error.message, /client id "box" .* alone, found that another client/);
      delays.push(retryMillis);
      await clock.advance(retryMillis);
    }
    assert.ok(delays.slice(0, 2).every((delay) => delay < 60_000));
    assert.deepEqual(delays.slice(2), [300_000, 600_000, 1_200_000]);
  });
});
