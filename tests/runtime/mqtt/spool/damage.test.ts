import assert from 'node:assert/strict';
import { copyFile, mkdir, mkdtemp, readdir, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import fc from 'fast-check';
import { append, flipByte, openSpool, readAll, segmentFiles, sizeOf } from '../../../support/spoolFolder';
import { temporaryFolder } from '../../../support/temporaryFolder';

const MESSAGES = 60;
const texts = Array.from({ length: MESSAGES }, (_, index) => `${index} ${'x'.repeat((index * 37) % 150)}`);

describe('a spool whose files are damaged', () => {
  let root: string;
  let original: string;
  let files: readonly string[];

  before(async () => {
    root = await mkdtemp(path.join(tmpdir(), 'sensebind-damage-'));
    original = path.join(root, 'original');
    const { spool } = await openSpool(original, { segmentBytes: 2000 });
    for (const text of texts) {
      append(spool, text);
      await spool.flush();
    }
    await spool.close();
    files = await segmentFiles(original);
    assert.ok(files.length > 3);
  });
  after(() => rm(root, { recursive: true, force: true }));

  /** A copy of the spool to do harm to: its folder, and its files. */
  async function copy(): Promise<{ readonly folder: string; readonly files: readonly string[] }> {
    const folder = await mkdtemp(path.join(root, 'copy-'));
    await mkdir(path.join(folder, 'normal'));
    for (const file of files) await copyFile(file, path.join(folder, 'normal', path.basename(file)));
    return { folder, files: await segmentFiles(folder) };
  }

  it('loses one message at most for a flipped byte, wherever it is, and counts it', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(), fc.nat(), async (pick, position) => {
        const harmed = await copy();
        const file = harmed.files[pick % harmed.files.length] ?? '';
        await flipByte(file, position);
        const { spool, events } = await openSpool(harmed.folder);
        const found = await readAll(spool);
        const lost = texts.filter((text) => !found.includes(text));
        assert.deepEqual(
          found,
          texts.filter((text) => !lost.includes(text)),
          'in order, once, unchanged',
        );
        assert.ok(lost.length <= 1, `${lost.length} lost`);
        const { drops, cutBytes } = spool.counters();
        assert.equal(lost.length, drops.damaged + Math.sign(cutBytes));
        assert.deepEqual(events, []);
        await spool.close();
      }),
      { numRuns: 60 },
    );
  });

  it('has all that was whole before the place where its last file was cut', async () => {
    const last = files.at(-1) ?? '';
    const size = await sizeOf(last);
    await fc.assert(
      fc.asyncProperty(fc.nat(size), async (length) => {
        const harmed = await copy();
        await truncate(harmed.files.at(-1) ?? '', length);
        const { spool } = await openSpool(harmed.folder);
        const found = await readAll(spool);
        assert.deepEqual(found, texts.slice(0, found.length));
        // 12 of the messages are in the last file at most; what is left of it is read to the last whole one.
        const lost = texts.slice(found.length).reduce((sum, text) => sum + 48 + text.length, 0);
        assert.ok(lost < size - length + 48 + 150, `${lost} of ${size - length} bytes lost`);
        append(spool, 'after');
        await spool.flush();
        assert.deepEqual(await readAll(spool), ['after']);
        await spool.close();
        assert.deepEqual(await again(harmed.folder), [...texts.slice(0, found.length), 'after']);
      }),
      { numRuns: 30 },
    );
  });

  async function again(folder: string): Promise<string[]> {
    const { spool } = await openSpool(folder);
    const found = await readAll(spool);
    await spool.close();
    return found;
  }

  it('has no end of trouble with a file of noise: what is in the others arrives', async () => {
    const harmed = await copy();
    await writeFile(harmed.files[1] ?? '', Buffer.alloc(3000, 'SBr\u0001noise', 'latin1'));
    const { spool } = await openSpool(harmed.folder);
    const found = await readAll(spool);
    const lost = texts.filter((text) => !found.includes(text));
    assert.ok(lost.length > 0 && lost.length < 30);
    assert.equal(spool.counters().drops.damaged, lost.length);
    assert.equal(spool.counters().records, found.length);
    await spool.close();
  });
});

describe('files of another version', () => {
  it('are set aside, not deleted, and what is ours arrives', async (context) => {
    const folder = await temporaryFolder(context);
    const first = await openSpool(folder, { segmentBytes: 50 });
    for (const text of ['a', 'b', 'c']) {
      append(first.spool, text);
      await first.spool.flush();
    }
    await first.spool.close();
    const [, second = ''] = await segmentFiles(folder);
    // Version 2; the checksum was computed elsewhere.
    await writeFile(
      second,
      Buffer.concat([Buffer.from('SENSPOOL\u0002\0\0\0', 'latin1'), Buffer.from([138, 240, 116, 51])]),
    );
    const { spool, events } = await openSpool(folder);
    assert.deepEqual(await readAll(spool), ['a', 'c']);
    await spool.close();
    const [event] = events;
    assert.ok(event?.kind === 'set-aside');
    assert.deepEqual(event.files, [path.join(folder, 'normal', 'set-aside', path.basename(second))]);
    assert.deepEqual(await readdir(path.join(folder, 'normal', 'set-aside')), [path.basename(second)]);
  });

  it('of the cursor are set aside as well: messages come twice rather than not at all', async (context) => {
    const folder = await temporaryFolder(context);
    const first = await openSpool(folder);
    for (const text of ['a', 'b', 'c']) append(first.spool, text);
    await first.spool.flush();
    const [read] = await first.spool.read('normal', 1);
    assert.ok(read);
    first.spool.settle(read);
    await first.spool.close();
    await flipByte(path.join(folder, 'normal', 'cursor'), 30);
    const { spool, events } = await openSpool(folder);
    assert.deepEqual(await readAll(spool), ['a', 'b', 'c']);
    assert.deepEqual(
      events.map(({ kind }) => kind),
      ['set-aside'],
    );
    await spool.close();
  });
});
