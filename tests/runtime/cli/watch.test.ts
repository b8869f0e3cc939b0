import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, it, type TestContext } from 'node:test';
import { connectAsync } from 'mqtt';
import { freePort, startMosquitto, withoutMosquitto } from '../../support/mosquitto';
import { collect, type Output } from '../../support/output';
import { compiled } from '../../support/paths';
import { connack, polite, ScriptedBroker } from '../../support/scriptedBroker';

interface Watch {
  readonly process: ChildProcess;
  readonly stdout: Output;
  readonly stderr: Output;
  readonly exited: Promise<unknown[]>;
}

function watch(context: TestContext, args: readonly string[]): Watch {
  const child = spawn(process.execPath, [compiled('runtime/cli/main'), 'watch', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  context.after(() => void child.kill('SIGKILL'));
  return {
    process: child,
    stdout: collect(child.stdout),
    stderr: collect(child.stderr),
    exited: once(child, 'close'),
  };
}

async function publish(url: string, messages: readonly (readonly [string, string | Buffer])[]): Promise<void> {
  const client = await connectAsync(url);
  for (const [topic, payload] of messages) await client.publishAsync(topic, payload, { qos: 1, retain: true });
  await client.endAsync();
}

const STATUS = 'sensebind/v1/box/status';

describe('sensebind watch', () => {
  it('fails with words where there is no broker, and never shows a password', async (context) => {
    const { stderr, exited } = watch(context, [`mqtt://me:hunter2@127.0.0.1:${await freePort()}`]);
    assert.deepEqual(await exited, [1, null]);
    assert.match(stderr.text, /BROKER_UNREACHABLE/);
    assert.match(stderr.text, /ECONNREFUSED/);
    assert.doesNotMatch(stderr.text, /hunter2/);
  });

  it('fails where the broker refuses the password or the subscription', async (context) => {
    const closed = await ScriptedBroker.start(context, (packet, { send }) => {
      if (packet.cmd === 'connect') send(connack(packet.protocolVersion === 5 ? 134 : 4));
    });
    const first = watch(context, [closed.url, '--json']);
    assert.deepEqual(await first.exited, [1, null]);
    assert.equal(JSON.parse(first.stdout.text).error.code, 'BROKER_REFUSED');
    const forbidding = await ScriptedBroker.start(context, (packet, client) => {
      if (packet.cmd === 'subscribe') client.send({ cmd: 'suback', messageId: packet.messageId ?? 0, granted: [135] });
      else polite(packet, client);
    });
    const second = watch(context, [forbidding.url, '--json']);
    assert.deepEqual(await second.exited, [1, null]);
    assert.match(second.stdout.text, /BROKER_REFUSED(.|\n)*sensebind\/v1\/#/);
  });

  it('ends at once when it is told to while a broker does not answer', async (context) => {
    const broker = await ScriptedBroker.start(context, () => undefined);
    const { process: child, exited } = watch(context, [broker.url]);
    await broker.until(({ packet }) => packet.cmd === 'connect');
    child.kill('SIGINT');
    assert.deepEqual(await exited, [0, null]);
  });

  it('refuses a base with wildcards as a wrong command line', async (context) => {
    assert.deepEqual(await watch(context, ['mqtt://127.0.0.1', '--base', '#']).exited, [2, null]);
  });

  describe('with a real mosquitto', { skip: withoutMosquitto }, () => {
    it('passes over garbage, shows the rest, and ends with 0 on SIGINT whatever --for says', async (context) => {
      const broker = await startMosquitto({ holdsContract: false });
      context.after(() => broker.stop());
      await publish(broker.url, [
        [STATUS, 'online\nsensebind/v1/box/status  all is well'],
        ['sensebind/v1/box/info', '{"s":"info/1"}'],
        ['sensebind/v1/box/health', '[['.repeat(10_000)],
        ['sensebind/v1/box/src/mic0/status', '\u001b[2Jonline'],
        ['sensebind/v1/box/src/mic0/emb', Buffer.alloc(10_000, 0x91)],
        ['sensebind/v1/box/src/mic0/scores', '{"s":"scores/1","k":[{}]}'],
        ['sensebind/v1/box/elsewhere', 'x'],
      ]);
      const text = watch(context, [broker.url, '--for', '1h']);
      const json = watch(context, [broker.url, '--json', '--for', '1h']);
      for (const { stderr } of [text, json]) {
        for (const topic of [STATUS, 'src/mic0/status', 'src/mic0/emb'])
          await stderr.until(new RegExp(`${topic}: .*expected`, 'i'));
      }
      await publish(broker.url, [[STATUS, 'online']]);
      await text.stdout.until(/online\n/);
      await json.stdout.until(/online/);
      for (const { process: child, exited } of [text, json]) {
        child.kill('SIGINT');
        assert.deepEqual(await exited, [0, null]);
      }
      assert.equal(text.stdout.text, `${STATUS}  online\n`);
      assert.deepEqual(
        json.stdout.text
          .trimEnd()
          .split('\n')
          .map((line) => JSON.parse(line)),
        [{ status: 'online', topic: STATUS }],
      );
      assert.ok(!text.stderr.text.includes('\u001b'));
    });

    it('shows the states of labels, and what was cleared', async (context) => {
      const broker = await startMosquitto();
      context.after(() => broker.stop());
      const root = 'sensebind/v1/box/label/dog';
      const rest = { title: 'dog', on: true, p: 0.9, cos: 0.3, margin: 0.1, since: 1, src: ['mic0'], set: 'house@1' };
      const attributes = { s: 'label/1', l: 'dog', ...rest, threshold: 0.5, cal: null, reason: null };
      const text = watch(context, [broker.url]);
      const json = watch(context, [broker.url, '--json']);
      await publish(broker.url, [
        [`${root}/attr`, JSON.stringify(attributes)],
        [`${root}/state`, 'ON'],
      ]);
      await text.stdout.until(/state {2}ON\n/);
      await json.stdout.until(/"ON".*\n/);
      await publish(broker.url, [[`${root}/state`, '']]);
      await text.stdout.until(/state {2}\(cleared\)\n/);
      await json.stdout.until(/"cleared".*\n/);
      for (const { process: child, exited } of [text, json]) {
        child.kill('SIGINT');
        assert.deepEqual(await exited, [0, null]);
      }
      assert.equal(text.stdout.text, `${root}/state  ON\n${root}/state  (cleared)\n`);
      const lines = json.stdout.text.trimEnd().split('\n');
      assert.deepEqual(
        lines.map((line) => JSON.parse(line)),
        [
          { ...attributes, topic: `${root}/attr` },
          { state: 'ON', topic: `${root}/state` },
          { cleared: true, topic: `${root}/state` },
        ],
      );
    });

    it('tells what the labels of a node must not be taken for', async (context) => {
      const broker = await startMosquitto();
      context.after(() => broker.stop());
      const bundle = { name: 'b', variant: 'v', space: 's', dimensions: 2, trained: true, licence: 'none' };
      const boot = { node: 'box', boot: 'b1', version: '1', started: 1_700_000_000_000_000, cq: 'sim' };
      const lists = { models: [], sources: [], sets: [], schemas: [] };
      const info = { s: 'info/1', ...boot, ...lists, bundle: { ...bundle, notice: 'toys only' } };
      const { process: child, stdout, exited } = watch(context, [broker.url]);
      await publish(broker.url, [['sensebind/v1/box/info', JSON.stringify(info)]]);
      await stdout.until(/info {2}note: toys only\n/);
      child.kill('SIGINT');
      assert.deepEqual(await exited, [0, null]);
    });

    it('waits for a broker that goes away, and reads on when it is back', async (context) => {
      const port = await freePort();
      const first = await startMosquitto({ port });
      const { process: child, stdout, stderr, exited } = watch(context, [first.url]);
      await publish(first.url, [[STATUS, 'online']]);
      await stdout.until(/status {2}online/);
      await first.stop();
      await stderr.until(/gone; trying again/);
      const second = await startMosquitto({ port });
      context.after(() => second.stop());
      await stderr.until(/connected again/);
      await publish(second.url, [[STATUS, 'stopped']]);
      await stdout.until(/status {2}stopped/);
      child.kill('SIGTERM');
      assert.deepEqual(await exited, [0, null]);
    });

    it('ends by itself after --for', async (context) => {
      const broker = await startMosquitto();
      context.after(() => broker.stop());
      assert.deepEqual(await watch(context, [broker.url, '--for', '100ms']).exited, [0, null]);
    });
  });
});
