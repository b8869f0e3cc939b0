import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { connectAsync } from 'mqtt';
import { startMosquitto, withoutMosquitto } from '../../../support/mosquitto';

/** Publishes one message on a broker of its own; what the broker's end says. */
async function publishOnce(topic: string, payload: string): Promise<unknown> {
  const broker = await startMosquitto();
  const client = await connectAsync(broker.url);
  await client.publishAsync(topic, payload, { qos: 1 });
  await client.endAsync();
  return broker.stop().catch((error: unknown) => error);
}

describe('the brokers of the tests', { skip: withoutMosquitto }, () => {
  it('fail a test that lets a node publish what the shipped schemas do not allow', async () => {
    assert.match(String(await publishOnce('sensebind/v1/box/src/mic0/status', 'perhaps')), /break the contract/);
    assert.match(String(await publishOnce('sensebind/v1/box/other', 'x')), /not a topic/);
    assert.equal(await publishOnce('sensebind/v1/box/src/mic0/status', 'online'), undefined);
  });
});
