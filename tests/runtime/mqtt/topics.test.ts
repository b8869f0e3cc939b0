import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { withoutSecrets } from '../../../runtime/mqtt/address';
import { wordMessage } from '../../../runtime/mqtt/message';
import { kindOfTopic, topicsOf } from '../../../runtime/mqtt/topics';
import { refused } from '../../support/refused';

describe('topics of a node', () => {
  it('are those of contract v1', () => {
    const topics = topicsOf({ base: 'home/sensors', node: 'box-1' });
    const { status, state, embedding, scores } = topics.source('mic_0');
    assert.deepEqual(
      [topics.status, topics.info, topics.health, status, state, embedding, scores].map((topic) => [
        topic,
        kindOfTopic(topic),
      ]),
      [
        ['home/sensors/v1/box-1/status', 'status'],
        ['home/sensors/v1/box-1/info', 'info'],
        ['home/sensors/v1/box-1/health', 'health'],
        ['home/sensors/v1/box-1/src/mic_0/status', 'source-status'],
        ['home/sensors/v1/box-1/src/mic_0/state', 'source-state'],
        ['home/sensors/v1/box-1/src/mic_0/emb', 'embedding'],
        ['home/sensors/v1/box-1/src/mic_0/scores', 'scores'],
      ],
    );
    assert.equal(kindOfTopic('zigbee2mqtt/lamp'), undefined);
  });

  it('never hold what an id may not: wildcards, further levels, nothing', () => {
    const topics = topicsOf({ base: 'sensebind', node: 'box' });
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 70 }), (id) => {
        try {
          assert.equal(topics.source(id).status, `sensebind/v1/box/src/${id}/status`);
          assert.match(id, /^[a-z0-9_-]{1,64}$/);
        } catch (error) {
          assert.ok(refused('CONFIG_INVALID')(error));
        }
      }),
    );
    for (const base of ['', 'a//b', '/a', 'a/', 'a/+', '#', 'A']) {
      assert.throws(() => topicsOf({ base, node: 'box' }), refused('CONFIG_INVALID'));
    }
  });
});

describe('messages', () => {
  it('have no secrets in the addresses that they tell', () => {
    assert.equal(withoutSecrets('mqtt://user:word@broker:1883'), 'mqtt://broker:1883');
    assert.equal(withoutSecrets('mqtts://broker:8883'), 'mqtts://broker:8883');
    const free = fc.string({ minLength: 1, unit: fc.constantFrom(...'ab12:@/?#% \n') });
    fc.assert(
      fc.property(free, free, (user, word) => {
        assert.equal(withoutSecrets(`mqtt://${user}:${word}@broker:1883`), 'mqtt://broker:1883');
      }),
    );
  });

  it('are bare words where a reader wants no JSON', () => {
    assert.equal(wordMessage('online').payload.toString(), 'online');
  });
});
