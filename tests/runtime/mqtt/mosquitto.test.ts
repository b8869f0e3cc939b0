import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { connectAsync } from 'mqtt';
import { jsonMessage, wordMessage } from '../../../runtime/mqtt/message';
import { STATUS, startLink } from '../../support/brokerLink';
import {
  freePort,
  type Mosquitto,
  type MosquittoOptions,
  startMosquitto,
  withoutMosquitto,
} from '../../support/mosquitto';
import { refused } from '../../support/refused';

/** A broker that ends with the test at the latest. */
async function broker(context: TestContext, options: MosquittoOptions = {}): Promise<Mosquitto> {
  const mosquitto = await startMosquitto(options);
  context.after(() => mosquitto.stop());
  return mosquitto;
}

interface Login {
  readonly username: string;
  readonly password: string;
}

/** The retained message of a topic, as a subscriber gets it that comes now; waits for one that comes later. */
async function retained(url: string, topic: string, login?: Login): Promise<string> {
  const client = await connectAsync(url, { protocolVersion: 5, ...login });
  const first = new Promise<string>((resolve) => client.once('message', (_, payload) => resolve(payload.toString())));
  await client.subscribeAsync(topic, { qos: 1 });
  const payload = await first;
  await client.endAsync(true);
  return payload;
}

describe('the link, with a real mosquitto', { skip: withoutMosquitto }, () => {
  for (const protocol of ['auto', '3.1.1'] as const) {
    it(`publishes what is retained again when the broker was started anew (${protocol})`, async (context) => {
      const port = await freePort();
      const first = await startMosquitto({ port });
      const { link, until, clock } = startLink(context, first.url, { protocol });
      link.retain('state', jsonMessage({ on: true }));
      assert.equal(await retained(first.url, 'state'), '{"on":true}');
      await first.stop();
      const { error } = await until('disconnected');
      assert.ok(refused('BROKER_UNREACHABLE')(error));
      for (let index = 0; index < 100; index++) link.publish('stream', jsonMessage({ index }));
      const second = await broker(context, { port });
      await clock.advance(60_000);
      assert.equal((await until('connected', 2)).version, protocol === 'auto' ? '5' : '3.1.1');
      assert.equal(await retained(second.url, STATUS), 'online');
      assert.equal(await retained(second.url, 'state'), '{"on":true}');
      assert.equal(link.counters().drops.offline, 100);
    });
  }

  it('tells a wrong password without telling it, and waits five minutes', async (context) => {
    const { url } = await broker(context, { user: { name: 'box', password: 'right horse' } });
    const access = { username: 'box', password: 'wrong staple' };
    const { until, events } = startLink(context, url, { access });
    const { error, retryMillis } = await until('disconnected');
    assert.ok(refused('BROKER_REFUSED', /[Nn]ot authorized/)(error));
    assert.equal(retryMillis, 300_000);
    assert.doesNotMatch(`${JSON.stringify(events)} ${error.message} ${error.stack} ${error.cause}`, /staple/);
  });

  it('tells what an access control list forbids, and publishes the rest', async (context) => {
    const user = { name: 'box', password: 'right horse' };
    const { url } = await broker(context, { user, acl: ['user box', 'topic readwrite sensebind/v1/box/#'] });
    const login = { username: user.name, password: user.password };
    const { link, until } = startLink(context, url, { access: login });
    link.retain('elsewhere', wordMessage('x'));
    assert.equal((await until('refused')).topic, 'elsewhere');
    assert.equal(await retained(url, STATUS, login), 'online');
  });

  for (const [protocol, told] of [
    ['5', /the broker allows/],
    ['3.1.1', /cuts the connection/],
  ] as const) {
    it(`never loops over a message that is too large for the broker (MQTT ${protocol})`, async (context) => {
      const { url } = await broker(context, { settings: ['max_packet_size 2000'] });
      const { link, until, clock } = startLink(context, url, { protocol });
      link.retain('large', jsonMessage({ text: 'x'.repeat(3000) }));
      const isCut = (count: number) =>
        Promise.race([until('refused').then(() => undefined), until('disconnected', count)]);
      for (let cuts = 1, end = await isCut(1); end; end = await isCut(++cuts)) {
        assert.ok(cuts <= 4, `${cuts} connections were cut`);
        await clock.advance(end.retryMillis);
      }
      const { topic, error } = await until('refused');
      assert.equal(topic, 'large');
      assert.match(error.message, told);
      link.retain('small', wordMessage('x'));
      assert.equal(await retained(url, 'small'), 'x');
      assert.equal(link.connected, true);
    });
  }

  it('leaves "stopped" behind, not its will', async (context) => {
    const { url } = await broker(context);
    const { link, until } = startLink(context, url);
    await until('connected');
    link.retain(STATUS, wordMessage('stopped'));
    await link.stop();
    assert.equal(await retained(url, STATUS), 'stopped');
  });
});
