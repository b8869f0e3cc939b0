import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { withoutSecrets } from '../../../runtime/mqtt/address';
import { wordMessage } from '../../../runtime/mqtt/message';
import { topicMatches } from '../../../runtime/mqtt/received';
import { kindOfTopic, settingOf, topicsOf } from '../../../runtime/mqtt/topics';
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
    const label = topics.label('dog');
    const kinds = [label.state, label.attributes, label.threshold.state, label.prompt.set].map(kindOfTopic);
    assert.deepEqual(kinds, ['label-state', 'label', undefined, undefined]);
  });

  it('are taken apart as they are put together', () => {
    const { commands, readingsIn, labelSettings, label } = topicsOf({ base: 'home', node: 'box' });
    assert.equal(commands.verbOf('home/v1/box/cmd/labels/put'), 'labels/put');
    assert.deepEqual(
      [commands.filter, topicMatches(commands.filter, 'home/v1/box/cmd/labels/put')],
      ['home/v1/box/cmd/#', true],
    );
    assert.deepEqual([commands.response('a/b'), commands.job('j')], ['home/v1/box/rsp/a/b', 'home/v1/box/job/j']);
    assert.ok(topicMatches(readingsIn.filter, 'home/v1/box/in/mic0/readings'));
    assert.equal(readingsIn.sourceOf('home/v1/box/in/mic0/readings'), 'mic0');
    assert.ok(topicMatches(labelSettings, label('dog').threshold.set));
    assert.deepEqual(settingOf(label('dog').threshold.set), { label: 'dog', setting: 'threshold' });
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
