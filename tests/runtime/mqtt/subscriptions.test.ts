import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import fc from 'fast-check';
import { connectAsync, type MqttClient } from 'mqtt';
import type { BrokerLink, BrokerLinkOptions } from '../../../runtime/mqtt/link';
import { jsonMessage, wordMessage } from '../../../runtime/mqtt/message';
import { type ReceivedMessage, topicMatches } from '../../../runtime/mqtt/received';
import { startLink } from '../../support/brokerLink';
import { freePort, startMosquitto, withoutMosquitto } from '../../support/mosquitto';
import { polite, publish, ScriptedBroker } from '../../support/scriptedBroker';

const FILTER = 'sensebind/v1/box/cmd/#';
const TOPIC = 'sensebind/v1/box/cmd/announce';

/** Collects what a link reads. */
function reader(link: BrokerLink) {
  const messages: ReceivedMessage[] = [];
  let wake = (): void => undefined;
  link.subscribe({
    filter: FILTER,
    retained: 'when-new',
    take: (message) => {
      messages.push(message);
      wake();
    },
  });
  const until = (count: number): Promise<ReceivedMessage> =>
    new Promise((resolve) => {
      wake = () => {
        const message = messages[count - 1];
        if (message) resolve(message);
      };
      wake();
    });
  return { messages, until };
}

async function publisher(context: TestContext, url: string) {
  const client = await connectAsync(url, { protocolVersion: 5 });
  context.after(() => client.endAsync(true));
  return client;
}

describe('what a link reads, with a real mosquitto', { skip: withoutMosquitto }, () => {
  for (const protocol of ['auto', '3.1.1'] as const) {
    it(`comes again after the broker was started anew (${protocol})`, async (context) => {
      const port = await freePort();
      const first = await startMosquitto({ port });
      const { link, clock, until } = startLink(context, first.url, { protocol });
      const read = reader(link);
      await until('connected');
      const sender = await publisher(context, first.url);
      await answeredBy(link, sender);
      await sender.publishAsync(TOPIC, 'one', { qos: 1 });
      assert.equal(String((await read.until(1)).payload), 'one');
      await first.stop();
      await until('disconnected');
      const second = await startMosquitto({ port });
      context.after(() => second.stop());
      await clock.advance(60_000);
      await until('connected', 2);
      const later = await publisher(context, second.url);
      await answeredBy(link, later);
      await later.publishAsync(TOPIC, 'two', { qos: 1 });
      assert.equal(String((await read.until(2)).payload), 'two');
    });
  }

  it('says what waited on the broker, what is retained, and where an answer is wanted', async (context) => {
    const broker = await startMosquitto();
    context.after(() => broker.stop());
    const sender = await publisher(context, broker.url);
    await sender.publishAsync(TOPIC, 'kept', { qos: 1, retain: true });
    const options: Partial<BrokerLinkOptions> = { protocol: '5' };
    const first = startLink(context, broker.url, options);
    const before = reader(first.link);
    assert.equal((await before.until(1)).retained, true);
    await first.link.stop();
    await sender.publishAsync(TOPIC, 'waiting', { qos: 1 });
    const second = startLink(context, broker.url, options);
    const after = reader(second.link);
    const { payload, waited, retained } = await after.until(1);
    assert.deepEqual([String(payload), waited, retained], ['waiting', true, false]);
    await answeredBy(second.link, sender);
    const properties = {
      responseTopic: 'answers/here',
      correlationData: Buffer.from([0, 255]),
      messageExpiryInterval: 30,
    };
    await sender.publishAsync(TOPIC, 'asking', { qos: 1, properties });
    const asked = await after.until(2);
    assert.deepEqual(
      [asked.waited, asked.responseTopic, asked.correlation, asked.expirySeconds],
      [false, 'answers/here', Buffer.from([0, 255]), 30],
    );
    await sender.publishAsync(TOPIC, 'now and later', { qos: 1, retain: true });
    assert.equal((await after.until(3)).retained, true);
  });

  it('forgets what was cleared, on the broker and in memory', async (context) => {
    const broker = await startMosquitto();
    context.after(() => broker.stop());
    const { link, until } = startLink(context, broker.url);
    link.retain('gone', wordMessage('ON'));
    await until('connected');
    link.clear('gone');
    const client = await publisher(context, broker.url);
    await answeredBy(link, client);
    const seen: string[] = [];
    client.on('message', (topic) => void seen.push(topic));
    await client.subscribeAsync(['gone', 'sensebind/#'], { qos: 1 });
    link.refresh();
    await answeredBy(link, client);
    await client.publishAsync('sensebind/last', 'x', { qos: 1 });
    while (!seen.includes('sensebind/last')) await new Promise((resolve) => client.once('message', resolve));
    assert.ok(seen.filter((topic) => topic.endsWith('/status')).length >= 2);
    assert.ok(!seen.includes('gone'));
  });
});

describe('what a link reads from a broker that misbehaves', () => {
  it('is never kept when it claims 256 MB, and publishing goes on', async (context) => {
    const broker = await ScriptedBroker.start(context, (packet, client) => {
      polite(packet, client);
      if (packet.cmd !== 'subscribe') return;
      client.send({ cmd: 'suback', messageId: packet.messageId ?? 0, granted: [1] });
      client.socket.write(Buffer.from([0x32, 0xff, 0xff, 0xff, 0x7f, 0, 1, 0x61]));
    });
    const { link, clock, until } = startLink(context, broker.url, { protocol: '3.1.1' });
    reader(link);
    const { error } = await until('disconnected');
    assert.match(error.message, /a packet of more than the 1048576 bytes/);
    await clock.advance(2000);
    await until('connected', 2);
    link.retain('sensebind/v1/box/more', jsonMessage({ on: true }));
    await broker.until(publish('sensebind/v1/box/more', 1));
    const subscribed = (): number[] =>
      broker.received.filter(({ packet }) => packet.cmd === 'subscribe').map(({ attempt }) => attempt);
    assert.deepEqual(subscribed(), [0]);
    await clock.advance(300_000);
    await broker.until(({ packet, attempt }) => packet.cmd === 'subscribe' && attempt > 0);
  });

  it('matches filters as MQTT does', () => {
    for (const [filter, topic, expected] of [
      ['a/#', 'a', true],
      ['a/#', 'a/b/c', true],
      ['a/#', 'ab', false],
      ['a/+/c', 'a/b/c', true],
      ['a/+/c', 'a/b/d', false],
      ['a/+', 'a/b/c', false],
      ['a/+', 'a', false],
      ['#', '$SYS/x', false],
      ['+/x', '$SYS/x', false],
      ['$SYS/#', '$SYS/x', true],
    ] as const) {
      assert.equal(topicMatches(filter, topic), expected, `${filter} ${topic}`);
    }
    fc.assert(fc.property(fc.string(), fc.string(), (filter, topic) => void topicMatches(filter, topic)));
  });
});

let questions = 0;

/** Resolves when the broker has dealt with all that the link sent before. */
async function answeredBy(link: BrokerLink, observer: MqttClient): Promise<void> {
  const topic = `answered/${questions++}`;
  const answered = new Promise<void>((resolve) => {
    const hear = (heard: string): void => {
      if (heard !== topic) return;
      observer.off('message', hear);
      resolve();
    };
    observer.on('message', hear);
  });
  await observer.subscribeAsync(topic, { qos: 1 });
  link.answer(topic, wordMessage('x'));
  await answered;
}
