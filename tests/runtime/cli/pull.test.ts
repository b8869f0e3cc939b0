import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { watch } from 'node:fs';
import { mkdir, readFile, stat, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { proxyRemark } from '../../../runtime/cli/download/request';
import { checkpointPlace, requireKnownModel } from '../../../runtime/cli/models/published';
import { type PulledCheckpoint, type PullOptions, pullCheckpoint } from '../../../runtime/cli/models/pullCheckpoint';
import type { SensebindError } from '../../../runtime/errors';
import { startCommand } from '../../support/command';
import { inEnvironment } from '../../support/environment';
import { type FileServer, servedBytes, startFileServer } from '../../support/fileServer';
import { collect } from '../../support/output';
import { compiled, golden } from '../../support/paths';
import { refused } from '../../support/refused';
import { withoutScript } from '../../support/script';
import { temporaryFolder } from '../../support/temporaryFolder';

interface Place {
  readonly home: string;
  readonly server: FileServer;
  readonly content: Buffer;
  /** Where the checkpoint goes when nobody says where. */
  readonly file: string;
  /** As the command does, for a program. */
  pull(options?: Partial<PullOptions>): Promise<PulledCheckpoint>;
  /** The command itself. */
  start(...flags: readonly string[]): ReturnType<typeof startCommand>;
}

async function place(context: TestContext): Promise<Place> {
  const content = await readFile(golden('imagebind_tiny.pth'));
  const home = await temporaryFolder(context);
  inEnvironment(context, { XDG_DATA_HOME: path.join(home, 'data') });
  const server = await startFileServer(context, servedBytes(content));
  const file = await checkpointPlace(undefined);
  const options = { file, url: server.url, json: true, signal: new AbortController().signal };
  return {
    home,
    server,
    content,
    file,
    pull: (more = {}) => pullCheckpoint({ ...options, ...more }),
    start: (...flags) =>
      startCommand(['models', 'pull', 'imagebind', '--url', server.url, ...flags], { stateHome: home }),
  };
}

function hashOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** Resolves when a file has so many bytes. */
async function hasGrown(file: string, bytes: number): Promise<void> {
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
    const { start, server } = await place(context);
    const result = await start().result;
    assert.equal(result.code, 1);
    assert.match(result.stderr, /CC BY-NC-SA 4\.0/);
    assert.match(result.stderr, /not intended for any real-world application/);
    assert.match(result.stderr, /nobody to ask \(LICENCE_NOT_ACCEPTED\)\n.*--accept-licence/);
    assert.deepEqual(server.requests, []);
  });

  it('brings the file, keeps where it is from and that the licence was accepted, and does so once', async (context) => {
    const { pull, server, content, file, home } = await place(context);
    assert.equal(file, path.join(home, 'data', 'sensebind', 'checkpoints', 'imagebind_huge.pth'));
    const sha256 = hashOf(content);
    const found = { file, bytes: content.length, sha256, url: server.url, resumedFromBytes: 0 };
    assert.deepEqual(await pull({ acceptLicence: true }), { ...found, isNew: true });
    assert.deepEqual(await readFile(file), content);
    const { acceptedAt, ...acceptance } = JSON.parse(await readFile(`${file}.licence.json`, 'utf8'));
    assert.ok(Math.abs(Date.parse(acceptedAt) - Date.now()) < 600_000, acceptedAt);
    assert.deepEqual(acceptance, {
      format: 'sensebind-licence/1',
      licence: 'CC BY-NC-SA 4.0',
      licenceSource: 'https://github.com/facebookresearch/ImageBind',
      source: server.url,
      by: '--accept-licence',
    });
    assert.deepEqual(await pull(), { ...found, isNew: false });
    assert.deepEqual(await pull({ sha256: sha256.toUpperCase() }), { ...found, isNew: false });
    await assert.rejects(pull({ sha256: hashOf(Buffer.alloc(1)) }), refused('DOWNLOAD_CORRUPT'));
    assert.equal(server.requests.length, 1);
  });

  it('goes on after kill -9, and after Ctrl-C, and ends with the same bytes', async (context) => {
    const { start, pull, server, content, file } = await place(context);
    const grown = path.join(`${file}.part`, 'content');
    await mkdir(path.dirname(grown), { recursive: true });
    server.faults = [{ stallAfter: 2_000_000 }, { stallAfter: 1_500_000 }];
    const killed = start('--accept-licence');
    await hasGrown(grown, 1_000_000);
    killed.process.kill('SIGKILL');
    await killed.result;
    const interrupted = start();
    await hasGrown(grown, 2_500_000);
    interrupted.process.kill('SIGINT');
    assert.equal((await interrupted.result).code, 130);
    const { sha256, resumedFromBytes } = await pull();
    assert.equal(sha256, hashOf(content));
    assert.ok(resumedFromBytes >= 2_500_000);
    const [, second] = server.requests;
    assert.ok(Number(/^bytes=(\d+)-$/.exec(second?.range ?? '')?.[1]) >= 1_000_000, second?.range);
    assert.deepEqual(await readFile(file), content);
  });

  it('says of a whole file that cannot be read, or was changed, where it lies and how to load it again', async (context) => {
    const { pull, server, content, file } = await place(context);
    const damaged = Buffer.from(content);
    damaged[2_000_000] = (damaged[2_000_000] ?? 0) ^ 1;
    for (const [served, says] of [
      [Buffer.from('no weights'), /no container/],
      [damaged, /Expected the content of data\/\d+ to have the CRC/],
    ] as const) {
      server.file = servedBytes(served);
      const target = `${file}.${served.length}`;
      await assert.rejects(pull({ acceptLicence: true, file: target }), (error) => {
        assert.ok(refused('CHECKPOINT_CORRUPT', says)(error));
        assert.match((error as SensebindError).cure, /\.part: delete that folder to load it again/);
        return true;
      });
      await assert.rejects(stat(target), { code: 'ENOENT' });
    }
  });

  it('puts it where it is told to, and takes what lies there', async (context) => {
    const { pull, server, content, home } = await place(context);
    assert.equal(await checkpointPlace(`${home}/new/`), path.join(home, 'new', 'imagebind_huge.pth'));
    assert.equal(await checkpointPlace(home), path.join(home, 'imagebind_huge.pth'));
    const file = await checkpointPlace(path.join(home, 'brought.pth'));
    await writeFile(file, content);
    const { isNew, sha256 } = await pull({ acceptLicence: true, file });
    assert.deepEqual({ isNew, sha256 }, { isNew: false, sha256: hashOf(content) });
    assert.deepEqual(server.requests, []);
  });

  it('reads a file again that was changed after its check, and vouches for it only if it is the same', async (context) => {
    const { pull, content, file, server } = await place(context);
    const { sha256 } = await pull({ acceptLicence: true });
    const stampOf = async () => JSON.parse(await readFile(`${file}.download.json`, 'utf8')).stamp;
    const first = await stampOf();
    await utimes(file, 1000, 1000);
    assert.equal((await pull()).sha256, sha256);
    assert.notDeepEqual(await stampOf(), first, 'read once, not each time');

    // The time of an entry in the directory of the archive: the file is whole, and has all its sums.
    const other = await readFile(golden('imagebind_tiny.pth'));
    const at = other.lastIndexOf(Buffer.from('PK\x01\x02')) + 12;
    other.writeUInt16LE(other.readUInt16LE(at) ^ 1, at);
    const { mtime, atime } = await stat(file);
    await writeFile(file, other);
    await utimes(file, atime, mtime);
    await assert.rejects(pull(), refused('DOWNLOAD_CORRUPT', /with which it was downloaded/));
    assert.equal((await pull({ sha256: hashOf(other) })).sha256, hashOf(other));
    assert.equal((await pull()).sha256, hashOf(other));
    assert.notEqual(hashOf(other), hashOf(content));
    assert.equal(server.requests.length, 1);
  });

  it('refuses addresses, hashes and models that make no sense', async (context) => {
    const { pull } = await place(context);
    for (const options of [{ url: 'http://example.org/weights.pth' }, { sha256: 'abc' }]) {
      await assert.rejects(pull({ acceptLicence: true, ...options }), { name: 'UsageError' });
    }
    assert.throws(() => requireKnownModel('clip'), { name: 'UsageError' });
  });

  it('goes through the proxy that the environment names', async (context) => {
    const { pull, server, content } = await place(context);
    const proxy = new URL(server.url).origin;
    inEnvironment(context, { http_proxy: proxy, HTTP_PROXY: proxy, no_proxy: '', NO_PROXY: '' });
    // Nobody has that name: only a proxy can answer for it.
    const url = 'http://weights.invalid/imagebind_huge.pth';
    const { isNew } = await pull({ acceptLicence: true, url, sha256: hashOf(content) });
    assert.deepEqual([isNew, server.requests.length], [true, 1]);
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
    const { content, file, said } = await answering(context, 'yes\r');
    assert.match(said, new RegExp(hashOf(content)));
    assert.deepEqual(await readFile(file), content);
    assert.equal(JSON.parse(await readFile(`${file}.licence.json`, 'utf8')).by, 'answer');
  });

  it('does nothing with the end of the input', async (context) => {
    const { server, said } = await answering(context, '\x04');
    assert.match(said, /LICENCE_NOT_ACCEPTED/);
    assert.deepEqual(server.requests, []);
  });
});
