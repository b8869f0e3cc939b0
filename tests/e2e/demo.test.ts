import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, describe, it, type TestContext } from 'node:test';
import { freePort } from '../support/mosquitto';
import { collect } from '../support/output';
import { compiled } from '../support/paths';

describe('the demonstration', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'sensebind-demo-'));
  after(() => rmSync(folder, { recursive: true }));

  function demo(context: TestContext, args: readonly string[]) {
    const child = spawn(process.execPath, [compiled('runtime/cli/main'), 'demo', ...args], {
      env: { ...process.env, XDG_CACHE_HOME: folder, XDG_STATE_HOME: folder },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    context.after(() => void child.kill('SIGKILL'));
    return { child, stdout: collect(child.stdout), stderr: collect(child.stderr), closed: once(child, 'close') };
  }

  it('shows events with the truth beside them, and ends with 0 on SIGINT, whoever else holds a connection', async (context) => {
    const port = await freePort();
    const { child, closed, stdout, stderr } = demo(context, ['--headless', '--broker-port', String(port)]);
    await stdout.until(/\d:\d\d {2}new {2}[a-z_]+ +\d+ %.* (right|wrong): \w/);
    const mute = connect(port, '127.0.0.1').on('error', () => undefined);
    context.after(() => void mute.destroy());
    await once(mute, 'connect');
    child.kill('SIGINT');
    assert.deepEqual(await closed, [0, null], stderr.text);
    assert.match(stdout.text, /stopped: found \d+, missed \d+, false alarms \d+\n$/);
    const notices = `${stdout.text}${stderr.text}`.match(/knows only the simulated world/g);
    assert.equal(notices?.length, 1, 'the notice of the model is shown once');
  });

  it('ends by itself', async (context) => {
    const { closed, stdout, stderr } = demo(context, ['--headless', '--for', '1s', '--seed', '7']);
    assert.deepEqual(await closed, [0, null], stderr.text);
    assert.match(stdout.text, /simulated, seed 7/);
    assert.match(stdout.text, /stopped: /);
  });

  it('shows the flow and a live page to whoever has its password, and events with the truth beside them', async (context) => {
    const [port, brokerPort] = [await freePort(), await freePort()];
    const args = ['--port', String(port), '--broker-port', String(brokerPort)];
    const { child, closed, stdout, stderr } = demo(context, args);
    await stdout.until(/\d:\d\d {2}new {2}[a-z_]+ +\d+ %.* (right|wrong): \w/);
    const editor = `http://127.0.0.1:${port}/`;
    const page = await fetch(`${editor}resources/@sensebind/node-red/live.html`);
    assert.equal(page.status, 200);
    assert.equal((await fetch(`${editor}sensebind/live`)).status, 401);
    const [, user = '', password = ''] = /login {3}(\w+), password (\w+)/.exec(stdout.text) ?? [];
    const token = await fetch(`${editor}auth/token`, {
      method: 'POST',
      body: new URLSearchParams({
        client_id: 'node-red-editor',
        grant_type: 'password',
        scope: '',
        username: user,
        password,
      }),
    });
    const { access_token } = (await token.json()) as { readonly access_token: string };
    const live = await fetch(`${editor}sensebind/live`, { headers: { Authorization: `Bearer ${access_token}` } });
    const { sources, events, truth } = (await live.json()) as Readonly<Record<string, readonly unknown[]>>;
    assert.equal(sources?.length, 5);
    assert.ok((events?.length ?? 0) > 0 && (truth?.length ?? 0) > 0);
    child.kill('SIGINT');
    assert.deepEqual(await closed, [0, null], stderr.text);
    assert.match(stdout.text, /stopped: found \d+, missed \d+, false alarms \d+\n$/);
  });

  it('says so, and ends, where its port is taken', async (context) => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    context.after(() => void server.close());
    const address = server.address();
    assert.ok(typeof address === 'object' && address !== null);
    const { closed, stderr } = demo(context, ['--headless', '--broker-port', String(address.port)]);
    assert.deepEqual(await closed, [2, null]);
    assert.match(stderr.text, /EADDRINUSE/);
  });
});
