import assert from 'node:assert/strict';
import { after, before, describe, it, type TestContext } from 'node:test';
import { Engine } from '../../../runtime/inference/engine';
import { Commander, type NodeUnderTestOptions, ROOT, startNode } from '../../support/commandedNode';
import { type Mosquitto, startMosquitto, withoutMosquitto } from '../../support/mosquitto';
import { temporaryFolder } from '../../support/temporaryFolder';
import { type TinyBundle, tinyBundle } from '../../support/tinyBundle';

/** Fault row F23 of reference/anchors.md: whatever comes, the node lives, and goes on publishing. */
describe('hostile commands, over a real mosquitto', { skip: withoutMosquitto }, () => {
  let tiny: TinyBundle;
  let engine: Engine;
  let broker: Mosquitto;

  before(async () => {
    tiny = await tinyBundle();
    engine = await Engine.open(tiny.bundle, { modalities: ['audio', 'text'] });
    broker = await startMosquitto({ settings: ['max_queued_messages 0'] });
  });
  after(async () => {
    await engine.close();
    await broker.stop();
    await tiny.remove();
  });

  async function start(context: TestContext, options: Partial<NodeUnderTestOptions> = {}) {
    const commander = await Commander.connect(context, broker.url);
    let restarts = 0;
    const services = { restart: () => void restarts++ };
    const state = await temporaryFolder(context);
    const node = await startNode(context, { url: broker.url, tiny, engine, state, services, ...options });
    return { commander, node, restarts: () => restarts };
  }

  it('are refused for their size, depth, keys and bytes, and nothing else happens', async (context) => {
    const { commander } = await start(context);
    const before = JSON.stringify(Object.prototype);
    for (const [payload, code] of [
      [Buffer.alloc(900_000, '['), 'too_large'],
      [`{"data":{"set":"${'x'.repeat(60_000)}"}}`, 'too_large'],
      [`${'['.repeat(30_000)}${']'.repeat(30_000)}`, 'too_large'],
      ['{"data":{"__proto__":{"set":"house"}}}', 'unknown_field'],
      [Buffer.from([0x7b, 0xff, 0xfe, 0x7d]), 'invalid'],
      ['{"tx":"a","data":{"set":"house"},"if_rev":1e999}', 'invalid'],
    ] as const) {
      assert.equal((await commander.ask('labels/rollback', payload)).error?.code, code);
    }
    assert.equal(JSON.stringify(Object.prototype), before);
    await commander.live();
  });

  it('are refused where they are retained, also by a node that comes later', async (context) => {
    const { commander, node, restarts } = await start(context);
    const retain = await commander.ask('node/restart', { tx: 'r' }, { retain: true });
    assert.deepEqual([retain.status, retain.error?.code], ['error', 'retained']);
    await node.stop();
    const from = commander.heard.length;
    const later = await start(context, { protocol: '3.1.1' });
    assert.equal((await commander.json(`${ROOT}/rsp/node/restart`, { from })).error?.code, 'retained');
    // What removes it is no command.
    await commander.client.publishAsync(`${ROOT}/cmd/node/restart`, '', { qos: 1, retain: true });
    await commander.live();
    assert.deepEqual([restarts(), later.restarts()], [0, 0]);
  });

  it('are refused where they waited for a node that was away, and nobody said how long they may', async (context) => {
    const { commander, node } = await start(context);
    await node.stop();
    const body = '{"tx":"w"}';
    await commander.client.publishAsync(`${ROOT}/cmd/announce`, body, { qos: 1 });
    const from = commander.heard.length;
    await start(context);
    const refused = await commander.json(`${ROOT}/rsp/announce`, { from });
    assert.equal(refused.error?.code, 'expired');
    assert.equal((await commander.ask('announce', body)).status, 'ok');
  });

  it("never make a node answer into someone else's tree", async (context) => {
    const { commander } = await start(context, { commands: { responsePrefixes: ['dashboard/answers'] } });
    const elsewhere = [
      'homeassistant/switch/door/config',
      `${ROOT}/status`,
      `${ROOT}/cmd/node/restart`,
      `${ROOT}/rsp`,
      'sensebind/v1/other/rsp/x',
      'dashboard/answers',
      'dashboard/answers2/x',
    ];
    for (const responseTopic of elsewhere) {
      const from = commander.heard.length;
      const properties = { responseTopic };
      await commander.client.publishAsync(`${ROOT}/cmd/announce`, '{"tx":"t"}', { qos: 1, properties });
      const answer = await commander.json(`${ROOT}/rsp/announce`, { from });
      assert.equal(answer.error?.code, 'response_topic', responseTopic);
      const there = commander.heard.slice(from).filter(({ topic }) => topic === responseTopic);
      assert.deepEqual(
        there.filter(({ payload }) => payload.includes('rsp/1')),
        [],
      );
    }
    const allowed = { properties: { responseTopic: 'dashboard/answers/x' } };
    assert.equal((await commander.ask('announce', {}, allowed)).status, 'ok');
  });

  it('at ten thousand at once: a few are answered, the others counted, and nothing else stops', async (context) => {
    const { commander, node } = await start(context);
    const count = 10_000;
    for (let sent = 0; sent < count; sent++) {
      commander.client.publish(`${ROOT}/cmd/labels/rollback`, '{"data":{"set":"house"}}', { qos: 0 });
    }
    await commander.live();
    await commander.live();
    // Another client is not kept from asking.
    const asked = await commander.ask('labels/get', { tx: 'other' });
    assert.equal(asked.status, 'ok');
    await node.stop();
    const answers = commander.heard.filter(({ topic }) => topic === `${ROOT}/rsp/labels/rollback`).length;
    assert.ok(answers > 0 && answers < 200, `${answers} answers`);
    const drops = node.pipeline.stats().refusedCommands;
    assert.ok(Number(drops['command_rate_limited']) > count - 500, JSON.stringify(drops));
  });

  it('of 2 MB to a node of MQTT 3.1.1, which cannot say its limit: it is back at once', async (context) => {
    const { commander, node } = await start(context, { protocol: '3.1.1' });
    await commander.live();
    await commander.client.publishAsync(`${ROOT}/cmd/announce`, Buffer.alloc(2_000_000, 'x'), { qos: 1 });
    await commander.until(`${ROOT}/status`, { fits: (payload) => String(payload) === 'offline' });
    // It may be back before this goes on.
    const from = commander.heard.findIndex(({ payload }) => String(payload) === 'offline');
    await commander.until(`${ROOT}/status`, { from, fits: (payload) => String(payload) === 'online' });
    await commander.live();
    const [lost] = node.events.flatMap((event) =>
      event.kind === 'broker' && event.event.kind === 'disconnected' ? [event.event.error.message] : [],
    );
    assert.match(lost ?? '', /more than the 1048576 bytes/);
  });

  it('are not even read where the configuration says so', async (context) => {
    const { commander } = await start(context, { commands: { enabled: false } });
    const from = commander.heard.length;
    await commander.client.publishAsync(`${ROOT}/cmd/announce`, '{}', { qos: 1 });
    await commander.live();
    await commander.live();
    assert.deepEqual(
      commander.heard.slice(from).filter(({ topic }) => topic.includes('/rsp/')),
      [],
    );
  });
});
