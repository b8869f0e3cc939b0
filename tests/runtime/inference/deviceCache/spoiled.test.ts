import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import {
  mkdir,
  mkdtemp,
  open,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  truncate,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { MODEL_FILE, sealEntry, WEIGHTS_FILE } from '../../../../runtime/inference/deviceCache/entry';
import { nameOf } from '../../../../runtime/inference/deviceCache/key';
import { CopyStore } from '../../../../runtime/inference/deviceCache/store';
import { Copies } from '../../../support/deviceCopies';

/** A copy that is not what was written on this device, for this encoder, is removed, made again, and never used. */
describe('a copy in the device cache', () => {
  let folder: string;
  let copies: Copies;
  let whole: Readonly<Record<string, Buffer>>;
  let key: Parameters<typeof nameOf>[0];
  let at: string;
  let plain: Float32Array;
  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'sensebind-spoiled-'));
    copies = await Copies.in(folder);
    assert.equal((await copies.make('imu')).kind, 'made');
    at = await copies.folder();
    ({ key } = await copies.entry());
    whole = {
      [MODEL_FILE]: await readFile(path.join(at, MODEL_FILE)),
      [WEIGHTS_FILE]: await readFile(path.join(at, WEIGHTS_FILE)),
    };
    plain = (await copies.encode('imu', 'off')).vector;
  });
  after(() => rm(folder, { recursive: true, force: true }));

  /** The copy as it was made, under the name of a key. */
  async function restore(of = key): Promise<string> {
    const place = path.join(copies.settings.folder, nameOf(of));
    await rm(place, { recursive: true, force: true });
    await mkdir(place);
    for (const [name, bytes] of Object.entries(whole)) await writeFile(path.join(place, name), bytes);
    await sealEntry(place, { key: of, title: 'imu' });
    return place;
  }

  /** Flips one bit in the middle of a file, in place. */
  async function flip(file: string, share = 0.5): Promise<void> {
    const handle = await open(file, 'r+');
    try {
      const position = Math.floor((await handle.stat()).size * share);
      const byte = Buffer.alloc(1);
      await handle.read(byte, 0, 1, position);
      byte[0]! ^= 0x10;
      await handle.write(byte, 0, 1, position);
    } finally {
      await handle.close();
    }
  }

  /** Gives the answers of the bundle's own file, says why, and leaves nothing of the copy. */
  async function isRefused(reason: RegExp, place = at): Promise<void> {
    const { vector, deviceCopy } = await copies.encode('imu');
    assert.deepEqual(vector, plain);
    assert.equal(deviceCopy.state, 'absent');
    assert.match(deviceCopy.reason, reason);
    assert.equal(existsSync(place), false, 'it is removed');
  }

  it('is used as long as it is whole, and gives the same numbers to the last bit', async () => {
    await restore();
    const { vector, deviceCopy } = await copies.encode('imu');
    assert.equal(deviceCopy.state, 'used');
    assert.deepEqual(vector, plain);
  });

  it('that was truncated is not used', async () => {
    await restore();
    await truncate(path.join(at, WEIGHTS_FILE), whole[WEIGHTS_FILE]!.length - 4096);
    await isRefused(/encoder\.data has \d+ bytes instead of \d+/);
  });

  it('with a bit flipped is not used, even with its old times set again', async () => {
    for (const name of [MODEL_FILE, WEIGHTS_FILE]) {
      await restore();
      const file = path.join(at, name);
      const { atime, mtime } = await stat(file);
      await flip(file);
      await utimes(file, atime, mtime);
      await isRefused(/was changed since it was written/);
    }
  });

  it('whose medium lost a bit is not used after the next start of the machine', async () => {
    for (const share of [0.02, 0.97]) {
      await restore();
      await flip(path.join(at, WEIGHTS_FILE), share);
      // To the file system nothing has changed: the stamps are those of the file as it is, the sums of what was written.
      const { weights } = await copies.entry();
      await sealEntry(at, { key, title: 'imu' });
      const entry = await copies.entry();
      entry.weights.checksums = weights.checksums;
      await writeFile(path.join(at, 'entry.json'), JSON.stringify(entry));
      await writeFile(path.join(at, 'checked'), 'another start of the machine');
      await isRefused(/encoder\.data has other content than was written/);
    }
  });

  it('is read in full once after a start of the machine, and then used', async () => {
    await restore();
    await writeFile(path.join(at, 'checked'), 'another start of the machine');
    assert.equal((await copies.encode('imu')).deviceCopy.state, 'used');
    assert.notEqual(await readFile(path.join(at, 'checked'), 'utf8'), 'another start of the machine');
  });

  it('of a foreign processor, another runtime or other options is not used', async () => {
    const store = new CopyStore(copies.settings.folder);
    for (const change of [{ processor: 'arm64, Cortex-A76' }, { runtime: '1.29.0' }, { options: '{}' }]) {
      const foreign = { ...key, ...change };
      const place = await restore(foreign);
      await rm(at, { recursive: true, force: true });
      assert.deepEqual(await store.hold(key), { kind: 'absent', reason: 'there is no copy yet' });
      // Someone who copies the folder of another board does not change that.
      await rename(place, at);
      const found = await store.hold(key);
      assert.match(found.kind === 'absent' ? found.reason : '', /made for another encoder, processor or runtime/);
    }
    await restore({ ...key, processor: 'arm64, Cortex-A76' });
    await isRefused(/there is no copy yet/);
  });

  it('without a description, or with garbage for one, is not used', async () => {
    for (const garbage of [undefined, '{', '{}', '[]', 'null', '\u0000']) {
      await restore();
      if (garbage === undefined) await rm(path.join(at, 'entry.json'));
      else await writeFile(path.join(at, 'entry.json'), garbage);
      const found = await new CopyStore(copies.settings.folder).hold(key);
      assert.match(found.kind === 'absent' ? found.reason : '', /description cannot be read/);
    }
  });

  it('that lost a file is not used', async () => {
    await restore();
    await rm(path.join(at, WEIGHTS_FILE));
    await isRefused(/ENOENT/);
  });

  it('that the runtime does not load is removed, and the bundle is used', async () => {
    await restore();
    await writeFile(path.join(at, MODEL_FILE), 'no model');
    await sealEntry(at, { key, title: 'imu' });
    await isRefused(/the copy was removed: .*to load/);
  });

  it('is marked as used a few times at most, however often workers of this process crash', async () => {
    await restore();
    const store = new CopyStore(copies.settings.folder);
    for (let crash = 0; crash < 40; crash++) assert.equal((await store.hold(key)).kind, 'held');
    const marks = (await readdir(at)).filter((name) => name.startsWith('user-'));
    assert.equal(marks.length, 16);
    const listed = (await store.list()).find(({ name }) => name === nameOf(key));
    assert.equal(listed?.isInUse, true);
  });

  it('is made again after it was found spoiled', async () => {
    await restore();
    await truncate(path.join(at, MODEL_FILE), 10);
    assert.equal((await copies.make('imu')).kind, 'made');
    assert.equal((await copies.encode('imu')).deviceCopy.state, 'used');
    assert.equal((await copies.make('imu')).kind, 'there');
  });
});
