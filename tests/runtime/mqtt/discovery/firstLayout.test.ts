import assert from 'node:assert/strict';
import { it } from 'node:test';
import { HomeAssistantDiscovery } from '../../../../runtime/mqtt/discovery/homeAssistant';
import type { KnownPages } from '../../../../runtime/mqtt/discovery/pages';
import { receivedMessage, type Subscription } from '../../../../runtime/mqtt/received';
import { describedNode, manyLabels } from '../../../support/describedNode';
import { ManualClock } from '../../../support/manualClock';

/** Of a machine so slow that each piece of work takes a millisecond. */
class SlowClock extends ManualClock {
  override monotonicMicros() {
    this.sleep(1);
    return super.monotonicMicros();
  }
}

/** A node that starts; what it retains, empty where it takes something back. */
function startNode(clock: ManualClock, known: KnownPages) {
  const retained: { readonly topic: string; readonly isCleared: boolean }[] = [];
  const saved: KnownPages[] = [];
  const subscriptions: Subscription[] = [];
  const discovery = new HomeAssistantDiscovery({
    link: {
      retain: (topic, { payload }) => {
        retained.push({ topic, isCleared: payload.length === 0 });
      },
      forget: () => undefined,
      subscribe: (subscription) => {
        subscriptions.push(subscription);
      },
    },
    prefix: 'homeassistant',
    describe: () => describedNode({ labels: manyLabels(500) }),
    known,
    store: {
      load: async () => known,
      save: async (pages) => {
        saved.push(pages);
      },
    },
    clock,
    onFailed: (error) => assert.fail(error.message),
    random: () => 0,
  });
  return { discovery, retained, saved, subscriptions };
}

it('takes nothing back of what it knew before, when Home Assistant starts before the first layout is done', async () => {
  const clock = new ManualClock();
  const before = startNode(clock, new Map());
  before.discovery.connected();
  await clock.advance(1000);
  const [known = new Map()] = before.saved;
  assert.ok(known.size > 0);

  const slow = new SlowClock();
  const after = startNode(slow, known);
  after.discovery.connected();
  assert.deepEqual(after.saved, [], 'it is still laying out');
  const packet = { cmd: 'publish', topic: 'homeassistant/status', payload: 'online', retain: false } as const;
  const birth = receivedMessage({ ...packet, qos: 0, dup: false }, { waited: false });
  for (const { take } of after.subscriptions) take(birth);
  await slow.advance(60_000);
  assert.deepEqual(new Set(after.retained.map(({ topic }) => topic)), new Set(known.keys()));
  assert.deepEqual(
    after.retained.filter(({ isCleared }) => isCleared),
    [],
  );
  await after.discovery.stop();
  await before.discovery.stop();
});
