import assert from 'node:assert/strict';
import path from 'node:path';
import { after, before, describe, it, type TestContext } from 'node:test';
import { readRecording } from '../../../devices/recording/readRecording';
import { recordingInfo } from '../../../devices/recording/recordingInfo';
import { NodeRecordings } from '../../../runtime/cli/nodeRecordings';
import { systemClock } from '../../../runtime/clock';
import { redacted } from '../../../runtime/commands/verbs/node';
import { FramePool } from '../../../runtime/frames';
import { Engine } from '../../../runtime/inference/engine';
import { decodeEmbedding } from '../../../runtime/mqtt/embeddingMessage';
import { flagsOfBits } from '../../../runtime/mqtt/flagBits';
import { Commander, type NodeUnderTestOptions, ROOT, startNode } from '../../support/commandedNode';
import { type Mosquitto, startMosquitto, withoutMosquitto } from '../../support/mosquitto';
import { temporaryFolder } from '../../support/temporaryFolder';
import { type TinyBundle, tinyBundle } from '../../support/tinyBundle';

const word = (text: string) => ({ fits: (payload: Buffer) => String(payload) === text });

describe('a node, commanded over a real mosquitto', { skip: withoutMosquitto }, () => {
  let tiny: TinyBundle;
  let engine: Engine;
  let broker: Mosquitto;

  before(async () => {
    tiny = await tinyBundle();
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

  it('disables a source, over a restart too, and enables it again', async (context) => {
    const { commander, node, state } = await start(context);
    await commander.live();
    const off = await commander.ask('source/disable', { tx: 'off', data: { source: 'mic0' } });
    assert.deepEqual(off.data, { source: 'mic0', state: 'disabled' });
    await commander.until(`${ROOT}/src/mic0/status`, word('disabled'));
    await node.stop();
    const from = commander.heard.length;
    const again = await startNode(context, { url: broker.url, tiny, engine, state });
    await commander.until(`${ROOT}/src/mic0/status`, { from, ...word('disabled') });
    const restart = await commander.ask('source/restart', { tx: 're', data: { source: 'mic0' } });
    assert.equal(restart.error?.code, 'switched_off');
    const on = await commander.ask('source/enable', { tx: 'on', data: { source: 'mic0' } });
    assert.equal(on.status, 'ok');
    await commander.live();
    assert.equal(again.disabled.isOff('mic0'), false);
  });

  it('cannot be made to listen where somebody muted it on the spot', async (context) => {
    const { commander, node } = await start(context);
    await node.mutes.set('mic0', true);
    await commander.until(`${ROOT}/src/mic0/status`, word('disabled'));
    const on = await commander.ask('source/enable', { tx: 'on', data: { source: 'mic0' } });
    assert.deepEqual([on.error?.code, /devices mute/.test(on.error?.cure ?? '')], ['switched_off', true]);
    assert.equal(node.mutes.isOff('mic0'), true);
    assert.equal((await commander.ask('source/enable', { data: { source: 'cam0' } })).error?.code, 'not_found');
  });

  it('restarts a source: its device is closed and opened anew', async (context) => {
    const { commander, node } = await start(context);
    await commander.live();
    const from = node.events.length;
    const { status } = await commander.ask('source/restart', { tx: 're', data: { source: 'mic0' } });
    assert.equal(status, 'ok');
    await commander.live();
    const states = node.events.slice(from).flatMap((event) => (event.kind === 'source' ? [event.status.state] : []));
    assert.deepEqual(states, ['online']);
  });

  it('tells its configuration, and no secret', async (context) => {
    const { commander } = await start(context);
    const { data } = await commander.ask('config/get', {});
    const config = data?.['config'] as Record<string, unknown>;
    assert.deepEqual([config['node'], config['labelSets']], ['box', ['house@3']]);
    assert.deepEqual(
      redacted({
        device: { url: 'rtsp://admin:hunter2@camera/1', apiKey: 'hunter2', list: ['http://a:hunter2@b'] },
        broker: { password: { file: '/run/hunter2' }, username: 'box' },
      }),
      {
        device: { url: 'rtsp://camera/1', apiKey: '(not told)', list: ['http://b'] },
        broker: { password: '(not told)', username: 'box' },
      },
    );
  });

  it('announces itself: all that is retained comes again, discovery by Home Assistant too, and once', async (context) => {
    const { commander, node } = await start(context, { discoveryPrefix: 'home' });
    const devices = ['home/device/sensebind_box/config', 'home/device/sensebind_box_SRC_mic0/config'];
    for (const topic of devices) await commander.until(topic);
    await commander.live();
    const from = commander.heard.length;
    await commander.ask('announce', { tx: 'a' });
    const topics = ['info', 'status', 'src/mic0/status', 'src/mic0/state', 'label/dog/threshold/state'];
    for (const topic of [...topics.map((topic) => `${ROOT}/${topic}`), ...devices]) {
      await commander.until(topic, { from });
    }
    await node.stop();
    await commander.until(`${ROOT}/status`, { from, ...word('stopped') });
    for (const device of devices) {
      assert.equal(commander.heard.slice(from).filter(({ topic }) => topic === device).length, 1, device);
    }
  });

  it('answers before it ends to be started again; without a supervisor it does not know the verb', async (context) => {
    let restart = (): void => undefined;
    const restarted = new Promise<void>((resolve) => {
      restart = resolve;
    });
    const { commander, node } = await start(context, { services: { restart: () => restart() } });
    assert.equal((await commander.ask('node/restart', { tx: 'r' })).status, 'ok');
    await restarted;
    await node.stop();
    await start(context);
    assert.equal((await commander.ask('node/restart', { tx: 'r2' })).error?.code, 'unsupported');
  });

  it('records on its own disk, and plays a recording in the place of a source', async (context) => {
    const state = await temporaryFolder(context);
    const folder = path.join(state, 'recordings');
    const recordings = new NodeRecordings({
      folder,
      library: 'test',
      clock: systemClock,
      memory: new FramePool({ frames: 4, bytes: 2 ** 20 }),
      onFailed: (error) => assert.fail(error),
    });
    const { commander, node } = await start(context, { state, services: { recordings } });
    await commander.live();
    const began = await commander.ask('record/start', { tx: '1', data: { max_seconds: 60, max_megabytes: 5 } });
    assert.equal(began.status, 'ok', JSON.stringify(began));
    const recording = String(began.data?.['recording']);
    assert.equal((await commander.ask('record/start', { tx: '2', data: {} })).error?.code, 'conflict');
    // Longer than a window, so that there is one to be replayed.
    for (let times = 0; times < 6; times++) await commander.live();
    const ended = await commander.ask('record/stop', { tx: '3' });
    assert.equal(ended.data?.['recording'], recording);
    assert.equal(ended.data?.['dropped'], 0);
    const { channels } = await recordingInfo(path.join(folder, recording));
    const [channel] = channels.filter(({ kind }) => kind === 'reading');
    assert.deepEqual([channel?.source, (channel?.count ?? 0) >= 3], ['mic0', true]);
    const items = readRecording(path.join(folder, recording), {
      memory: new FramePool({ frames: 1, bytes: 2 ** 16 }),
    });
    const { value: session } = await items.next();
    await items.return(undefined);
    assert.ok(session?.kind === 'session');
    const { sources } = node.pipeline.config;
    assert.deepEqual(JSON.parse(session.configuration ?? ''), { node: 'box', sources });
    assert.equal((await commander.ask('record/stop', { tx: '4' })).error?.code, 'not_found');

    const from = commander.heard.length;
    const isReplayed = (payload: Buffer): boolean =>
      flagsOfBits(decodeEmbedding(payload).message.q).includes('replayed');
    const data = { recording, source: 'mic0', speed: 1 };
    assert.equal((await commander.ask('replay/start', { tx: '5', data })).status, 'ok');
    await commander.until(`${ROOT}/src/mic0/emb`, { from, fits: isReplayed });
    // At its end the microphone is there again.
    const later = commander.heard.length;
    await commander.until(`${ROOT}/src/mic0/emb`, { from: later, fits: (payload) => !isReplayed(payload) });
    for (const wrong of ['../..', 'none']) {
      const { error } = await commander.ask('replay/start', { data: { ...data, recording: wrong } });
      assert.ok(['invalid', 'not_found'].includes(error?.code ?? ''), error?.code);
    }
  });

  it('ends a recording at its limit by itself', async (context) => {
    const state = await temporaryFolder(context);
    const recordings = new NodeRecordings({
      folder: path.join(state, 'recordings'),
      library: 'test',
      clock: systemClock,
      memory: new FramePool({ frames: 4, bytes: 2 ** 20 }),
      onFailed: (error) => assert.fail(error),
    });
    const { commander } = await start(context, { state, services: { recordings } });
    await commander.ask('record/start', { tx: '1', data: { max_seconds: 1 } });
    while (recordings.current !== undefined) await commander.live();
    assert.equal((await commander.ask('record/stop', { tx: '2' })).error?.code, 'not_found');
  });
});
