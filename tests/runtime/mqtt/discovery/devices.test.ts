import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { nodeDevice } from '../../../../runtime/mqtt/discovery/nodeDevice';
import { layOut, type Page, payloadOf } from '../../../../runtime/mqtt/discovery/pages';
import { sourceDevice } from '../../../../runtime/mqtt/discovery/sourceDevice';
import { channelNameOf } from '../../../support/contract';
import { describedNode, manyLabels } from '../../../support/describedNode';
import { readDiscovery, type SeenDevice, type SeenEntity } from '../../../support/homeAssistant';

/** All pieces of it. */
function laidOut(...args: Parameters<typeof layOut>): ReadonlyMap<string, Page> {
  const work = layOut(...args);
  let step = work.next();
  while (step.done !== true) step = work.next();
  return step.value;
}

function seen(pages: Iterable<Page>): SeenDevice[] {
  return [...pages].map((page) => {
    const found = readDiscovery(page.topic, Buffer.from(JSON.stringify(payloadOf(page))));
    assert.ok(found);
    return found;
  });
}

function discovered(node = describedNode(), prefix = 'homeassistant'): SeenDevice[] {
  const devices = [nodeDevice(node), ...node.sources.map((source) => sourceDevice(node, source))];
  return seen(laidOut(devices, { prefix, known: new Map() }).values());
}

const topicsOf = ({ state_topic, json_attributes_topic }: SeenEntity): string[] =>
  [state_topic, json_attributes_topic].filter((topic) => typeof topic === 'string');

describe('what Home Assistant is told', () => {
  it('is one device for the node, and one for each source that is reached through it', () => {
    const [node, mic, heat] = discovered();
    assert.deepEqual(node?.device['identifiers'], 'sensebind/box');
    assert.deepEqual([mic?.device['via_device'], heat?.device['via_device']], ['sensebind/box', 'sensebind/box']);
    assert.deepEqual([mic?.entities.has('nearest_label'), heat?.entities.has('nearest_label')], [true, false]);
  });

  it('reads topics that the contract has, and those of labels', () => {
    for (const { entities } of discovered()) {
      for (const topic of [...entities.values()].flatMap(topicsOf)) {
        if (topic.startsWith('sensebind/v1/box/label/')) continue;
        assert.ok(channelNameOf(topic), topic);
      }
    }
  });

  it('has for each label its state, threshold and words, on the topics of the contract', () => {
    const entities = discovered()[0]?.entities;
    const root = 'sensebind/v1/box/label/glass_breaking';
    const label = entities?.get('label_glass_breaking');
    assert.deepEqual([label?.platform, label?.['name']], ['binary_sensor', 'glass breaking']);
    assert.deepEqual(topicsOf(label!), [`${root}/state`, `${root}/attr`]);
    const threshold = entities?.get('threshold_glass_breaking');
    assert.deepEqual([threshold?.platform, threshold?.['command_topic']], ['number', `${root}/threshold/set`]);
    const prompt = entities?.get('prompt_glass_breaking');
    assert.deepEqual([prompt?.platform, prompt?.['command_topic']], ['text', `${root}/prompt/set`]);
  });

  it('has an event for each rule, of the type that its messages carry', () => {
    const event = discovered()[0]?.entities.get('event_burglar');
    assert.deepEqual([event?.platform, event?.['event_types']], ['event', ['burglar']]);
    assert.deepEqual(topicsOf(event!), ['sensebind/v1/box/event/burglar']);
  });

  it('does not call a node that was stopped available, and shows its connection in any case', () => {
    const [node, mic] = discovered();
    const availability = (device: SeenDevice | undefined, id: string) =>
      device?.entities.get(id)?.['availability'] as { topic: string; value_template: string }[];
    const topics = (device: SeenDevice | undefined, id: string) => availability(device, id).map(({ topic }) => topic);
    assert.deepEqual(topics(node, 'uptime'), ['sensebind/v1/box/status']);
    assert.deepEqual(topics(mic, 'nearest_label'), ['sensebind/v1/box/status', 'sensebind/v1/box/src/mic0/status']);
    const [always] = availability(mic, 'connectivity');
    assert.equal(always?.value_template, 'online');
  });

  it('gives unique ids and topics to nodes and sources whose ids run into each other', () => {
    const box = describedNode({ node: 'box', sources: [{ ...describedNode().sources[0]!, id: 'a_b' }] });
    const boxA = describedNode({ node: 'box_a', sources: [{ ...describedNode().sources[0]!, id: 'b' }] });
    const all = [box, boxA].flatMap((node) => discovered(node));
    const ids = all.flatMap(({ entities }) => [...entities.values()].map((entity) => entity['unique_id']));
    assert.equal(new Set(ids).size, ids.length);
    assert.equal(new Set(all.map(({ device }) => device['identifiers'])).size, 4);
    const topics = [box, boxA].flatMap((node) =>
      [nodeDevice(node), ...node.sources.map((source) => sourceDevice(node, source))].map(({ objectId }) => objectId),
    );
    assert.equal(new Set(topics).size, 4);
  });

  it('stays below 32 kB a message with 1,000 labels of the longest names', () => {
    const labels = manyLabels(1000).map(({ id }, index) => ({
      id: `${id}${'x'.repeat(64 - id.length)}`,
      title: `"é${index}`.repeat(20),
    }));
    const pages = discovered(describedNode({ labels }));
    const ids = pages.flatMap(({ entities }) => [...entities.keys()].filter((id) => id.startsWith('label_')));
    assert.equal(new Set(ids).size, 1000);
    assert.equal(ids.length, 1000);
  });
});

describe('entities that come and go', () => {
  const prefix = 'homeassistant';
  const known = (pages: ReadonlyMap<string, Page>) =>
    new Map(
      [...pages].map(([topic, { entities }]) => [topic, new Map(entities.map(({ id, platform }) => [id, platform]))]),
    );
  const placesOf = (pages: ReadonlyMap<string, Page>) =>
    new Map([...pages].flatMap(([topic, { entities }]) => entities.map(({ id }) => [id, topic] as const)));

  it('stay on their topic when others before them go; those are taken back', () => {
    const labels = manyLabels(300);
    const before = laidOut([nodeDevice(describedNode({ labels }))], { prefix, known: new Map() });
    assert.ok(before.size > 3);
    const fewer = [...labels.slice(50), { id: 'fresh', title: 'fresh' }];
    const after = laidOut([nodeDevice(describedNode({ labels: fewer }))], { prefix, known: known(before) });
    const places = placesOf(before);
    for (const [id, topic] of placesOf(after)) assert.equal(topic, places.get(id) ?? topic, id);
    const removed = seen(after.values()).flatMap((device) => device.removed);
    assert.deepEqual(
      removed.toSorted(),
      labels
        .slice(0, 50)
        .flatMap(({ id }) => [`label_${id}`, `threshold_${id}`, `prompt_${id}`])
        .toSorted(),
    );
  });
});
