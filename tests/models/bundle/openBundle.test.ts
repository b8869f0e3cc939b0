import assert from 'node:assert/strict';
import { appendFile, copyFile, cp, mkdir, readdir, readFile, rename, rm, truncate, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { openBundle } from '../../../models/bundle/bundle';
import { convertImu } from '../../support/imuBundle';
import { refused } from '../../support/refused';
import { temporaryFolder } from '../../support/temporaryFolder';

const WEIGHTS = 'imu.onnx.data';

interface Place {
  readonly bundle: string;
  readonly state: string;
  /** Opens the bundle; gives the bytes that were hashed, too. */
  open(): Promise<{ readonly firstUse: boolean; readonly notes: readonly string[]; readonly hashedBytes: number }>;
}

async function place(context: TestContext): Promise<Place> {
  const folder = await temporaryFolder(context);
  const bundle = path.join(folder, 'bundle');
  const state = path.join(folder, 'state');
  await convertImu(bundle);
  const open = async () => {
    let hashedBytes = 0;
    const onProgress = ({ doneBytes }: { readonly doneBytes: number }) => {
      hashedBytes = doneBytes;
    };
    return { ...(await openBundle(bundle, { stateDirectory: state, onProgress })), hashedBytes };
  };
  return { bundle, state, open };
}

async function flipBit(file: string): Promise<void> {
  const content = await readFile(file);
  content[content.length >> 1] = (content[content.length >> 1] ?? 0) ^ 1;
  await writeFile(file, content);
}

describe('opening a bundle', () => {
  it('hashes everything the first time at a place, and nothing while nothing changes', async (context) => {
    const { bundle, open } = await place(context);
    const first = await open();
    const sizes = await Promise.all(
      ['imu.onnx', WEIGHTS].map(async (file) => (await readFile(path.join(bundle, file))).length),
    );
    assert.equal(first.firstUse, true);
    assert.equal(
      first.hashedBytes,
      sizes.reduce((sum, size) => sum + size),
    );
    assert.deepEqual(first.notes, []);
    const second = await open();
    assert.equal(second.firstUse, false);
    assert.equal(second.hashedBytes, 0);
  });

  it('gives absolute paths of its own files only', async (context) => {
    const { bundle: directory, state: stateDirectory } = await place(context);
    const bundle = await openBundle(directory, { stateDirectory });
    const { model } = bundle.manifest.encoders['imu'] ?? assert.fail('no imu');
    assert.equal(bundle.pathOf(model), path.join(bundle.directory, 'imu.onnx'));
    assert.throws(() => bundle.pathOf({ ...model, file: '../imu.onnx' }), refused('BUNDLE_INVALID'));
  });

  it('hashes again when a file was replaced, and finds the same content good', async (context) => {
    const { bundle, open } = await place(context);
    await open();
    const file = path.join(bundle, WEIGHTS);
    await copyFile(file, `${file}.copy`);
    await rename(`${file}.copy`, file);
    const again = await open();
    assert.equal(again.hashedBytes, (await readFile(file)).length);
    assert.equal(again.firstUse, false);
    assert.equal((await open()).hashedBytes, 0);
  });

  it('names the file in which a bit flipped after installation', async (context) => {
    const { bundle, open } = await place(context);
    await open();
    await flipBit(path.join(bundle, WEIGHTS));
    await assert.rejects(
      open(),
      refused('BUNDLE_CORRUPT', /imu\.onnx\.data .*sha256 [0-9a-f]{64}, found [0-9a-f]{64}/),
    );
    await assert.rejects(open(), refused('BUNDLE_CORRUPT'));
  });

  it('refuses weights that are truncated, longer or gone', async (context) => {
    const { bundle, open } = await place(context);
    const file = path.join(bundle, WEIGHTS);
    const { length } = await readFile(file);
    await appendFile(file, 'x');
    await assert.rejects(open(), refused('BUNDLE_CORRUPT', new RegExp(`${length} bytes, found ${length + 1}`)));
    await truncate(file, 100);
    await assert.rejects(open(), refused('BUNDLE_CORRUPT', new RegExp(`${length} bytes, found 100`)));
    await rm(file);
    await assert.rejects(open(), refused('BUNDLE_CORRUPT', /imu\.onnx\.data/));
  });

  it('checks a copy at another place for itself', async (context) => {
    const { bundle, state, open } = await place(context);
    await open();
    await cp(bundle, `${bundle}2`, { recursive: true });
    assert.equal((await openBundle(`${bundle}2`, { stateDirectory: state })).firstUse, true);
  });

  it('opens without a record of the check, says so, and checks each time', async (context) => {
    const { state, open } = await place(context);
    await writeFile(state, 'a file where the folder should be');
    for (const round of [1, 2]) {
      const { firstUse, notes, hashedBytes } = await open();
      assert.ok(firstUse && hashedBytes > 0, `round ${round}`);
      assert.match(notes.join(), /could not be recorded/);
    }
  });

  it('takes a damaged record for none, and mends it', async (context) => {
    const { state, open } = await place(context);
    await open();
    const [name] = await readdir(state);
    assert.ok(name);
    for (const content of ['', '{"files":', '[]', '{"format":"sensebind-installation/1","files":{"imu.onnx":1}}']) {
      await writeFile(path.join(state, name), content);
      assert.ok((await open()).hashedBytes > 0, content);
      assert.equal((await open()).hashedBytes, 0, content);
    }
  });

  it('tells a folder without a bundle from a folder that is not there', async (context) => {
    const folder = await temporaryFolder(context);
    await assert.rejects(openBundle(path.join(folder, 'none')), refused('BUNDLE_MISSING', /found nothing/));
    await mkdir(path.join(folder, 'empty'));
    await assert.rejects(openBundle(path.join(folder, 'empty')), refused('BUNDLE_MISSING', /no manifest\.json/));
  });
});
