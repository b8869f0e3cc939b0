import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { LinkEvent } from '../../../runtime/mqtt/link';
import { type HealthMessage, validators } from '../../../runtime/mqtt/messages';
import { NodePublisher } from '../../../runtime/mqtt/nodePublisher';
import { ManualClock } from '../../support/manualClock';
import { ScriptedBroker } from '../../support/scriptedBroker';
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
const HEALTH = { uptime_s: 1, rss_mb: 1, drops: { elsewhere: 3 }, sources: {} };

describe('what a node tells of its health', () => {
  it('counts what was dropped while its broker was away', async (context) => {
    const broker = await ScriptedBroker.start(context);
    const publisher = new NodePublisher({
      access: { url: broker.url, clientId: 'box' },
      protocol: 'auto',
      base: 'sensebind',
      node: 'box',
      elementType: 'f16le',
      outbox: await openOutbox(context),
      clock: new ManualClock(),
    });
    context.after(() => publisher.stop());
    for (let beat = 0; beat < 7; beat++) publisher.health(HEALTH);
    publisher.start(INFO, (event: LinkEvent) => {
      if (event.kind === 'connected') publisher.health(HEALTH);
    });
    const { packet } = await broker.until(
      (received) => received.packet.cmd === 'publish' && received.packet.topic === 'sensebind/v1/box/health',
    );
    assert.ok(packet.cmd === 'publish' && packet.qos === 0 && !packet.retain);
    const health: unknown = JSON.parse(packet.payload.toString());
    assert.deepEqual(validators['health/1'].Errors(health), []);
    const { drops, reconnects, published } = health as HealthMessage;
    const { offline, elsewhere, spool_quota } = drops;
    assert.deepEqual({ offline, elsewhere, spool_quota }, { offline: 7, elsewhere: 3, spool_quota: 0 });
    assert.deepEqual([reconnects, published], [0, 0]);
  });
});
