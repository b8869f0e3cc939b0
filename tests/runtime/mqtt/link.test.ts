import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { describe, it } from 'node:test';
import type { Packet } from 'mqtt-packet';
import { jsonMessage, wordMessage } from '../../../runtime/mqtt/message';
import { answered, STATUS, startLink } from '../../support/brokerLink';
import { freePort } from '../../support/mosquitto';
import { refused } from '../../support/refused';
import { connack, polite, publish, published, ScriptedBroker } from '../../support/scriptedBroker';

/** Versions of MQTT that were tried, 4 being 3.1.1. */
function versions(broker: ScriptedBroker): unknown[] {
  return broker.received.flatMap(({ packet }) => (packet.cmd === 'connect' ? [packet.protocolVersion] : []));
}

describe('a broker that is not there', () => {
  it('is tried again after 1 s × 2^n, and found when it comes', async (context) => {
    const port = await freePort();
    const { clock, until, link } = startLink(context, `mqtt://127.0.0.1:${port}`);
    const delays: number[] = [];
    for (let failure = 1; failure <= 4; failure++) {
      const { error, retryMillis } = await until('disconnected', failure);
      assert.ok(refused('BROKER_UNREACHABLE', /ECONNREFUSED/)(error));
      delays.push(retryMillis);
      if (failure === 4) break;
      await clock.advance(retryMillis);
    }
    assert.deepEqual(delays, [500, 1000, 2000, 4000]);
    const server = createServer().listen(port, '127.0.0.1');
    await once(server, 'listening');
    const arrived = once(server, 'connection');
    await clock.advance(4000);
    const [socket] = await arrived;
    socket.destroy();
    server.close();
    assert.equal(link.connected, false);
  });

  it('costs no memory: what is not retained is dropped, and counted', async (context) => {
    const { link, until } = startLink(context, `mqtt://127.0.0.1:${await freePort()}`);
    await until('disconnected');
    for (let index = 0; index < 10_000; index++) {
      link.publish('a', jsonMessage({ index }));
      link.retain('b', jsonMessage({ index }));
    }
    assert.deepEqual(link.counters(), {
      connects: 0,
      published: 0,
      drops: { offline: 10_000, congested: 0, oversize: 0, refused: 0 },
    });
  });
});

describe('a broker that comes back', () => {
  it('gets all that is retained again, the last of each topic, in the order of the first time', async (context) => {
    const broker = await ScriptedBroker.start(context);
    const { link, clock, until } = startLink(context, broker.url);
    await broker.until(publish(STATUS));
    link.retain('state', wordMessage('first'));
    const { packet } = await broker.until(publish('state'));
    assert.ok(packet.cmd === 'publish' && packet.retain && packet.qos === 1);
    link.retain('state', wordMessage('second'));
    await broker.until(({ packet }) => packet.cmd === 'publish' && packet.payload.toString() === 'second');
    broker.cut();
    const { error, retryMillis } = await until('disconnected');
    assert.ok(refused('BROKER_UNREACHABLE')(error));
    link.retain('state', wordMessage('third'));
    await clock.advance(retryMillis);
    await broker.until(publish('state', 1));
    assert.deepEqual(published(broker, STATUS, 1), ['online']);
    assert.deepEqual(published(broker, 'state', 1), ['third']);
    assert.equal(link.counters().connects, 2);
  });
});

describe('a broker that refuses', () => {
  for (const [what, code, five] of [
    ['a wrong password', 134, true],
    ['a wrong password', 4, false],
    ['the node', 5, false],
    ['the client id', 133, true],
  ] as const) {
    it(`${what} (code ${code}): is told, and tried again in 5 minutes, not sooner`, async (context) => {
      const broker = await ScriptedBroker.start(context, (packet, { send, socket }) => {
        if (packet.cmd === 'connect') send(connack(code));
        socket.end();
      });
      const { until, clock } = startLink(context, broker.url, {
        protocol: five ? '5' : '3.1.1',
        access: { username: 'box', password: 'hunter2' },
      });
      const { error, retryMillis } = await until('disconnected');
      assert.ok(refused('BROKER_REFUSED', new RegExp(`code ${code}`))(error));
      assert.match(error.cure, /password/);
      assert.doesNotMatch(JSON.stringify([error.message, error.cure, String(error.cause), error.stack]), /hunter2/);
      assert.equal(retryMillis, 300_000);
      await clock.advance(299_999);
      assert.equal(versions(broker).length, 1);
      await clock.advance(1);
      await until('disconnected', 2);
      assert.equal(versions(broker).length, 2);
    });
  }

  it('retained messages: the cure says so', async (context) => {
    const broker = await ScriptedBroker.start(context, (packet, { send }) => {
      if (packet.cmd === 'connect') send(connack(154));
    });
    const { until } = startLink(context, broker.url);
    assert.match((await until('disconnected')).error.cure, /retained/);
  });

  it('once, because it is busy (137), is tried again soon, and then works', async (context) => {
    const broker = await ScriptedBroker.start(context, (packet, client) => {
      if (packet.cmd === 'connect' && client.attempt === 0) client.send(connack(137));
      else polite(packet, client);
    });
    const { until, clock } = startLink(context, broker.url);
    const { error, retryMillis } = await until('disconnected');
    assert.ok(refused('BROKER_REFUSED', /busy/i)(error));
    assert.equal(retryMillis, 500);
    await clock.advance(retryMillis);
    await broker.until(publish(STATUS, 1));
    assert.deepEqual(versions(broker), [5, 5]);
  });

  it('one message is told, counted, and not sent again and again', async (context) => {
    const broker = await ScriptedBroker.start(context, (packet, client) => {
      if (packet.cmd === 'publish' && packet.topic === 'secret') {
        client.send({ cmd: 'puback', messageId: packet.messageId ?? 0, reasonCode: 135 });
      } else polite(packet, client);
    });
    const { until, link } = startLink(context, broker.url);
    link.retain('secret', wordMessage('x'));
    const { topic, error } = await until('refused');
    assert.equal(topic, 'secret');
    assert.ok(refused('BROKER_REFUSED', /secret.*Not authorized/)(error));
    link.retain('after', wordMessage('x'));
    await broker.until(publish('after'));
    assert.equal(published(broker, 'secret').length, 1);
    assert.equal(link.counters().drops.refused, 1);
  });
});

describe('MQTT 5 and 3.1.1', () => {
  it('falls back at once where a broker answers "unacceptable version", in the form of 3.1.1', async (context) => {
    const broker = await ScriptedBroker.start(context, (packet, client) => {
      if (packet.cmd === 'connect' && packet.protocolVersion === 5) {
        client.socket.end(Buffer.from([0x20, 2, 0, 1]));
      } else polite(packet, client);
    });
    const { until } = startLink(context, broker.url);
    assert.equal((await until('connected')).version, '3.1.1');
    const { packet } = await broker.until(publish(STATUS, 1));
    assert.ok(packet.cmd === 'publish' && packet.properties === undefined);
    assert.deepEqual(versions(broker), [5, 4]);
  });

  it('falls back where a broker answers in the form of MQTT 5 (132)', async (context) => {
    const broker = await ScriptedBroker.start(context, (packet, client) => {
      if (packet.cmd === 'connect' && packet.protocolVersion === 5) client.send(connack(132));
      else polite(packet, client);
    });
    assert.equal((await startLink(context, broker.url).until('connected')).version, '3.1.1');
  });

  it('tries 3.1.1 where a broker closes without an answer, and MQTT 5 again when that fails as well', async (context) => {
    const broker = await ScriptedBroker.start(context, (packet, client) => {
      if (packet.cmd === 'connect' && (packet.protocolVersion === 5 || client.attempt === 1)) client.socket.end();
      else polite(packet, client);
    });
    const { until, clock } = startLink(context, broker.url);
    for (let failure = 1; failure <= 3; failure++)
      await clock.advance((await until('disconnected', failure)).retryMillis);
    assert.equal((await until('connected')).version, '3.1.1');
    assert.deepEqual(versions(broker), [5, 4, 5, 4]);
  });

  it('stays with MQTT 5 where a broker spoke it once', async (context) => {
    const broker = await ScriptedBroker.start(context, (packet, client) => {
      if (client.attempt === 1) client.socket.end();
      else polite(packet, client);
    });
    const { until, clock } = startLink(context, broker.url);
    await broker.until(publish(STATUS));
    broker.cut();
    for (let failure = 1; failure <= 2; failure++)
      await clock.advance((await until('disconnected', failure)).retryMillis);
    await until('connected', 2);
    assert.deepEqual(versions(broker), [5, 5, 5]);
  });

  it('does not change the version that the configuration asks for, and says what to do', async (context) => {
    const broker = await ScriptedBroker.start(context, (packet, { send }) => {
      if (packet.cmd === 'connect') send(connack(132));
    });
    const { error, retryMillis } = await startLink(context, broker.url, { protocol: '5' }).until('disconnected');
    assert.ok(refused('BROKER_REFUSED', /MQTT 5/)(error));
    assert.match(error.cure, /auto/);
    assert.equal(retryMillis, 300_000);
  });
});

describe('a broker that falls silent', () => {
  const KEEPALIVE = 10;

  it('is given up after two keep-alives, and tried again', async (context) => {
    const broker = await ScriptedBroker.start(context, (packet, client) => {
      if (client.attempt > 0 || packet.cmd !== 'pingreq') polite(packet, client);
    });
    const { until, clock, link } = startLink(context, broker.url, { keepaliveSeconds: KEEPALIVE });
    await broker.until(publish(STATUS));
    await until('connected');
    // The stream of messages to it goes on: their writing succeeds, as the network takes them.
    link.publish('stream', wordMessage('x'));
    await clock.advance(1999 * KEEPALIVE);
    assert.equal(link.connected, true);
    await clock.advance(1000 * KEEPALIVE);
    const { error, retryMillis } = await until('disconnected');
    assert.ok(refused('BROKER_UNREACHABLE', /silent for 20 s/)(error));
    await clock.advance(retryMillis);
    await broker.until(publish(STATUS, 1));
  });

  it('is not given up while it answers, even when it asked for rare pings', async (context) => {
    const broker = await ScriptedBroker.start(context, (packet, client) => {
      if (packet.cmd === 'connect') client.send(connack(0, { serverKeepAlive: 3600 }));
      else polite(packet, client);
    });
    const { until, clock, link, events } = startLink(context, broker.url, { keepaliveSeconds: KEEPALIVE });
    await until('connected');
    await broker.until(publish(STATUS));
    const pings = () => broker.received.filter(({ packet }) => packet.cmd === 'pingreq').length;
    for (let period = 0; period < 5; period++) {
      const before = pings();
      await clock.advance(1000 * KEEPALIVE);
      await broker.until(() => pings() > before);
      await answered(clock);
    }
    assert.equal(link.connected, true);
    assert.deepEqual(
      events.map(({ kind }) => kind),
      ['connected'],
    );
  });

  it('in the middle of its answers counts no message as refused', async (context) => {
    const broker = await ScriptedBroker.start(context, (packet, client) => {
      if (packet.cmd === 'connect') polite(packet, client);
      // Not MQTT: the client has to end the connection.
      if (packet.cmd === 'publish') client.socket.write(Buffer.from([0x00, 0xff, 0xff, 0xff, 0xff, 0xff]));
    });
    const { until, link } = startLink(context, broker.url, { protocol: '3.1.1' });
    await until('disconnected');
    assert.deepEqual(link.counters().drops, { offline: 0, congested: 0, oversize: 0, refused: 0 });
  });

  it('does not keep a node from ending', async (context) => {
    const broker = await ScriptedBroker.start(context, (packet, client) => {
      if (packet.cmd === 'connect') polite(packet, client);
    });
    const { until, link, clock } = startLink(context, broker.url);
    await until('connected');
    const stopped = link.stop();
    await clock.advance(5000);
    await stopped;
  });
});

describe('the will and the goodbye', () => {
  const connectOf = (broker: ScriptedBroker) => broker.received.map(({ packet }) => packet).find(isConnect);
  const isConnect = (packet: Packet) => packet.cmd === 'connect';

  for (const [protocol, delay] of [
    ['5', 5],
    ['3.1.1', undefined],
  ] as const) {
    it(`leaves "offline" with the broker, retained, QoS 1 (MQTT ${protocol})`, async (context) => {
      const broker = await ScriptedBroker.start(context);
      await startLink(context, broker.url, { protocol }).until('connected');
      const connect = connectOf(broker);
      assert.ok(connect?.cmd === 'connect' && connect.will);
      const { topic, payload, qos, retain, properties } = connect.will;
      assert.deepEqual([topic, String(payload), qos, retain], [STATUS, 'offline', 1, true]);
      assert.equal(properties?.willDelayInterval, delay);
    });
  }

  it('publishes what is retained before it says goodbye', async (context) => {
    const broker = await ScriptedBroker.start(context);
    const { link, until } = startLink(context, broker.url);
    await until('connected');
    link.retain(STATUS, wordMessage('stopped'));
    await link.stop();
    await broker.until(({ packet }) => packet.cmd === 'disconnect');
    assert.equal(published(broker, STATUS).at(-1), 'stopped');
  });
});
