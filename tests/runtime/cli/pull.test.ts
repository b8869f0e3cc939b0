import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { watch } from 'node:fs';
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { proxyRemark } from '../../../runtime/cli/download/request';
import { type CommandResult, errorCode, startCommand } from '../../support/command';
import { type FileServer, servedBytes, startFileServer } from '../../support/fileServer';
import { collect } from '../../support/output';
import { compiled, golden } from '../../support/paths';
import { withoutScript } from '../../support/script';
import { temporaryFolder } from '../../support/temporaryFolder';

interface Place {
  readonly home: string;
  readonly server: FileServer;
  readonly checkpoint: Buffer;
  /** Where the checkpoint goes when nobody says where. */
  readonly file: string;
  start(...flags: readonly string[]): ReturnType<typeof startCommand>;
  pull(...flags: readonly string[]): Promise<CommandResult>;
}

async function place(context: TestContext): Promise<Place> {
  const checkpoint = await readFile(golden('imagebind_tiny.pth'));
  const home = await temporaryFolder(context);
  const server = await startFileServer(context, servedBytes(checkpoint));
  const start: Place['start'] = (...flags) =>
    startCommand(['models', 'pull', 'imagebind', '--url', server.url, ...flags], { stateHome: home });
  const file = path.join(home, 'data', 'sensebind', 'checkpoints', 'imagebind_huge.pth');
  return { home, server, checkpoint, file, start, pull: (...flags) => start(...flags).result };
}

function hashOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** Resolves when a file has so many bytes. */
async function grown(file: string, bytes: number): Promise<void> {
  const size = async (): Promise<number> => (await stat(file).catch(() => ({ size: 0 }))).size;
  const watcher = watch(path.dirname(file));
  try {
    while ((await size()) < bytes) await once(watcher, 'change');
  } finally {
    watcher.close();
  }
}

describe('sensebind models pull', () => {
  it('asks for nothing before the licence is accepted', async (context) => {
    const { pull, server } = await place(context);
    const result = await pull();
    assert.equal(result.code, 1);
    assert.match(result.stderr, /CC BY-NC-SA 4\.0/);
    assert.match(result.stderr, /not intended for any real-world application/);
    assert.match(result.stderr, /nobody to ask \(LICENCE_NOT_ACCEPTED\)\n.*--accept-licence/);
    assert.equal(errorCode(await pull('--json')), 'LICENCE_NOT_ACCEPTED');
    assert.deepEqual(server.requests, []);
  });

  it('brings the file, keeps where it is from and that the licence was accepted, and does so once', async (context) => {
    const { pull, server, checkpoint, file } = await place(context);
    const result = await pull('--accept-licence', '--json');
    assert.equal(result.code, 0, result.stderr);
    const sha256 = hashOf(checkpoint);
    const { licence, ...answer } = JSON.parse(result.stdout);
    const bytes = checkpoint.length;
    assert.deepEqual(answer, { file, bytes, sha256, url: server.url, isNew: true, resumedFromBytes: 0 });
    assert.deepEqual(await readFile(file), checkpoint);
    const { acceptedAt, ...acceptance } = JSON.parse(await readFile(licence.record, 'utf8'));
    assert.ok(Math.abs(Date.parse(acceptedAt) - Date.now()) < 600_000, acceptedAt);
    assert.deepEqual(acceptance, {
      format: 'sensebind-licence/1',
      licence: 'CC BY-NC-SA 4.0',
      licenceSource: 'https://github.com/facebookresearch/ImageBind',
      source: server.url,
      by: '--accept-licence',
    });
    const again = await pull();
    assert.equal(again.code, 0, again.stderr);
    assert.match(again.stdout, /was here already/);
    assert.match(again.stdout, new RegExp(sha256));
    assert.equal(server.requests.length, 1);
    assert.equal(errorCode(await pull('--json', '--sha256', hashOf(Buffer.alloc(1)))), 'DOWNLOAD_CORRUPT');
  });

  it('goes on after kill -9, and after Ctrl-C, and ends with the same bytes', async (context) => {
    const { start, pull, server, checkpoint, file } = await place(context);
    const content = path.join(`${file}.part`, 'content');
    await mkdir(path.dirname(content), { recursive: true });
    server.faults = [{ stallAfter: 2_000_000 }, { stallAfter: 1_500_000 }];
    const killed = start('--accept-licence');
    await grown(content, 1_000_000);
    killed.process.kill('SIGKILL');
    await killed.result;
    const interrupted = start();
    await grown(content, 2_500_000);
    interrupted.process.kill('SIGINT');
    assert.equal((await interrupted.result).code, 130);
    const result = await pull('--json');
    const { sha256, resumedFromBytes } = JSON.parse(result.stdout);
    assert.equal(sha256, hashOf(checkpoint));
    assert.ok(resumedFromBytes >= 2_500_000);
    const [, second = { range: '' }] = server.requests;
    assert.ok(Number(/^bytes=(\d+)-$/.exec(second.range ?? '')?.[1]) >= 1_000_000, second.range);
    assert.deepEqual(await readFile(file), checkpoint);
  });

  it('says of a whole file that cannot be read, or was changed, where it lies and how to load it again', async (context) => {
    const { pull, server, checkpoint, file } = await place(context);
    const damaged = Buffer.from(checkpoint);
    damaged[2_000_000] = (damaged[2_000_000] ?? 0) ^ 1;
    for (const [served, says] of [
      [Buffer.from('no weights'), /no container/],
      [damaged, /Expected the content of data\/\d+ to have the CRC/],
    ] as const) {
      server.file = servedBytes(served);
      server.etag = `"${hashOf(served)}"`;
      const result = await pull('--accept-licence', '--to', path.join(path.dirname(file), `${served.length}.pth`));
      assert.equal(result.code, 1);
      assert.match(result.stderr, says);
      assert.match(result.stderr, /\d+\.pth\.part: delete that folder to load it again/);
    }
  });

  it('puts it where it is told to, and takes what lies there', async (context) => {
    const { pull, server, checkpoint, home } = await place(context);
    const folder = path.join(home, 'elsewhere');
    const result = await pull('--accept-licence', '--to', `${folder}/`);
    assert.equal(result.code, 0, result.stderr);
    assert.deepEqual(await readFile(path.join(folder, 'imagebind_huge.pth')), checkpoint);
    const brought = path.join(folder, 'brought.pth');
    await writeFile(brought, checkpoint);
    const { isNew, sha256 } = JSON.parse((await pull('--accept-licence', '--json', '--to', brought)).stdout);
    assert.deepEqual({ isNew, sha256 }, { isNew: false, sha256: hashOf(checkpoint) });
    assert.equal(server.requests.length, 1);
  });

  it('refuses addresses, hashes and models that make no sense', async (context) => {
    const { pull, home } = await place(context);
    for (const flags of [
      ['--url', 'http://example.org/weights.pth'],
      ['--sha256', 'abc'],
    ]) {
      assert.equal((await pull('--accept-licence', ...flags)).code, 2, flags.join(' '));
    }
    assert.equal((await startCommand(['models', 'pull', 'clip'], { stateHome: home }).result).code, 2);
  });

  it('goes through the proxy that the environment names', async (context) => {
    const { server, checkpoint, home } = await place(context);
    const args = ['models', 'pull', '--accept-licence', '--json'];
    // Nobody has that name: only a proxy can answer for it.
    args.push('--url', 'http://weights.invalid/imagebind_huge.pth', '--sha256', hashOf(checkpoint));
    const proxy = new URL(server.url).origin;
    const environment = { http_proxy: proxy, HTTP_PROXY: proxy, no_proxy: '', NO_PROXY: '' };
    const result = await startCommand(args, { stateHome: home, environment }).result;
    assert.equal(result.code, 0, result.stderr + result.stdout);
    assert.equal(server.requests.length, 1);
  });

  it('says where Node.js is too old for a proxy', () => {
    const environment = { HTTPS_PROXY: 'http://proxy:3128' };
    for (const version of ['24.5.0', '22.21.0', '26.0.0']) assert.equal(proxyRemark(environment, version), undefined);
    for (const version of ['20.19.0', '22.20.0', '23.11.0', '24.4.1']) {
      assert.match(proxyRemark(environment, version) ?? '', /HTTPS_PROXY is set, but Node\.js/);
    }
    assert.equal(proxyRemark({}, '20.19.0'), undefined);
  });
});

describe('sensebind models pull on a terminal', { skip: withoutScript }, () => {
  async function answering(context: TestContext, answer: string): Promise<Place & { readonly said: string }> {
    const here = await place(context);
    const command = `${process.execPath} ${compiled('runtime/cli/main')} models pull --url ${here.server.url}`;
    const child = spawn('script', ['-qec', command, '/dev/null'], {
      env: { ...process.env, XDG_STATE_HOME: here.home, XDG_DATA_HOME: path.join(here.home, 'data') },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const output = collect(child.stdout);
    const ended = once(child, 'close');
    await output.until(/Do you accept the licence CC BY-NC-SA 4\.0\? \[yes\/no\]/);
    child.stdin.write(answer);
    await ended;
    return { ...here, said: output.text };
  }

  it('goes on with yes', async (context) => {
    const { checkpoint, file, said } = await answering(context, 'yes\r');
    assert.match(said, new RegExp(hashOf(checkpoint)));
    assert.deepEqual(await readFile(file), checkpoint);
    assert.equal(JSON.parse(await readFile(`${file}.licence.json`, 'utf8')).by, 'answer');
  });

  for (const [name, answer] of [
    ['no', 'no\r'],
    ['nothing', '\r'],
    ['the end of the input', '\x04'],
  ] as const) {
    it(`does nothing with ${name}`, async (context) => {
      const { server, said } = await answering(context, answer);
      assert.match(said, /LICENCE_NOT_ACCEPTED/);
      assert.deepEqual(server.requests, []);
    });
  }
});
