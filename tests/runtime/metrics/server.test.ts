import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request } from 'node:http';
import { createServer } from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import { type MetricsEvent, MetricsServer, type MetricsServerOptions } from '../../../runtime/metrics/server';
import { ManualClock } from '../../support/manualClock';

const EXPOSITION = { contentType: 'text/plain; version=0.0.4', text: async () => 'up 1\n' };
const CREDENTIALS = { username: 'prometheus', password: 'pässword:with colon' };

/** Starts a server and resolves to where it listens. */
async function listening(context: TestContext, options: Partial<MetricsServerOptions> = {}): Promise<URL> {
  const url = await new Promise<string>((resolve, reject) => {
    const server = new MetricsServer({
      host: '127.0.0.1',
      port: 0,
      exposition: EXPOSITION,
      clock: new ManualClock(),
      ...options,
      onEvent: (event) => (event.kind === 'listening' ? resolve(event.url) : reject(event.error)),
    });
    context.after(() => server.close());
    server.start();
  });
  return new URL(url);
}

interface Asked {
  readonly path?: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

async function ask(url: URL, { path = '/metrics', method = 'GET', headers = {} }: Asked = {}) {
  const asked = request({ host: url.hostname, port: url.port, path, method, headers, agent: false }).end();
  const [response] = await once(asked, 'response');
  const chunks: Buffer[] = await response.toArray();
  return { status: response.statusCode, headers: response.headers, body: Buffer.concat(chunks).toString() };
}

function basic(username: string, password: string): Readonly<Record<string, string>> {
  return { authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}` };
}

describe('the metrics server', () => {
  it('answers on /metrics and nowhere else, to GET and HEAD', async (context) => {
    const url = await listening(context);
    const { status, headers, body } = await ask(url);
    assert.deepEqual([status, headers['content-type'], body], [200, EXPOSITION.contentType, 'up 1\n']);
    assert.deepEqual((await ask(url, { method: 'HEAD' })).body, '');
    for (const path of ['/', '/metrics/', '/metrics/../metrics', '//metrics', '/%6detrics']) {
      assert.equal((await ask(url, { path })).status, 404, path);
    }
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS']) {
      assert.equal((await ask(url, { method })).status, 405, method);
    }
  });

  it('tells nothing without the right user name and password (F25)', async (context) => {
    const url = await listening(context, { credentials: CREDENTIALS });
    const wrong = [
      {},
      { authorization: 'Basic' },
      { authorization: 'Basic !!!' },
      { authorization: `Bearer ${Buffer.from('prometheus:pässword:with colon').toString('base64')}` },
      basic('prometheus', ''),
      basic('', CREDENTIALS.password),
      basic('prometheus', 'pässword:with colo'),
      basic('prometheus', 'pässword:with colon2'),
      basic('Prometheus', CREDENTIALS.password),
    ];
    for (const headers of wrong) {
      const { status, headers: answered, body } = await ask(url, { headers });
      assert.equal(status, 401, JSON.stringify(headers));
      assert.match(answered['www-authenticate'], /^Basic realm="sensebind"/);
      assert.doesNotMatch(body, /up 1/);
    }
    // Nor which addresses there are.
    assert.equal((await ask(url, { path: '/other' })).status, 401);
    const right = basic(CREDENTIALS.username, CREDENTIALS.password);
    assert.deepEqual((await ask(url, { headers: right })).body, 'up 1\n');
  });

  it('answers without a password only under names of this machine, so that no web page can ask', async (context) => {
    const url = await listening(context);
    for (const host of ['attacker.example', 'attacker.example:9464', '192.168.1.2', 'localhost.attacker.example']) {
      assert.equal((await ask(url, { headers: { host } })).status, 403, host);
    }
    for (const host of ['localhost', 'LOCALHOST:1', '127.0.0.1:9464', '127.1.2.3', '[::1]:9464']) {
      assert.equal((await ask(url, { headers: { host } })).status, 200, host);
    }
  });

  it('says what went wrong where the figures cannot be had', async (context) => {
    const failing = { contentType: '', text: () => Promise.reject(new Error('no figures')) };
    const { status, body } = await ask(await listening(context, { exposition: failing }));
    assert.deepEqual([status, body], [500, 'no figures\n']);
  });

  it('waits for an address that is taken, and tells that once', async (context) => {
    const rival = createServer().listen(0, '127.0.0.1');
    await once(rival, 'listening');
    const address = rival.address();
    assert.ok(typeof address === 'object' && address !== null);
    const clock = new ManualClock();
    const events: MetricsEvent[] = [];
    let told = (): void => undefined;
    const until = (kind: MetricsEvent['kind']) =>
      new Promise<void>((resolve) => {
        told = () => events.some((event) => event.kind === kind) && resolve();
        told();
      });
    const server = new MetricsServer({
      host: '127.0.0.1',
      port: address.port,
      exposition: EXPOSITION,
      clock,
      onEvent: (event) => {
        events.push(event);
        told();
      },
    });
    context.after(() => server.close());
    server.start();
    await until('failed');
    await clock.advance(10_000);
    while (clock.waiting === 0) await new Promise((resolve) => setImmediate(resolve));
    rival.close();
    await once(rival, 'close');
    await clock.advance(10_000);
    await until('listening');
    assert.deepEqual(
      events.map((event) => (event.kind === 'failed' ? event.error.code : event.kind)),
      ['ADDRESS_UNAVAILABLE', 'listening'],
    );
    assert.equal((await ask(new URL(`http://127.0.0.1:${address.port}`))).status, 200);
  });
});
