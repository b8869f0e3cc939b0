import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import {
  broker,
  CATCH,
  COMPLETE,
  EVENT,
  eventsOverKill,
  type Failure,
  failureIn,
  inject,
  MAKE,
  PUBLISH,
  ROOT,
} from '../support/eventFlow';
import { startMosquitto, withoutMosquitto } from '../support/mosquitto';
import { type Flow, NODE_RED_VERSIONS, type RunningNodeRed, SINK, startNodeRed } from '../support/nodeRed';
import { TAB } from '../support/nodeRedFlow';
import { Subscriber } from '../support/subscriber';

const SCORES = {
  kind: 'scores',
  source: 'mic0',
  labelSet: 'house@1',
  space: 'space-of-a-test',
  labels: [
    { label: 'glass', title: 'Glass', probability: 0.9, cosine: 0.4, margin: 0.2 },
    { label: 'dog', title: 'Dog', probability: 0.1, cosine: 0.2, margin: -0.2 },
  ],
  background: 0,
  bestBackgroundCosine: null,
  scale: 20,
  calibration: null,
  meaningful: true,
  best: { label: 'glass', title: 'Glass', probability: 0.9 },
  startMicros: 1_700_000_000_000_000,
  endMicros: 1_700_000_002_000_000,
  flags: [],
};

for (const version of NODE_RED_VERSIONS) {
  describe(`publishing from ${version}`, { skip: withoutMosquitto }, () => {
    let nodeRed: RunningNodeRed;
    let userFolder: string;

    before(async () => {
      userFolder = await mkdtemp(path.join(tmpdir(), 'sensebind-publish-'));
      nodeRed = await startNodeRed(version, { userFolder });
    });

    after(async () => {
      await nodeRed.stop();
      await rm(userFolder, { recursive: true, force: true });
    });

    it('puts embeddings, scores and events on the topics of the contract, and says what there is', async (t) => {
      const mosquitto = await startMosquitto();
      t.after(() => mosquitto.stop());
      const subscriber = await Subscriber.start(t, mosquitto.url, [`${ROOT}/#`, 'homeassistant/#']);
      await nodeRed.deploy([
        TAB,
        broker(mosquitto.url),
        {
          id: 'mic',
          type: 'sensebind-microphone',
          z: 'tab',
          ...{ x: 100, y: 200 },
          source: 'mic0',
          device: { kind: 'simulated-microphone' },
          wires: [['encode']],
        },
        { id: 'encode', type: 'sensebind-encode', z: 'tab', x: 300, y: 200, wires: [['publish']] },
        inject('scores', SCORES, 'publish'),
        inject('event', EVENT, 'publish'),
        PUBLISH,
      ]);
      // Scores without a connection are dropped, as they are of now or of nothing.
      await subscriber.untilTopic(`${ROOT}/status`, (word) => word === 'online');
      await nodeRed.inject('scores');
      await nodeRed.inject('event');
      const { payload } = await subscriber.untilTopic(`${ROOT}/event/burglar`);
      const event = JSON.parse(payload.toString());
      assert.deepEqual([event.id, event.phase, event.p, event.src], ['event-0', 'new', 0.9, ['mic0']]);
      await subscriber.untilTopic(`${ROOT}/src/mic0/emb`);
      await subscriber.untilTopic(`${ROOT}/src/mic0/status`, (word) => word === 'online');
      await subscriber.untilTopic(`${ROOT}/src/mic0/scores`);
      const [scores] = subscriber.documents(`${ROOT}/src/mic0/scores`);
      assert.deepEqual((scores!['k'] as { l: string; p: number }[])[0], { l: 'glass', p: 0.9, cos: 0.4, margin: 0.2 });
      await subscriber.untilTopic(`${ROOT}/info`, (text) => {
        const { sources, rules, sets } = JSON.parse(text);
        return sources[0]?.modality === 'audio' && rules[0]?.id === 'burglar' && sets[0] === 'house@1';
      });
      await subscriber.untilTopic(`${ROOT}/health`);
      await subscriber.untilTopic('homeassistant/device/home_box/config', (text) => text.includes('event_burglar'));
      await subscriber.untilTopic('homeassistant/device/home_box_SRC_mic0/config', (text) =>
        text.includes('mic0/status'),
      );
      await nodeRed.deploy([TAB]);
      await subscriber.untilTopic(`${ROOT}/src/mic0/status`, (word) => word === 'offline');
      await subscriber.untilTopic(`${ROOT}/status`, (word) => word === 'stopped');
    });

    it('refuses what does not belong there, in one sentence', async (t) => {
      const mosquitto = await startMosquitto();
      t.after(() => mosquitto.stop());
      await nodeRed.deploy([
        TAB,
        broker(mosquitto.url),
        inject('words', { hello: 'world' }, 'publish'),
        inject('wrong', { ...SCORES, labels: [{ label: 'glass', probability: 7 }] }, 'publish'),
        {
          id: 'mic',
          type: 'sensebind-microphone',
          z: 'tab',
          ...{ x: 100, y: 200 },
          device: { kind: 'simulated-microphone' },
          wires: [['publish']],
        },
        PUBLISH,
        CATCH,
        SINK,
      ]);
      const failure = async (word: string): Promise<Failure> => {
        const { error } = await nodeRed.sent('catch', (message) => failureIn(message).message.includes(word));
        return error as Failure;
      };
      assert.equal((await failure('a reading')).code, 'INPUT_UNSUPPORTED');
      await nodeRed.inject('words');
      assert.match((await failure('found object')).message, /mqtt out/);
      await nodeRed.inject('wrong');
      assert.equal((await failure('scores of a labels node')).code, 'INPUT_INVALID');
    });

    it('tells of a wrong password, keeps it out of flows, and connects with the right one', async (t) => {
      const user = { name: 'box', password: 'secret-of-a-test' };
      const mosquitto = await startMosquitto({ user });
      t.after(() => mosquitto.stop());
      const login = { username: user.name, password: user.password };
      const subscriber = await Subscriber.start(t, mosquitto.url, [`${ROOT}/#`], login);
      const flow = (credentials: object): Flow => [
        TAB,
        broker(mosquitto.url, credentials),
        inject('event', EVENT, 'publish'),
        PUBLISH,
        CATCH,
        SINK,
      ];
      const refused = async (): Promise<void> => {
        const told = nodeRed.sentBy('catch').length;
        const isNew = (): boolean => nodeRed.sentBy('catch').length > told;
        await nodeRed.sent('catch', (message) => isNew() && failureIn(message).code === 'BROKER_REFUSED');
      };
      const isRefused = refused();
      await nodeRed.deploy(flow({ credentials: { username: 'box', password: 'wrong' } }));
      await isRefused;
      await nodeRed.inject('event');
      await nodeRed.deploy(flow({ credentials: login }));
      await subscriber.untilTopic(`${ROOT}/status`, (word) => word === 'online');
      // What was published meanwhile waited in the spool.
      await subscriber.until(({ topic, payload }) => topic.endsWith('/event/burglar') && payload.includes('event-0'));
      const { flows } = (await nodeRed.get('/flows')) as { flows?: unknown };
      assert.doesNotMatch(JSON.stringify(flows ?? (await nodeRed.get('/flows'))), /secret-of-a-test|"password"/);
      const test = { id: 'broker', url: mosquitto.url, node: 'box', username: 'box', password: '__PWRD__' };
      assert.deepEqual(await nodeRed.post('/sensebind/broker/test', test), { connected: true, version: '5' });
      const wrong = (await nodeRed.post('/sensebind/broker/test', { ...test, password: 'wrong' })) as { code: string };
      assert.equal(wrong.code, 'BROKER_REFUSED');
      const elsewhere = { ...test, url: 'mqtt://127.0.0.1:1' };
      assert.equal(
        ((await nodeRed.post('/sensebind/broker/test', elsewhere)) as { code: string }).code,
        'CONFIG_INVALID',
      );
      // As it is imported on another machine: other ids, and no credentials.
      const isRefusedAgain = refused();
      const imported = flow({ id: 'broker-imported' }).map((node) =>
        node['id'] === 'publish' ? { ...node, broker: 'broker-imported' } : node,
      );
      await nodeRed.deploy(imported);
      await isRefusedAgain;
    });

    it('loses no event that was taken, whatever is deployed meanwhile', async (t) => {
      const mosquitto = await startMosquitto();
      t.after(() => mosquitto.stop());
      const subscriber = await Subscriber.start(t, mosquitto.url, [`${ROOT}/#`]);
      const prefix = `deploy-${version}`;
      const every = { id: 'every', type: 'inject', z: 'tab', x: 50, y: 50, repeat: '0.02', once: true, onceDelay: 0 };
      const count = { p: 'payload', v: JSON.stringify({ count: 1, prefix: prefix }), vt: 'json' };
      const flow: Flow = [
        TAB,
        broker(mosquitto.url),
        { ...every, props: [count], wires: [['make']] },
        MAKE,
        PUBLISH,
        COMPLETE,
        SINK,
      ];
      const done = (): string[] =>
        nodeRed
          .sentBy('complete')
          .map(({ message }) => (message.payload as { id: string }).id)
          .filter((id) => id.startsWith(prefix));
      for (let round = 1; round <= 3; round++) {
        await nodeRed.deploy(flow.map((node) => (node['type'] === 'tab' ? node : { ...node, name: `round ${round}` })));
        const before = done().length;
        await nodeRed.sent('complete', () => done().length >= before + 10);
      }
      await nodeRed.deploy([TAB]);
      const arrived = (): string[] =>
        subscriber.messages
          .filter(({ topic }) => topic.includes('/event/'))
          .map(({ payload }) => JSON.parse(payload.toString()).id);
      for (const id of done()) await subscriber.until(() => arrived().includes(id));
      assert.equal(new Set(arrived()).size, arrived().length);
    });

    it('gives every event to the broker after it was killed while there was none', async (t) => {
      const sent = await eventsOverKill(t, { version, count: 200 });
      assert.equal(sent.arrived.length, 200);
      assert.deepEqual(new Set(sent.arrived), new Set(sent.taken));
    });

    it('sets aside what is larger than the broker takes', async (t) => {
      const mosquitto = await startMosquitto({ settings: ['max_packet_size 2000'] });
      t.after(() => mosquitto.stop());
      const subscriber = await Subscriber.start(t, mosquitto.url, [`${ROOT}/#`]);
      const [one] = EVENT.evidence;
      const evidence = Array.from({ length: 60 }, (_, index) => ({
        ...one,
        what: { kind: 'label', label: `label-${index}-${'x'.repeat(40)}` },
      }));
      await nodeRed.deploy([
        TAB,
        broker(mosquitto.url),
        inject('large', { ...EVENT, id: 'large', evidence }, 'publish'),
        inject('small', { ...EVENT, id: 'small' }, 'publish'),
        PUBLISH,
        CATCH,
        SINK,
      ]);
      await nodeRed.inject('large');
      await nodeRed.inject('small');
      await nodeRed.sent('catch', (message) => failureIn(message).message.includes('at most 2000 bytes'));
      await subscriber.untilTopic(`${ROOT}/event/burglar`, (text) => text.includes('"small"'));
      // The broker node has written what it had when it is gone.
      await nodeRed.deploy([TAB]);
      const file = path.join(userFolder, 'state', 'sensebind', 'node-red', 'spool', 'home.box', 'dead-letters.jsonl');
      assert.match(await readFile(file, 'utf8'), /large/);
    });
  });
}
