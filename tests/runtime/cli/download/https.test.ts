import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, describe, it, type TestContext } from 'node:test';
import tls from 'node:tls';
import { type Downloaded, download } from '../../../../runtime/cli/download/download';
import { systemClock } from '../../../../runtime/clock';
import { inEnvironment } from '../../../support/environment';
import { servedBytes, startFileServer } from '../../../support/fileServer';
import { refused } from '../../../support/refused';
import { temporaryFolder } from '../../../support/temporaryFolder';

const CONTENT = randomBytes(300_000);

/** A key and a certificate for this machine that nobody else vouches for; why there are none, without openssl(1). */
function selfSigned(folder: string): { readonly key: string; readonly cert: string } | string {
  const [key, cert] = [path.join(folder, 'key.pem'), path.join(folder, 'cert.pem')];
  const { status, error } = spawnSync('openssl', [
    ...['req', '-x509', '-nodes', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-days', '2'],
    ...['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', key, '-out', cert],
  ]);
  if (error !== undefined) return 'openssl is missing: apt-get install openssl';
  if (status !== 0) return `openssl ended with ${status}`;
  return { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') };
}

const folder = mkdtempSync(path.join(tmpdir(), 'sensebind-https-'));
after(() => rmSync(folder, { recursive: true }));
const certificate = selfSigned(folder);

describe('a download over https', { skip: typeof certificate === 'string' && certificate }, () => {
  async function load(
    context: TestContext,
  ): Promise<{ readonly target: string; readonly loading: Promise<Downloaded> }> {
    assert.ok(typeof certificate !== 'string');
    const server = await startFileServer(context, servedBytes(CONTENT), certificate);
    server.faults = [{ cutAfter: 200_000 }];
    const target = path.join(await temporaryFolder(context), 'weights.pth');
    const { signal } = new AbortController();
    const loading = download({ url: new URL(server.url), target, signal, clock: systemClock, random: () => 0 });
    loading.catch(() => undefined);
    return { target, loading };
  }

  it('is refused from one who cannot prove who he is, without trying again', async (context) => {
    const { loading } = await load(context);
    await assert.rejects(loading, (error) => {
      assert.ok(refused('DOWNLOAD_FAILED', /to prove who it is, found: self-signed certificate/)(error));
      assert.match(String((error as { cure?: unknown }).cure), /NODE_EXTRA_CA_CERTS/);
      return true;
    });
  });

  it('goes through a proxy, which sees no byte of it, and on where it was cut', async (context) => {
    assert.ok(typeof certificate !== 'string');
    const trusted = tls.getCACertificates('default');
    tls.setDefaultCACertificates([...trusted, certificate.cert]);
    context.after(() => tls.setDefaultCACertificates(trusted));
    const tunnels: string[] = [];
    const proxy = createServer().on('connect', (request, socket, head) => {
      tunnels.push(request.url ?? '');
      const { hostname, port } = new URL(`http://${request.url}`);
      const onward = connect(Number(port), hostname, () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n');
        onward.write(head);
        onward.pipe(socket).pipe(onward);
      });
      onward.on('error', () => socket.destroy());
      socket.on('error', () => onward.destroy());
    });
    proxy.listen(0, '127.0.0.1');
    await once(proxy, 'listening');
    const address = proxy.address();
    context.after(() => void proxy.close());
    const at = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
    inEnvironment(context, { https_proxy: at, HTTPS_PROXY: at, no_proxy: '', NO_PROXY: '' });
    const { target, loading } = await load(context);
    await loading;
    assert.deepEqual(await readFile(target), CONTENT);
    assert.equal(tunnels.length, 2);
  });
});
