import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import type { Packet } from 'mqtt-packet';
import { jsonMessage } from '../../../../runtime/mqtt/message';
import { Outbox } from '../../../../runtime/mqtt/sender/outbox';
import { STATUS, startLink } from '../../../support/brokerLink';
import { ManualClock } from '../../../support/manualClock';
import { untilCounters, untilEmpty } from '../../../support/outboxWatch';
import { connack, polite, publish, published, type Script, ScriptedBroker } from '../../../support/scriptedBroker';
import { temporaryFolder } from '../../../support/temporaryFolder';

const LIVE = 'sensebind/v1/box/event/r1';
const LATE = 'sensebind/v1/box/backfill/event/r1';

function post(outbox: Outbox, id: number, { padding = 0, topic = LIVE } = {}): void {
  const document = { id, historical: false, padding: 'x'.repeat(padding) };
  outbox.post('normal', { topic, lateTopic: LATE, message: jsonMessage(document) });
}

async function outboxIn(context: TestContext, clock = new ManualClock()) {
  const folder = await temporaryFolder(context);
  const outbox = await Outbox.open({ folder, clock });
  context.after(() => outbox.close());
  return { outbox, folder, clock };
}

const ids = (texts: readonly string[]): number[] => texts.map((text) => JSON.parse(text).id);
const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

describe('messages that must arrive', () => {
  for (const receiveMaximum of [1, 20, undefined]) {
    it(`are in order, and never more in flight than ${receiveMaximum ?? 'our own 64'}`, async (context) => {
      let waiting = 0;
      let most = 0;
      const broker = await ScriptedBroker.start(context, (packet, client) => {
        if (packet.cmd === 'connect') {
          client.send(connack(0, receiveMaximum === undefined ? {} : { receiveMaximum }));
        } else if (packet.cmd === 'publish') {
          most = Math.max(most, ++waiting);
          setImmediate(() => {
            waiting--;
            polite(packet, client);
          });
        } else polite(packet, client);
      });
      const { outbox } = await outboxIn(context);
      for (const id of upTo(300)) post(outbox, id);
      startLink(context, broker.url, { outbox });
      await broker.until(({ packet }) => isEvent(packet, LIVE, 299));
      assert.deepEqual(ids(published(broker, LIVE)), upTo(300));
      assert.equal(most, receiveMaximum ?? 64);
    });
  }

  it('go to the backfill topic when they are older than 30 s, and say so themselves', async (context) => {
    const broker = await ScriptedBroker.start(context);
    const { outbox, clock } = await outboxIn(context);
    for (const id of upTo(5)) post(outbox, id);
    clock.sleep(31_000);
    for (const id of [5, 6]) post(outbox, id);
    startLink(context, broker.url, { outbox });
    await broker.until(({ packet }) => isEvent(packet, LATE, 4));
    assert.deepEqual(ids(published(broker, LATE)), upTo(5));
    assert.deepEqual(ids(published(broker, LIVE)), [5, 6]);
    assert.ok(published(broker, LATE).every((text) => JSON.parse(text).historical === true));
    assert.ok(published(broker, LIVE).every((text) => JSON.parse(text).historical === false));
    const order = broker.received.filter(({ packet }) => packet.cmd === 'publish' && packet.topic !== STATUS);
    assert.ok(order[0]?.packet.cmd === 'publish' && order[0].packet.topic === LIVE, 'live ones first');
  });

  it('are not taken for late when the wall clock jumps', async (context) => {
    const broker = await ScriptedBroker.start(context);
    const { outbox, clock } = await outboxIn(context);
    post(outbox, 0);
    clock.epochStartMicros += 3_600_000_000;
    post(outbox, 1);
    clock.epochStartMicros -= 86_400_000_000;
    post(outbox, 2);
    startLink(context, broker.url, { outbox });
    await broker.until(publish(LIVE));
    await broker.until(({ packet }) => isEvent(packet, LIVE, 2));
    assert.deepEqual(ids(published(broker, LIVE)), [0, 1, 2]);
  });

  it('survive the process: young ones are still live after a restart, old ones late', async (context) => {
    const folder = await temporaryFolder(context);
    const clock = new ManualClock();
    const first = await Outbox.open({ folder, clock });
    for (const id of upTo(3)) post(first, id);
    clock.sleep(31_000);
    post(first, 3);
    await first.close();
    const outbox = await Outbox.open({ folder, clock });
    context.after(() => outbox.close());
    const broker = await ScriptedBroker.start(context);
    startLink(context, broker.url, { outbox });
    await broker.until(({ packet }) => isEvent(packet, LATE, 2));
    assert.deepEqual(ids(published(broker, LATE)), [0, 1, 2]);
    assert.deepEqual(ids(published(broker, LIVE)), [3]);
  });

  it('are sent again when the connection ended before their answer, and only these', async (context) => {
    const script: Script = (packet, client) => {
      if (client.attempt > 0 || packet.cmd !== 'publish' || packet.topic !== LIVE) polite(packet, client);
      else if (JSON.parse(packet.payload.toString()).id < 2) polite(packet, client);
    };
    const broker = await ScriptedBroker.start(context, script);
    const { outbox } = await outboxIn(context);
    const { until, clock } = startLink(context, broker.url, { outbox });
    await broker.until(publish(STATUS));
    for (const id of upTo(5)) post(outbox, id);
    await broker.until(({ packet }) => isEvent(packet, LIVE, 4));
    await untilCounters(outbox, ({ delivered }) => delivered === 2);
    broker.cut();
    await clock.advance((await until('disconnected')).retryMillis);
    await broker.until((received) => received.attempt === 1 && isEvent(received.packet, LIVE, 4));
    assert.deepEqual(ids(published(broker, LIVE, 1)), [2, 3, 4]);
  });

  it('are dead letters when the broker refuses them, once, without a reconnect; the others arrive', async (context) => {
    const broker = await ScriptedBroker.start(context, (packet, client) => {
      if (packet.cmd === 'connect') client.send(connack(0, { maximumPacketSize: 1000 }));
      else if (packet.cmd === 'publish' && packet.topic === 'forbidden') {
        client.send({ cmd: 'puback', messageId: packet.messageId ?? 0, reasonCode: 135 });
      } else polite(packet, client);
    });
    const { outbox, folder } = await outboxIn(context);
    post(outbox, 0);
    post(outbox, 1, { padding: 2000 });
    post(outbox, 2, { topic: 'forbidden' });
    post(outbox, 3);
    const { link } = startLink(context, broker.url, { outbox });
    await broker.until(({ packet }) => isEvent(packet, LIVE, 3));
    await untilEmpty(outbox);
    assert.deepEqual(ids(published(broker, LIVE)), [0, 3]);
    assert.equal(published(broker, 'forbidden').length, 1);
    assert.equal(link.counters().connects, 1);
    assert.equal(outbox.counters().deadLetters, 2);
    await outbox.close();
    const lines = (await readFile(path.join(folder, 'dead-letters.jsonl'), 'utf8')).trim().split('\n');
    const letters = lines.map((line) => JSON.parse(line));
    assert.deepEqual(
      letters.map(({ topic, reason, payload }) => [
        topic,
        JSON.parse(payload).id,
        /large|authorized/i.exec(reason)?.[0],
      ]),
      [
        [LIVE, 1, 'large'],
        ['forbidden', 2, 'authorized'],
      ],
    );
  });

  it('cost one connection when a broker ends it over a size that it never told (149)', async (context) => {
    const broker = await ScriptedBroker.start(context, (packet, client) => {
      if (packet.cmd === 'publish' && packet.payload.length > 1000) {
        client.send({ cmd: 'disconnect', reasonCode: 149 });
        client.socket.end();
      } else polite(packet, client);
    });
    const { outbox } = await outboxIn(context);
    post(outbox, 0, { padding: 2000 });
    post(outbox, 1);
    const { link, until, clock } = startLink(context, broker.url, { outbox });
    await clock.advance((await until('disconnected')).retryMillis);
    await broker.until((received) => received.attempt === 1 && isEvent(received.packet, LIVE, 1));
    assert.equal(link.counters().connects, 2);
    assert.equal(outbox.counters().deadLetters, 1);
  });
});

function isEvent(packet: Packet, topic: string, id: number): boolean {
  return packet.cmd === 'publish' && packet.topic === topic && JSON.parse(packet.payload.toString()).id === id;
}
