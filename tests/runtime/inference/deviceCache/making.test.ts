import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, watch } from 'node:fs';
import { chmod, mkdir, mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, beforeEach, describe, it } from 'node:test';
import { CopyStore } from '../../../../runtime/inference/deviceCache/store';
import { Engine } from '../../../../runtime/inference/engine';
import { probeInput } from '../../../../runtime/inference/probeInput';
import { Copies } from '../../../support/deviceCopies';
import { ManualClock } from '../../../support/manualClock';
import { refused } from '../../../support/refused';
import { withoutSmallDisk } from '../../../support/smallDisk';
import { StatusWatch } from '../../../support/statusWatch';

describe('the device cache', () => {
  let folder: string;
  const folders: string[] = [];
  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'sensebind-copies-'));
    folders.push(folder);
  });
  after(() => Promise.all(folders.map((each) => rm(each, { recursive: true, force: true }))));

  it('gets a copy when it is quiet, which the running engine takes and gives the same numbers', async () => {
    const copies = await Copies.in(folder);
    const clock = new ManualClock();
    const watched = new StatusWatch();
    const { onStatus } = watched;
    const options = { clock, onStatus, modalities: ['imu'], deviceCache: copies.settings };
    await using engine = await Engine.open(copies.bundle, options);
    const input = { kind: 'tensor', ...probeInput(copies.setup('imu')) } as const;
    const first = await engine.encode('imu', input);
    assert.equal(engine.status().providers['imu']?.deviceCopy.reason, 'there is no copy yet');
    assert.deepEqual(await copies.folders(), [], 'nothing is made before the first answers');
    await clock.advance(15_000);
    await watched.until(({ providers }) => providers['imu']?.deviceCopy.state === 'used');
    const second = await engine.encode('imu', input);
    assert.deepEqual(second.vector, first.vector);
    const [copy] = await new CopyStore(copies.settings.folder).list();
    assert.equal(copy?.isInUse, true);
    await engine.close();
    assert.equal((await new CopyStore(copies.settings.folder).list())[0]?.isInUse, false);
  });

  it('is not asked for small encoders, and not at all where it is switched off', async () => {
    const copies = await Copies.in(folder, { minimumBytes: 16e6 });
    assert.match((await copies.encode('imu')).deviceCopy.reason, /too small/);
    assert.match((await copies.encode('imu', 'off')).deviceCopy.reason, /switched off/);
    assert.equal(existsSync(copies.settings.folder), false);
  });

  it('holds nothing of a maker that was killed', async () => {
    const copies = await Copies.in(folder);
    const building = path.join(copies.settings.folder, 'building');
    await mkdir(building, { recursive: true, mode: 0o700 });
    const kill = new AbortController();
    const watcher = watch(building, { recursive: true }, (_, name) => {
      // The runtime writes its file: far into the work.
      if (name?.endsWith('encoder.data')) kill.abort();
    });
    try {
      await assert.rejects(copies.makeApart('imu', { signal: kill.signal }), refused('REQUEST_ABORTED'));
    } finally {
      watcher.close();
    }
    assert.notDeepEqual(await readdir(building), [], 'it was killed at its work');
    assert.deepEqual(await copies.folders(), []);
    assert.equal((await copies.encode('imu')).deviceCopy.reason, 'there is no copy yet');
    assert.equal((await copies.make('imu')).kind, 'made');
    assert.deepEqual(await readdir(building), [], 'what was left is removed');
  });

  it('is written by one of two processes, and read by others meanwhile', async () => {
    const copies = await Copies.in(folder);
    const makers = [copies.makeApart('imu'), copies.makeApart('imu')];
    const plain = await copies.encode('imu', 'off');
    const meanwhile = await copies.encode('imu');
    assert.deepEqual(meanwhile.vector, plain.vector);
    const kinds = (await Promise.all(makers)).map(({ kind }) => kind);
    assert.ok(kinds.filter((kind) => kind === 'made').length <= 1, kinds.join());
    // Both give way where they come at the same moment.
    await copies.make('imu');
    const after = await copies.encode('imu');
    assert.equal(after.deviceCopy.state, 'used');
    assert.deepEqual(after.vector, plain.vector);
  });

  it('keeps its bound: the copy that was not used for longest goes first, one in use never', async () => {
    const copies = await Copies.in(folder);
    const makeAt = async (modality: string, epochSeconds: number): Promise<string> => {
      const known = await copies.folders();
      assert.equal((await copies.make(modality)).kind, 'made');
      const [made] = (await copies.folders()).filter((each) => !known.includes(each));
      await utimes(made!, epochSeconds, epochSeconds);
      return made!;
    };
    const [oldest, older] = [await makeAt('imu', 1000), await makeAt('depth', 2000)];
    const store = new CopyStore(copies.settings.folder);
    const [first, second] = await store.list();
    assert.deepEqual([first!.title.split(' ')[0], second!.title.split(' ')[0]], ['imu', 'depth']);
    const bounded = await Copies.in(folder, { maxBytes: first!.bytes + second!.bytes + 1000 });
    await using engine = await Engine.open(copies.bundle, { modalities: ['imu'], deviceCache: copies.settings });
    await utimes(oldest, 1000, 1000);
    assert.equal((await bounded.make('thermal', { expectedBytes: second!.bytes })).kind, 'made');
    assert.deepEqual([existsSync(oldest), existsSync(older)], [true, false]);
    const full = await bounded.make('vision', { expectedBytes: first!.bytes + second!.bytes });
    assert.equal(full.kind, 'later');
    assert.match('reason' in full ? full.reason : '', /copies in use take/);
    assert.equal((await bounded.make('vision', { expectedBytes: 1e12 })).kind, 'never');
    assert.equal(engine.status().providers['imu']?.deviceCopy.state, 'used');
  });

  it('cannot be used where others may write it, or nobody may', async () => {
    const open = await Copies.in(folder);
    await mkdir(open.settings.folder);
    await chmod(open.settings.folder, 0o777);
    const { deviceCopy } = await open.encode('imu');
    assert.deepEqual(deviceCopy, {
      state: 'unusable',
      reason: `others than its owner may write ${open.settings.folder}`,
    });

    const file = path.join(folder, 'file');
    await writeFile(file, '');
    const none = await open.encode('imu', { ...open.settings, folder: path.join(file, 'encoders') });
    assert.equal(none.deviceCopy.state, 'unusable');
    assert.match(none.deviceCopy.reason, /cannot be written: /);
  });

  /** A file system of its own, of `megabytes`. */
  async function onSmallDisk(
    megabytes: number,
    work: (place: string, mount: (options: string) => void) => Promise<void>,
  ): Promise<void> {
    const place = path.join(folder, 'disk');
    await mkdir(place);
    const mount = (options: string): void => {
      const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', place]);
      assert.equal(mounted.status, 0, String(mounted.stderr));
    };
    mount(`size=${megabytes}m`);
    try {
      await work(place, mount);
    } finally {
      spawnSync('umount', [place]);
    }
  }

  it('leaves a short disk alone, and a full one as it was', { skip: withoutSmallDisk }, async () => {
    await onSmallDisk(1, async (place) => {
      const copies = await Copies.in(folder, { folder: path.join(place, 'encoders') });
      const short = await copies.make('imu');
      assert.equal(short.kind, 'later');
      assert.match('reason' in short ? short.reason : '', /the disk is short/);
      const full = await copies.make('imu', { expectedBytes: 1000 });
      assert.equal(full.kind, 'later', JSON.stringify(full));
      assert.deepEqual(await readdir(path.join(copies.settings.folder, 'building')), []);
      assert.deepEqual(await copies.folders(), []);
      assert.equal((await copies.encode('imu')).deviceCopy.state, 'absent');
    });
  });

  it('on a disk that may only be read is not used, and says so', { skip: withoutSmallDisk }, async () => {
    await onSmallDisk(16, async (place, mount) => {
      const copies = await Copies.in(folder, { folder: path.join(place, 'encoders') });
      assert.equal((await copies.make('imu')).kind, 'made');
      mount('remount,ro');
      const { deviceCopy, vector } = await copies.encode('imu');
      assert.equal(deviceCopy.state, 'unusable');
      assert.match(deviceCopy.reason, /cannot be written: .*EROFS/);
      assert.deepEqual(vector, (await copies.encode('imu', 'off')).vector);
    });
  });
});
