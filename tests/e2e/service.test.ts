import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { freePort } from '../support/mosquitto';
import { notifyReceiver, withoutSystemd } from '../support/notifyReceiver';
import { compiled, repositoryRoot } from '../support/paths';
import { recordingBroker } from '../support/recordingBroker';
import { type LogLine, type RunningNode, startNode } from '../support/runningNode';
import { STUCK_RUNTIME } from '../support/stuckRuntime';
import { temporaryFolder } from '../support/temporaryFolder';
import { type TinyBundle, tinyBundle } from '../support/tinyBundle';

const SOUND = path.join(repositoryRoot, 'examples', 'sounds', 'door.wav');

describe('sensebind run as a service', () => {
  let tiny: TinyBundle;

  before(async () => {
    tiny = await tinyBundle();
  });
  after(() => tiny.remove());

  /** A node that hears a door again and again. */
  function configOf(more: string, { port = 1, labels = '[{ id: door_bell }, { id: dog }]' } = {}): string {
    return `version: 1
node: box
bundle: ${tiny.directory}
broker: { url: mqtt://127.0.0.1:${port} }
sources:
  mic0: { device: { kind: wav, file: ${SOUND}, loop: true }, window: 1s, hop: 1s, labels: [house] }
labels: { house: { labels: ${labels}, background: [silence] } }
rules: { loud: { when: { measure: level_decibels, of: mic0, above: -20 }, updateEvery: 1h } }
${more}
`;
  }

  const isScore = ({ kind }: LogLine): boolean => kind === 'scores';

  it('tells systemd how it is, offers metrics, and reads its configuration again', {
    skip: withoutSystemd,
  }, async (context) => {
    const folder = await temporaryFolder(context);
    const systemd = await notifyReceiver(context, folder);
    const config = path.join(folder, 'config.yaml');
    const more = `metrics: { port: ${await freePort()} }`;
    await writeFile(config, configOf(more));
    const environment = { NOTIFY_SOCKET: systemd.socket, WATCHDOG_USEC: '3000000' };
    const node = startNode(context, config, { stateHome: folder, environment });
    // It has begun, and its node is not there yet.
    await node.until(({ kind }) => kind === 'note');
    node.process.kill('SIGHUP');
    const first = await node.until(({ kind }) => kind === 'reloaded');
    assert.deepEqual(first['changed'], []);
    await systemd.until(['READY=1', 'WATCHDOG=1', 'WATCHDOG=1']);
    assert.match(systemd.heard(), /^STATUS=\d of 1 sources online, no broker/m);

    await node.until(isScore);
    const { event } = await node.until(({ kind }) => kind === 'metrics');
    const answer = await fetch((event as { readonly url: string }).url);
    const text = await answer.text();
    assert.equal(answer.status, 200);
    for (const stage of ['age', 'wait', 'preprocess', 'forward', 'score', 'publish', 'total']) {
      assert.match(
        text,
        new RegExp(`^sensebind_stage_duration_seconds\\{source="mic0",stage="${stage}",quantile="0.95"\\} \\d`, 'm'),
      );
    }
    assert.match(text, /^sensebind_mqtt_connected 0$/m);
    assert.match(text, /^sensebind_source_embeddings_total\{source="mic0"\} [1-9]/m);

    await writeFile(config, configOf(`${more}\nnonsense: 1`));
    node.process.kill('SIGHUP');
    const refusal = await node.until(({ kind }) => kind === 'reload-refused');
    assert.match(JSON.stringify(refusal['error']), /CONFIG_INVALID.*config\.yaml:\d+:\d+.*nonsense/);
    await writeFile(config, configOf(more, { labels: '[{ id: door_bell }, { id: cat }]' }));
    node.process.kill('SIGHUP');
    const taken = await node.until((line) => line.kind === 'reloaded' && line !== first);
    assert.deepEqual([taken['changed'], taken['opened']], [['labelSets'], []]);
    await node.until((line) => isScore(line) && JSON.stringify(line).includes('house@2'));
    await systemd.until(['READY=1', 'RELOADING=1', 'READY=1', 'RELOADING=1', 'READY=1']);

    node.process.kill('SIGTERM');
    await systemd.until(['STOPPING=1']);
    assert.equal(await node.ended, 0);
    assert.ok(!node.lines.some(({ kind }) => kind === 'systemd'));
    // With --json, nothing is written but lines of JSON.
    assert.deepEqual(node.other, []);
  });

  for (const { what, expected, break: breakNode } of [
    {
      what: 'a call of an encoder that does not come back',
      // The documented one (deploy/README.md).
      expected: process.execve === undefined ? 'SIGKILL' : 70,
      break: (_node: RunningNode, stuck: string) => writeFile(stuck, ''),
    },
    {
      what: 'SIGSEGV',
      expected: 'SIGSEGV',
      break: async (node: RunningNode) => {
        node.process.kill('SIGSEGV');
      },
    },
  ]) {
    it(`ends on ${what} in the way that is documented, and its next process loses no event`, async (context) => {
      const folder = await temporaryFolder(context);
      const stuck = path.join(folder, 'stuck');
      const config = path.join(folder, 'config.yaml');
      const port = await freePort();
      await writeFile(config, configOf(`inference: { runtime: ${STUCK_RUNTIME}, stuckAfter: 1s }`, { port }));
      const start = () =>
        startNode(context, config, { stateHome: folder, environment: { SENSEBIND_TEST_STUCK: stuck } });
      const first = start();
      const idsOf = ({ lines }: RunningNode) =>
        lines.filter(({ kind }) => kind === 'detected').map(({ event }) => (event as { readonly id: string }).id);
      await first.until(() => idsOf(first).length >= 4);
      const ids = new Set(idsOf(first));
      // By then a spool has written what it had.
      const scores = first.lines.filter(isScore).length;
      await first.until(() => first.lines.filter(isScore).length >= scores + 2);
      await breakNode(first, stuck);
      assert.equal(await first.ended, expected);
      await rm(stuck, { force: true });
      const endedMicros = process.hrtime.bigint();

      const second = start();
      const broker = await recordingBroker(context, { port });
      await broker.until(({ topic, payload }) => topic === 'sensebind/v1/box/status' && `${payload}` === 'online');
      context.diagnostic(`online again after ${(process.hrtime.bigint() - endedMicros) / 1_000_000n} ms`);
      for (const id of ids) {
        await broker.until(({ topic, payload }) => topic.endsWith('event/loud') && `${payload}`.includes(`"${id}"`));
      }
      second.process.kill('SIGTERM');
      assert.equal(await second.ended, 0);
    });
  }

  it('refuses to run a node twice, and runs it again after a SIGKILL', async (context) => {
    const folder = await temporaryFolder(context);
    const config = path.join(folder, 'config.yaml');
    await writeFile(config, configOf(''));
    const start = () => startNode(context, config, { stateHome: folder });
    const first = start();
    await first.until(({ kind }) => kind === 'note');
    const main = compiled('runtime/cli/main');
    const second = promisify(execFile)(process.execPath, [main, 'run', config], {
      env: { ...process.env, XDG_STATE_HOME: folder },
    });
    await assert.rejects(second, (error: { readonly code: number; readonly stderr: string }) => {
      assert.match(error.stderr, new RegExp(`process ${first.process.pid} uses it .FOLDER_IN_USE.`));
      return error.code === 1;
    });
    first.process.kill('SIGKILL');
    await first.ended;
    const third = start();
    await third.until(({ kind }) => kind === 'note');
  });
});
