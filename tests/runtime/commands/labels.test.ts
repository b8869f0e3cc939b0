import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, it, type TestContext } from 'node:test';
import { Engine } from '../../../runtime/inference/engine';
import { validators } from '../../../runtime/mqtt/messages';
import { Commander, HOUSE, type NodeUnderTestOptions, ROOT, startNode } from '../../support/commandedNode';
import { type Mosquitto, startMosquitto, withoutMosquitto } from '../../support/mosquitto';
import { temporaryFolder } from '../../support/temporaryFolder';
import { type TinyBundle, tinyBundle } from '../../support/tinyBundle';

describe('label sets, commanded over a real mosquitto', { skip: withoutMosquitto }, () => {
  let tiny: TinyBundle;
  let engine: Engine;
  let broker: Mosquitto;

  before(async () => {
    tiny = await tinyBundle({ trained: true });
    engine = await Engine.open(tiny.bundle, { modalities: ['audio', 'text'] });
    broker = await startMosquitto();
  });
  after(async () => {
    await engine.close();
    await broker.stop();
    await tiny.remove();
  });

  async function start(context: TestContext, options: Partial<NodeUnderTestOptions> = {}) {
    const commander = await Commander.connect(context, broker.url);
    const state = options.state ?? (await temporaryFolder(context));
    const node = await startNode(context, { url: broker.url, tiny, engine, ...options, state });
    return { commander, node, state };
  }

  it('are read, put, patched, and gone back to, each change with the next revision', async (context) => {
    const { commander } = await start(context);
    const all = await commander.ask('labels/get', { tx: '1' });
    assert.deepEqual(all, {
      s: 'rsp/1',
      verb: 'labels/get',
      tx: '1',
      status: 'ok',
      data: { sets: [{ set: 'house', rev: 3, labels: 2 }] },
    });
    const put = await commander.ask('labels/put', {
      tx: '2',
      if_rev: 3,
      data: {
        set: 'house',
        labels: [{ id: 'cat', prompts: ['a cat\u0000 that purrs'], threshold: 0.25 }, { id: 'dog' }],
      },
    });
    assert.deepEqual([put.status, put.rev, put.data], ['ok', 4, { set: 'house@4' }]);
    const scores = await commander.json(`${ROOT}/src/mic0/scores`, { fits: (text) => text.includes('house@4') });
    assert.deepEqual(validators['scores/1'].Errors(scores), []);
    const patch = await commander.ask('labels/patch', {
      tx: '3',
      data: {
        set: 'house',
        labels: [
          { id: 'cat', threshold: null, title: 'Cat' },
          { id: 'cow', on_ms: 500 },
        ],
        remove: ['dog'],
        background: ['silence'],
      },
    });
    assert.equal(patch.rev, 5);
    const got = await commander.ask('labels/get', { data: { set: 'house' } });
    assert.deepEqual(
      [got.rev, got.data],
      [
        5,
        {
          set: 'house',
          labels: [
            { id: 'cat', prompts: ['a cat that purrs'], title: 'Cat' },
            { id: 'cow', on_ms: 500 },
          ],
          background: ['silence'],
        },
      ],
    );
    const back = await commander.ask('labels/rollback', { data: { set: 'house' }, if_rev: 5 });
    assert.deepEqual([back.status, back.rev], ['ok', 4]);
    const info = await commander.json(`${ROOT}/info`, { fits: (text) => text.includes('house@4') });
    assert.deepEqual(validators['info/1'].Errors(info), []);
  });

  it('are not changed by whoever believes another revision in use, or knows not what there is', async (context) => {
    const { commander } = await start(context);
    const labels = [{ id: 'cat' }, { id: 'cow' }];
    const conflict = await commander.ask('labels/put', { if_rev: 2, data: { set: 'house', labels } });
    assert.deepEqual([conflict.status, conflict.error?.code, conflict.rev], ['error', 'conflict', 3]);
    for (const [verb, data, code] of [
      ['labels/put', { set: 'garden', labels }, 'not_found'],
      ['labels/put', { set: 'house', labels: [{ id: 'Cat' }] }, 'invalid'],
      ['labels/put', { set: 'house', labels: [{ id: 'cat', promts: ['a cat'] }] }, 'unknown_field'],
      ['labels/put', { set: 'house', labels: [{ id: 'cat' }] }, 'config_invalid'],
      ['labels/put', { set: 'house', labels: [{ id: 'cat', prompts: [''] }] }, 'invalid'],
      ['labels/patch', { set: 'house', remove: ['dog', 'door_bell'] }, 'config_invalid'],
      ['labels/rollback', { set: 'house' }, 'state_invalid'],
      ['labels/forget', {}, 'unsupported'],
      ['teach/add', {}, 'unsupported'],
      ['../../etc', {}, 'unsupported'],
    ] as const) {
      const { status, error } = await commander.ask(verb, { tx: code, data });
      assert.deepEqual([status, error?.code], ['error', code], `${verb} ${JSON.stringify(data)}`);
    }
    assert.equal((await commander.ask('labels/get', { data: { set: 'house' } })).rev, 3);
  });

  it('refuse a prompt that the encoder would cut off', async (context) => {
    const { commander } = await start(context);
    const prompts = [Array.from({ length: 60 }, (_, at) => `dog${at}`).join(' ')];
    const { error } = await commander.ask('labels/put', {
      data: { set: 'house', labels: [{ id: 'cat', prompts }, { id: 'cow' }] },
    });
    assert.deepEqual([error?.code, /fewer words/.test(error?.cure ?? '')], ['input_too_large', true]);
  });

  it('change once for a tx that comes twice, with the same answer', async (context) => {
    const { commander } = await start(context);
    const properties = { responseTopic: `${ROOT}/rsp/me` };
    const body = { tx: 'twice', by: 'ui', data: { set: 'house', labels: [{ id: 'cat' }, { id: 'cow' }] } };
    const first = await commander.ask('labels/put', body, { properties });
    const second = await commander.ask('labels/put', body, { properties });
    assert.deepEqual(second, first);
    assert.equal(first.rev, 4);
    const other = { ...body, data: { set: 'house', labels: [{ id: 'hen' }, { id: 'cow' }] } };
    assert.equal((await commander.ask('labels/put', other, { properties })).error?.code, 'tx_reused');
    // Somebody else may have chosen the same.
    assert.equal((await commander.ask('labels/put', { ...other, by: 'me' }, { properties })).rev, 5);
  });

  it('stay changed over a restart, until somebody edits the configuration', async (context) => {
    const { commander, node, state } = await start(context);
    await commander.ask('labels/put', { data: { set: 'house', labels: [{ id: 'cat' }, { id: 'cow' }] } });
    await commander.ask('labels/put', { data: { set: 'house', labels: [{ id: 'hen' }, { id: 'cow' }] } });
    await commander.ask('labels/rollback', { data: { set: 'house' } });
    await node.stop();
    const again = await startNode(context, { url: broker.url, tiny, engine, state });
    const inUse = (pipeline: typeof node.pipeline) => pipeline.book.get('house')?.labelSet;
    assert.deepEqual(inUse(again.pipeline), { id: 'house', revision: 4, labels: [{ id: 'cat' }, { id: 'cow' }] });
    // A revision is never used for two contents, also not by another process.
    const put = await commander.ask('labels/put', { data: { set: 'house', labels: [{ id: 'ox' }, { id: 'cow' }] } });
    assert.equal(put.rev, 6);
    await again.stop();
    const labelSet = { ...HOUSE, labels: [{ id: 'door_bell' }, { id: 'goat' }] };
    const edited = await startNode(context, { url: broker.url, tiny, engine, state, labelSet });
    assert.deepEqual(inUse(edited.pipeline), { ...labelSet, revision: 7 });
    const back = await commander.ask('labels/rollback', { data: { set: 'house' } });
    assert.equal(back.rev, 6);
    await edited.stop();
    await writeFile(path.join(state, 'labels.json'), '{"format":"sensebind-labels/1","sets":[{}]}');
    const anew = await startNode(context, { url: broker.url, tiny, engine, state });
    assert.deepEqual(inUse(anew.pipeline), HOUSE);
    assert.match(await readFile(path.join(state, 'labels.json.unreadable'), 'utf8'), /"sets":\[\{\}\]/);
  });

  it('have a state a label, and can be set from a dashboard', async (context) => {
    const labelSet = {
      ...HOUSE,
      labels: [
        { id: 'door_bell', threshold: 0 },
        { id: 'dog', threshold: 1 },
      ],
    };
    const { commander } = await start(context, { labelSet });
    const word = (text: string) => ({ fits: (payload: Buffer) => String(payload) === text });
    await commander.until(`${ROOT}/label/door_bell/state`, word('ON'));
    await commander.until(`${ROOT}/label/dog/state`, word('OFF'));
    const attributes = await commander.json(`${ROOT}/label/door_bell/attr`, {
      fits: (text) => text.includes('"on":true'),
    });
    assert.deepEqual(validators['label/1'].Errors(attributes), []);
    const { l, src, set, threshold } = attributes as unknown as Record<string, unknown>;
    assert.deepEqual([l, src, set, threshold], ['door_bell', ['mic0'], 'house@3', 0]);
    await commander.until(`${ROOT}/label/dog/threshold/state`, word('1'));
    await commander.until(`${ROOT}/label/dog/prompt/state`, word('dog'));
    assert.ok(commander.heard.filter(({ topic }) => topic.includes('/label/')).every(({ retain }) => retain));

    await commander.client.publishAsync(`${ROOT}/label/dog/threshold/set`, '0', { qos: 1 });
    await commander.until(`${ROOT}/label/dog/state`, word('ON'));
    await commander.until(`${ROOT}/label/dog/threshold/state`, word('0'));
    await commander.client.publishAsync(`${ROOT}/label/dog/prompt/set`, 'a dog | a barking\u0007 dog', { qos: 1 });
    await commander.until(`${ROOT}/label/dog/prompt/state`, word('a dog | a barking dog'));
    for (const stranger of ['dog/constructor', 'dog/__proto__', '__proto__/threshold', 'nobody/threshold']) {
      await commander.client.publishAsync(`${ROOT}/label/${stranger}/set`, '0.5', { qos: 1 });
    }
    const from = commander.heard.length;
    await commander.client.publishAsync(`${ROOT}/label/dog/threshold/set`, '7', { qos: 1 });
    const fits = (payload: Buffer): boolean => payload.includes('"invalid"');
    await commander.json(`${ROOT}/rsp/label/threshold`, { from, fits });
    // So that the dashboard shows what is so.
    await commander.until(`${ROOT}/label/dog/threshold/state`, { from, ...word('0') });

    const { rev } = await commander.ask('labels/patch', {
      data: { set: 'house', labels: [{ id: 'cat' }], remove: ['dog'] },
    });
    assert.equal(rev, 6);
    for (const topic of ['state', 'attr', 'threshold/state', 'prompt/state']) {
      await commander.until(`${ROOT}/label/dog/${topic}`, word(''));
    }
  });
});
