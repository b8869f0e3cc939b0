import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { jsonMessage, wordMessage } from '../../../runtime/mqtt/message';
import { answered, STATUS, startLink } from '../../support/brokerLink';
import { connack, polite, publish, published, type ReceivedPacket, ScriptedBroker } from '../../support/scriptedBroker';

/** A ping that was sent later than a message. */
const pingAfter =
  (broker: ScriptedBroker, topic: string, attempt: number) =>
  (received: ReceivedPacket): boolean =>
    received.attempt === attempt &&
    received.packet.cmd === 'pingreq' &&
    broker.received.indexOf(received) > broker.received.findIndex(publish(topic, attempt));

describe('limits of a broker', () => {
  for (const receiveMaximum of [1, 3, undefined]) {
    it(`has never more than ${receiveMaximum ?? 64} messages without an answer`, async (context) => {
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
      const { link } = startLink(context, broker.url);
      for (let index = 0; index < 200; index++) link.retain(`state/${index}`, wordMessage(String(index)));
      await broker.until(publish('state/199'));
      assert.ok(most <= (receiveMaximum ?? 64), `${most}`);
    });
  }

  it('clears what is retained again, also while the broker has not answered to the time before', async (context) => {
    const held: (() => void)[] = [];
    const broker = await ScriptedBroker.start(context, (packet, client) => {
      if (packet.cmd === 'connect') client.send(connack(0, { receiveMaximum: 2 }));
      else if (packet.cmd === 'publish' && packet.topic === 'state') held.push(() => polite(packet, client));
      else polite(packet, client);
    });
    const payloads = (count: number) => broker.until(() => published(broker, 'state').length === count);
    const { link } = startLink(context, broker.url);
    link.retain('state', wordMessage('first'));
    await payloads(1);
    held.shift()?.();
    link.clear('state');
    await payloads(2);
    link.retain('state', wordMessage('second'));
    await payloads(3);
    link.clear('state');
    held.shift()?.();
    await payloads(4);
    assert.deepEqual(published(broker, 'state'), ['first', '', 'second', '']);
    for (const release of held) release();
  });

  it('clears again on the next connection what the broker refused to clear, and no more once it has', async (context) => {
    const broker = await ScriptedBroker.start(context, (packet, client) => {
      if (packet.cmd === 'publish' && packet.topic === 'state' && client.attempt === 0) {
        client.send({ cmd: 'puback', messageId: packet.messageId ?? 0, reasonCode: 135 });
      } else polite(packet, client);
    });
    const { link, clock, until } = startLink(context, broker.url);
    const cleared: number[] = [];
    const isCleared = new Promise<void>((resolve) => {
      link.clear('state', () => {
        cleared.push(broker.received.at(-1)?.attempt ?? Number.NaN);
        resolve();
      });
    });
    assert.equal((await until('refused')).topic, 'state');
    for (const attempt of [1, 2]) {
      broker.cut();
      const { retryMillis } = await until('disconnected', attempt);
      await clock.advance(retryMillis);
      await isCleared;
      // Sent last, so that all else was sent before.
      link.retain(`last/${attempt}`, wordMessage('x'));
      await broker.until(publish(`last/${attempt}`, attempt));
    }
    assert.deepEqual([published(broker, 'state', 1), published(broker, 'state', 2)], [[''], []]);
    assert.deepEqual(cleared, [1]);
  });

  it('takes a forbidden Receive Maximum or packet size of 0 for none', async (context) => {
    const broker = await ScriptedBroker.start(context, (packet, client) => {
      // Written by hand: the properties 33 and 39 with the value 0.
      if (packet.cmd === 'connect') client.socket.write(Buffer.from([0x20, 11, 0, 0, 8, 33, 0, 0, 39, 0, 0, 0, 0]));
      else polite(packet, client);
    });
    startLink(context, broker.url);
    await broker.until(publish(STATUS));
  });

  it('keeps what is larger than the announced size, tells it once, and the rest arrives', async (context) => {
    const broker = await ScriptedBroker.start(context, (packet, client) => {
      if (packet.cmd === 'connect') client.send(connack(0, { maximumPacketSize: 1000 }));
      else polite(packet, client);
    });
    const { link, until, events } = startLink(context, broker.url);
    await until('connected');
    link.retain('large', jsonMessage({ text: 'x'.repeat(1000) }));
    for (let index = 0; index < 5; index++) link.publish('stream', jsonMessage({ text: 'x'.repeat(1000) }));
    link.retain('small', wordMessage('x'));
    await broker.until(publish('small'));
    assert.deepEqual([published(broker, 'large'), published(broker, 'stream')], [[], []]);
    assert.equal(link.counters().drops.oversize, 6);
    assert.deepEqual(
      events.map((event) => (event.kind === 'refused' ? event.topic : event.kind)),
      ['connected', 'large', 'stream'],
    );
  });

  for (const [what, send] of [
    ['retained', 'retain'],
    ['passing', 'publish'],
  ] as const) {
    it(`stops sending a ${what} message after which the connection is cut three times`, async (context) => {
      const broker = await ScriptedBroker.start(context, (packet, client) => {
        if (packet.cmd === 'publish' && packet.topic === 'large') client.socket.end();
        else polite(packet, client);
      });
      const { link, until, clock } = startLink(context, broker.url, { protocol: '3.1.1' });
      const large = jsonMessage({ text: 'x'.repeat(1000) });
      for (let connection = 1; connection <= 3; connection++) {
        await until('connected', connection);
        // Others have been taken before.
        await broker.until(({ attempt, packet }) => attempt === connection - 1 && packet.cmd === 'pingreq');
        await answered(clock);
        if (send === 'publish' || connection === 1) link[send]('large', large);
        await clock.advance((await until('disconnected', connection)).retryMillis);
      }
      await until('connected', 4);
      link[send]('large', large);
      assert.match((await until('refused')).error.message, /cuts the connection/);
      link.retain('small', wordMessage('x'));
      await broker.until(publish('small', 3));
      assert.equal(published(broker, 'large').length, 3);
      assert.ok(link.counters().drops.oversize > 0);
    });
  }

  it('blames no message for a network that is cut again and again', async (context) => {
    const broker = await ScriptedBroker.start(context);
    const { link, until, clock } = startLink(context, broker.url, { protocol: '3.1.1' });
    link.retain('large', jsonMessage({ text: 'x'.repeat(1000) }));
    for (let connection = 1; connection <= 8; connection++) {
      await broker.until(publish('large', connection - 1));
      await broker.until(pingAfter(broker, 'large', connection - 1));
      await answered(clock);
      broker.cut();
      await clock.advance((await until('disconnected', connection)).retryMillis);
    }
    await broker.until(publish('large', 8));
    assert.equal(link.counters().drops.oversize, 0);
  });
});
