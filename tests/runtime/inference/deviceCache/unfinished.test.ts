import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, readFile, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, it } from 'node:test';
import { CopyStore } from '../../../../runtime/inference/deviceCache/store';
import { beginCopy } from '../../../../runtime/inference/deviceCache/unfinished';
import { machineStart, processNamespace } from '../../../../runtime/processIdentity';
import { temporaryFolder } from '../../../support/temporaryFolder';

/** What a maker has written so far. */
async function written(building: string, name: string): Promise<string> {
  const folder = path.join(building, name);
  await mkdir(folder, { recursive: true });
  await writeFile(path.join(folder, 'encoder.data'), Buffer.alloc(1000));
  return folder;
}

async function startTicksOf(pid: number | undefined): Promise<string> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8');
  return text.slice(text.lastIndexOf(')') + 2).split(' ')[19] ?? '';
}

describe('a copy that is half written', { skip: process.platform !== 'linux' && 'asks Linux for processes' }, () => {
  it('counts, stays while its process lives, and goes when that was killed', async (context) => {
    const store = new CopyStore(await temporaryFolder(context));
    const maker = spawn(process.execPath, ['-e', 'setInterval(() => 0, 1000)'], { stdio: 'ignore' });
    context.after(() => maker.kill('SIGKILL'));
    await once(maker, 'spawn');
    const owner = `${maker.pid}-${await startTicksOf(maker.pid)}-${await machineStart()}`;
    const name = `${owner}-${await processNamespace()}-01234567`;
    await written(store.buildingFolder, name);
    assert.equal(await store.unfinishedBytes(), 1000);
    assert.equal(await store.shrinkTo(0), 1000);
    assert.deepEqual(await readdir(store.buildingFolder), [name]);
    maker.kill('SIGKILL');
    await once(maker, 'exit');
    assert.equal(await store.shrinkTo(0), 0);
    assert.deepEqual(await readdir(store.buildingFolder), []);
  });

  it('of a process that cannot be seen stays for an hour after its last byte', async (context) => {
    const store = new CopyStore(await temporaryFolder(context));
    // A number that nobody has: in its own container it may be alive.
    const owner = `4194305-1-${await machineStart()}-1-01234567`;
    const files = ['.', 'encoder.data'];
    const [young, old] = [await written(store.buildingFolder, owner), await written(store.buildingFolder, 'unknown')];
    const longAgo = Date.now() / 1000 - 3700;
    for (const file of files) await utimes(path.join(old, file), longAgo, longAgo);
    await store.sweep();
    assert.deepEqual(await readdir(store.buildingFolder), [path.basename(young)]);
    for (const file of files) await utimes(path.join(young, file), longAgo, longAgo);
    await store.sweep();
    assert.deepEqual(await readdir(store.buildingFolder), []);
  });

  it('is known to its own process', async (context) => {
    const store = new CopyStore(await temporaryFolder(context));
    assert.equal(await store.prepare(), undefined);
    const folder = await beginCopy(store.buildingFolder);
    await store.sweep();
    assert.deepEqual(await readdir(store.buildingFolder), [path.basename(folder)]);
  });
});
