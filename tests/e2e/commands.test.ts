import assert from 'node:assert/strict';
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, it, type TestContext } from 'node:test';
import { promisify } from 'node:util';
import { connectAsync } from 'mqtt';
import type { ResponseMessage } from '../../runtime/commands/commandMessages';
import { type Mosquitto, startMosquitto, withoutMosquitto } from '../support/mosquitto';
import { compiled, repositoryRoot } from '../support/paths';
import { temporaryFolder } from '../support/temporaryFolder';
import { type TinyBundle, tinyBundle } from '../support/tinyBundle';

const SOUND = path.join(repositoryRoot, 'examples', 'sounds', 'door.wav');
const ROOT = 'sensebind/v1/box';
const run = promisify(execFile);

describe('sensebind run, commanded with the programs of mosquitto', { skip: withoutMosquitto }, () => {
  let tiny: TinyBundle;
  let broker: Mosquitto;
  before(async () => {
    tiny = await tinyBundle();
    broker = await startMosquitto();
  });
  after(async () => {
    await broker.stop();
    await tiny.remove();
  });

  /** The service in a process of its own; resolves when it is online. */
  async function start(context: TestContext, state: string): Promise<ChildProcess> {
    const file = path.join(state, 'box.yaml');
    await writeFile(
      file,
      `version: 1
node: box
bundle: ${tiny.directory}
broker: { url: "${broker.url}" }
sources:
  mic0: { device: { kind: wav, file: ${SOUND}, loop: true }, window: 2s, hop: 1s, labels: [house] }
labels:
  house: { labels: [{ id: door_bell }, { id: dog_barking }], background: [silence] }
`,
    );
    const watcher = await connectAsync(broker.url, { protocolVersion: 5 });
    await watcher.subscribeAsync(`${ROOT}/status`, { qos: 1 });
    const online = new Promise<void>((resolve) => {
      watcher.on('message', (_, payload, { retain }) => {
        if (!retain && String(payload) === 'online') resolve();
      });
    });
    const child = spawn(process.execPath, [compiled('runtime/cli/main'), 'run', file], {
      stdio: 'ignore',
      env: { ...process.env, XDG_STATE_HOME: state },
    });
    context.after(() => void child.kill('SIGKILL'));
    await online;
    await watcher.endAsync(true);
    return child;
  }

  /** As docs/commands.md shows it. */
  async function ask(verb: string, body: object): Promise<ResponseMessage> {
    const to = ['-V', '5', '-h', '127.0.0.1', '-p', String(broker.port), '-q', '1', '-W', '30'];
    const topics = ['-t', `${ROOT}/cmd/${verb}`, '-e', `${ROOT}/rsp/me`];
    const { stdout } = await run('mosquitto_rr', [...to, ...topics, '-m', JSON.stringify(body)]);
    return JSON.parse(stdout);
  }

  it('does what it is told, ends to be started again, and has kept what was changed', async (context) => {
    const state = await temporaryFolder(context);
    const child = await start(context, state);
    const exited = once(child, 'exit');
    const labels = [{ id: 'glass', prompts: ['breaking glass'] }, { id: 'dog' }];
    const put = await ask('labels/put', { tx: 'a1', data: { set: 'house', labels, background: ['silence'] } });
    assert.deepEqual([put.status, put.rev], ['ok', 2]);
    await ask('source/disable', { data: { source: 'mic0' } });
    assert.equal((await ask('record/start', { data: { max_seconds: 5 } })).error, undefined);
    assert.equal((await ask('node/restart', { tx: 'a2' })).status, 'ok');
    assert.deepEqual(await exited, [75, null]);
    const again = await start(context, state);
    const got = await ask('labels/get', { data: { set: 'house' } });
    assert.deepEqual([got.rev, got.data?.['labels']], [2, labels]);
    assert.equal((await ask('source/restart', { data: { source: 'mic0' } })).error?.code, 'switched_off');
    const ended = once(again, 'exit');
    again.kill('SIGTERM');
    assert.deepEqual(await ended, [0, null]);
  });
});
