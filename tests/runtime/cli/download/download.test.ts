import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, statfs, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import fc from 'fast-check';
import { parseAddress } from '../../../../runtime/cli/download/address';
import { type Downloaded, type DownloadOptions, download } from '../../../../runtime/cli/download/download';
import { type Clock, type Millis, systemClock } from '../../../../runtime/clock';
import { SensebindError } from '../../../../runtime/errors';
import { withCleanUp } from '../../../support/cleanUp';
import { type Fault, type FileServer, servedBytes, startFileServer } from '../../../support/fileServer';
import { refused } from '../../../support/refused';
import { smallDisk, withoutSmallDisk } from '../../../support/smallDisk';
import { temporaryFolder } from '../../../support/temporaryFolder';

const CONTENT = randomBytes(600_000);
const OTHER = randomBytes(500_000);
const STALL = 150 as Millis;

function hashOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** A clock on which nobody waits for another attempt, and connections stall when the test says so. */
class ImpatientClock implements Clock {
  /** How long the client would have waited. */
  readonly waits: number[] = [];
  readonly #stalls = new Set<() => void>();

  epochMicros = systemClock.epochMicros;
  monotonicMicros = systemClock.monotonicMicros;

  setTimer(delay: Millis, callback: () => void): { cancel(): void } {
    if (delay !== STALL) {
      this.waits.push(delay);
      return systemClock.setTimer(0 as Millis, callback);
    }
    this.#stalls.add(callback);
    return { cancel: () => this.#stalls.delete(callback) };
  }

  /** As long passes as a connection may be silent. */
  letStall(): void {
    const due = [...this.#stalls];
    this.#stalls.clear();
    for (const callback of due) callback();
  }
}

interface Place {
  readonly server: FileServer;
  readonly folder: string;
  readonly target: string;
  readonly clock: ImpatientClock;
  readonly notes: string[];
  load(options?: Partial<DownloadOptions>): Promise<Downloaded>;
}

async function place(
  context: { after(cleanUp: () => Promise<void>): void },
  faults: readonly Fault[] = [],
): Promise<Place> {
  const server = await startFileServer(context, servedBytes(CONTENT));
  server.faults = faults;
  server.received(0);
  const folder = await temporaryFolder(context);
  const target = path.join(folder, 'weights.pth');
  const clock = new ImpatientClock();
  const notes: string[] = [];
  const load: Place['load'] = ({ onProgress, ...options } = {}) =>
    download({
      url: new URL(server.url),
      target,
      signal: new AbortController().signal,
      clock,
      random: () => 1,
      stall: STALL,
      onNote: (text) => notes.push(text),
      onProgress: (progress) => {
        server.received(progress.doneBytes);
        onProgress?.(progress);
      },
      ...options,
    });
  return { server, folder, target, clock, notes, load };
}

/** The file is there, whole, and nothing else. */
async function assertWhole(
  { folder, target }: Place,
  loaded: Downloaded,
  content: Uint8Array = CONTENT,
): Promise<void> {
  assert.deepEqual(await readFile(target), content);
  assert.equal(loaded.sha256, hashOf(content));
  assert.equal(loaded.bytes, content.length);
  assert.deepEqual(await readdir(folder), [path.basename(target)]);
}

describe('a download', () => {
  it('brings the file in one go', async (context) => {
    const here = await place(context);
    const progress: number[] = [];
    const loaded = await here.load({ onProgress: ({ doneBytes }) => progress.push(doneBytes) });
    await assertWhole(here, loaded);
    assert.equal(progress.at(-1), CONTENT.length);
    assert.deepEqual(here.server.requests, [{ range: undefined, ifRange: undefined }]);
    assert.deepEqual(loaded.resource, { totalBytes: CONTENT.length, etag: '"first"', lastModified: null });
  });

  it('goes on where a connection was cut, however often, if the file is the same', async (context) => {
    const here = await place(context, [{ cutAfter: 200_000 }, { cutAfter: 0 }, { cutAfter: 123_457 }]);
    await assertWhole(here, await here.load());
    const [, second, third, fourth] = here.server.requests;
    assert.deepEqual(second, { range: 'bytes=200000-', ifRange: '"first"' });
    assert.deepEqual(third, second);
    assert.deepEqual(fourth, { range: 'bytes=323457-', ifRange: '"first"' });
  });

  it('ends with the same bytes wherever it is cut, and wherever it is ended and started again', async () => {
    const cuts = fc.array(fc.record({ bytes: fc.nat(CONTENT.length), ends: fc.boolean() }), { maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(cuts, (all) =>
        withCleanUp(async (context) => {
          const here = await place(context);
          for (const { bytes, ends } of all) {
            if (!ends) {
              here.server.faults = [...here.server.faults, { cutAfter: bytes }];
              continue;
            }
            const interruption = new AbortController();
            const stop = ({ doneBytes }: { readonly doneBytes: number }): void => {
              if (doneBytes >= bytes) interruption.abort(new Error('interrupted'));
            };
            const whole = await here
              .load({ signal: interruption.signal, onProgress: stop })
              .catch((error: Error) => error);
            if (whole instanceof Error) assert.equal(whole.message, 'interrupted');
            else await rm(here.target);
          }
          await assertWhole(here, await here.load());
        }),
      ),
      { numRuns: 15 },
    );
  });

  it('goes on where another run ended, without loading again what is here', async (context) => {
    const here = await place(context);
    const interruption = new AbortController();
    const interrupted = here.load({
      signal: interruption.signal,
      onProgress: () => interruption.abort(new Error('enough')),
    });
    await assert.rejects(interrupted, /enough/);
    const loaded = await here.load();
    await assertWhole(here, loaded);
    assert.ok(loaded.resumedFromBytes > 0);
    assert.equal(here.server.requests.at(-1)?.range, `bytes=${loaded.resumedFromBytes}-`);
  });

  it('starts anew where the server gives the whole file to one who asks for a part', async (context) => {
    const here = await place(context, [{ cutAfter: 200_000 }, { ignoresRange: true }]);
    await assertWhole(here, await here.load());
    assert.match(here.notes.join(), /gives the whole file/);
  });

  it('starts anew where the file has changed, also while nobody was looking', async (context) => {
    const here = await place(context, [{ cutAfter: 200_000 }]);
    here.server.faulted().then(() => {
      here.server.file = servedBytes(OTHER);
      here.server.etag = '"second"';
    }, assert.fail);
    await assertWhole(here, await here.load(), OTHER);
  });

  it('starts anew where a server that heeds no If-Range gives a part of another file', async (context) => {
    const part = { 'content-range': `bytes 200000-${CONTENT.length - 1}/${CONTENT.length}` };
    const here = await place(context, [{ cutAfter: 200_000 }, { headers: { ...part, etag: '"second"' } }]);
    await assertWhole(here, await here.load());
    assert.match(here.notes.join(), /has changed/);
    assert.equal(here.server.requests.at(-1)?.range, undefined);
  });

  it('starts anew where what is here is longer than the file', async (context) => {
    const here = await place(context, [{ cutAfter: 200_000 }, { status: 416 }]);
    await assertWhole(here, await here.load());
  });

  it('starts anew where nothing tells one file from another', async (context) => {
    const here = await place(context, [{ cutAfter: 200_000 }]);
    here.server.etag = undefined;
    await assertWhole(here, await here.load());
    assert.deepEqual(
      here.server.requests.map(({ range }) => range),
      [undefined, undefined],
    );
  });

  it('refuses a range that was not asked for, and keeps what is here', async (context) => {
    for (const headers of [
      { 'content-range': `bytes 0-${CONTENT.length - 1}/${CONTENT.length}` },
      { 'content-range': `bytes 199999-${CONTENT.length - 1}/${CONTENT.length}` },
      { 'content-range': `bytes 200000-${CONTENT.length}/${CONTENT.length + 1}` },
      { 'content-range': `bytes 200000-${CONTENT.length}/${CONTENT.length}` },
      { 'content-range': `bytes 200000-199999/${CONTENT.length}` },
      { 'content-range': 'bytes */*' },
      { 'content-length': '7' },
      { 'content-encoding': 'gzip' },
    ]) {
      const here = await place(context, [{ cutAfter: 200_000 }, { headers }]);
      await assert.rejects(here.load(), refused('DOWNLOAD_REFUSED'), JSON.stringify(headers));
      const loaded = await here.load();
      assert.equal(loaded.resumedFromBytes, 200_000);
      await assertWhole(here, loaded);
    }
  });

  it('refuses what is no file, without trying again', async (context) => {
    for (const fault of [
      { status: 404 },
      { status: 403 },
      { status: 204 },
      { status: 206, headers: { 'content-range': `bytes 0-9/${CONTENT.length}`, 'content-length': '10' } },
      { headers: { 'content-type': 'text/html; charset=utf-8' } },
      { headers: { 'content-length': '0' } },
      { headers: { 'content-length': undefined, 'transfer-encoding': 'chunked' } },
    ]) {
      const here = await place(context, [fault]);
      await assert.rejects(here.load(), refused('DOWNLOAD_REFUSED'), JSON.stringify(fault));
      assert.equal(here.server.requests.length, 1);
      assert.deepEqual(await readdir(here.folder), [], 'nothing was worth keeping');
    }
  });

  it('gives a connection up over which nothing comes, before its answer and within', async (context) => {
    const here = await place(context, [{ stallAfter: 0 }, { stallAfter: 300_000 }]);
    here.server.faulted().then(() => here.clock.letStall(), assert.fail);
    const loaded = await here.load({
      onProgress: ({ doneBytes }) => {
        if (doneBytes !== 300_000) return;
        // Something has come since the first time.
        here.clock.letStall();
        here.clock.letStall();
      },
    });
    await assertWhole(here, loaded);
    assert.match(here.notes.join(), /nothing came from 127\.0\.0\.1:\d+ for 0\.15 s/);
    assert.equal(here.server.requests.at(-1)?.range, 'bytes=300000-');
  });

  it('waits longer each time, and gives up after ten times without anything', async (context) => {
    const here = await place(
      context,
      Array.from({ length: 20 }, () => ({ status: 503 })),
    );
    await assert.rejects(here.load(), refused('DOWNLOAD_FAILED', /the server answers 503, 10 times in a row/));
    assert.deepEqual(
      here.clock.waits,
      [1, 2, 4, 8, 16, 32, 60, 60, 60].map((seconds) => seconds * 1000),
    );
  });

  it('counts anew when something has come', async (context) => {
    const faults = Array.from({ length: 12 }, (_, index) => (index % 3 === 2 ? { cutAfter: 70_000 } : { status: 500 }));
    const here = await place(context, faults);
    await assertWhole(here, await here.load());
    assert.ok(Math.max(...here.clock.waits) <= 4000, here.clock.waits.join());
  });

  it('waits as long as the server asks for, within reason', async (context) => {
    const here = await place(context, [{ status: 503, headers: { 'retry-after': '7' } }, { status: 429 }]);
    await assertWhole(here, await here.load({ random: () => 0 }));
    assert.deepEqual(here.clock.waits, [7000]);
    const busy = await place(context, [{ status: 503, headers: { 'retry-after': '86400' } }]);
    await assert.rejects(busy.load(), refused('DOWNLOAD_FAILED', /come back in 1440 min/));
  });

  it('fails where nobody listens, and says so', async (context) => {
    const here = await place(context);
    const url = new URL('http://127.0.0.1:1/weights.pth');
    await assert.rejects(here.load({ url }), refused('DOWNLOAD_FAILED', /ECONNREFUSED/));
  });

  it('follows to a safe address, and to no other, nor for ever', async (context) => {
    const other = await place(context);
    const leading = (location: string): Fault => ({ status: 302, headers: { location } });
    const here = await place(context, [leading('/elsewhere'), leading(other.server.url)]);
    await assertWhole(here, await here.load());
    assert.equal(other.server.requests.length, 1);
    for (const location of [
      'http://example.org/weights.pth',
      'ftp://127.0.0.1/weights.pth',
      'file:///etc/passwd',
      '//[',
    ]) {
      here.server.faults = [leading(location)];
      await rm(here.target, { force: true });
      await assert.rejects(here.load(), refused('DOWNLOAD_REFUSED', /to lead to an https address/), location);
    }
    here.server.faults = Array.from({ length: 6 }, () => leading('/again'));
    await assert.rejects(here.load(), refused('DOWNLOAD_REFUSED', /leads on more than 5 times/));
  });

  it('removes a file that has another hash than the one that is known', async (context) => {
    const here = await place(context);
    const wrong = here.load({ sha256: hashOf(OTHER) });
    await assert.rejects(
      wrong,
      refused('DOWNLOAD_CORRUPT', new RegExp(`${hashOf(OTHER)} .* found ${hashOf(CONTENT)}`)),
    );
    assert.deepEqual(await readdir(here.folder), []);
    await assertWhole(here, await here.load({ sha256: hashOf(CONTENT) }));
  });

  it('keeps a whole file that cannot be read apart from its name, and does not load it again', async (context) => {
    const here = await place(context);
    const validate = async (): Promise<void> => {
      throw new SensebindError('CHECKPOINT_CORRUPT', 'no weights', 'none');
    };
    await assert.rejects(here.load({ validate }), refused('CHECKPOINT_CORRUPT'));
    await assert.rejects(here.load({ validate }), refused('CHECKPOINT_CORRUPT'));
    assert.deepEqual(await readdir(here.folder), ['weights.pth.part']);
    const loaded = await here.load();
    assert.equal(loaded.resumedFromBytes, CONTENT.length);
    assert.equal(here.server.requests.length, 1);
    await assertWhole(here, loaded);
  });

  it('starts anew where what an earlier run left is damaged, or of another address', async (context) => {
    for (const harm of ['progress', 'cut', 'address'] as const) {
      const here = await place(context, [{ cutAfter: 200_000 }, { status: 404 }]);
      await assert.rejects(here.load(), refused('DOWNLOAD_REFUSED'));
      const part = `${here.target}.part`;
      if (harm === 'progress') await writeFile(path.join(part, 'progress.json'), '{"format":"sensebind-down');
      if (harm === 'cut') await writeFile(path.join(part, 'content'), CONTENT.subarray(0, 199_999));
      const url = new URL(harm === 'address' ? `${here.server.url}.new` : here.server.url);
      const loaded = await here.load({ url });
      assert.equal(loaded.resumedFromBytes, 0, harm);
      await assertWhole(here, loaded);
    }
  });

  it('believes only what had reached the disk, when the machine has started again meanwhile', async (context) => {
    const here = await place(context, [{ cutAfter: 200_000 }, { status: 404 }]);
    await assert.rejects(here.load(), refused('DOWNLOAD_REFUSED'));
    const file = path.join(`${here.target}.part`, 'progress.json');
    const progress: object = JSON.parse(await readFile(file, 'utf8'));
    await writeFile(file, JSON.stringify({ ...progress, syncedBytes: 150_000, machineStart: 'another' }));
    await writeFile(
      path.join(`${here.target}.part`, 'content'),
      Buffer.concat([CONTENT.subarray(0, 150_000), Buffer.alloc(50_000)]),
    );
    const loaded = await here.load();
    assert.equal(loaded.resumedFromBytes, 150_000);
    await assertWhole(here, loaded);
  });

  it('is refused while another is at the same place', async (context) => {
    const here = await place(context, [{ stallAfter: 100_000 }]);
    const interruption = new AbortController();
    const first = here.load({ signal: interruption.signal });
    const stalled = here.server.faulted();
    await Promise.race([stalled, first]);
    await assert.rejects(here.load(), refused('FOLDER_IN_USE'));
    interruption.abort(new Error('enough'));
    await assert.rejects(first, /enough/);
    await assertWhole(here, await here.load());
  });
});

describe('a download onto a small disk', { skip: withoutSmallDisk }, () => {
  async function onSmallDisk(context: TestContext, bytes: number): Promise<Place & { readonly disk: string }> {
    const disk = await smallDisk(context, bytes);
    const here = await place(context);
    const target = path.join(disk, 'folder', 'weights.pth');
    await mkdir(path.dirname(target));
    return {
      ...here,
      disk,
      folder: path.dirname(target),
      target,
      load: (options) => here.load({ target, ...options }),
    };
  }

  it('does not begin where the file has no room', async (context) => {
    const here = await onSmallDisk(context, 2 ** 19);
    await assert.rejects(here.load(), refused('DISK_FULL', /600 kB are missing/));
    assert.deepEqual(await readdir(here.folder), []);
  });

  it('keeps what it has when the disk fills up meanwhile, and goes on when there is room', async (context) => {
    const here = await onSmallDisk(context, 2 ** 20);
    const ballast = path.join(here.disk, 'ballast');
    const { bavail, bsize } = await statfs(here.disk);
    let isFull = false;
    const filling = here.load({
      onProgress: ({ doneBytes }) => {
        if (isFull || doneBytes < 300_000) return;
        isFull = true;
        writeFileSync(ballast, Buffer.alloc(bavail * bsize - doneBytes - 40_000));
      },
    });
    await assert.rejects(filling, refused('DISK_FULL'));
    await rm(ballast);
    const loaded = await here.load();
    assert.ok(loaded.resumedFromBytes > 150_000, `${loaded.resumedFromBytes}`);
    await assertWhole(here, loaded);
  });
});

describe('the address of a download', () => {
  it('is https, or this machine’s, or that of a file whose hash is known', () => {
    for (const text of ['https://example.org/a', 'http://127.0.0.1:80/a', 'http://localhost/a', 'http://[::1]:8/a']) {
      assert.equal(parseAddress(text, { isHashKnown: false }).href, new URL(text).href);
    }
    assert.equal(parseAddress('http://example.org/a', { isHashKnown: true }).host, 'example.org');
    for (const text of [
      'http://example.org/a',
      'http://127.0.0.1.example.org/',
      'ftp://example.org/a',
      'weights.pth',
      'https://me:secret@example.org/',
    ]) {
      assert.throws(() => parseAddress(text, { isHashKnown: false }), { name: 'UsageError' }, text);
    }
  });
});
