import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { FolderLock } from '../../runtime/folderLock';
import { compiled } from '../support/paths';
import { refused } from '../support/refused';
import { temporaryFolder } from '../support/temporaryFolder';

const PROGRAM = `
const { FolderLock } = require(${JSON.stringify(compiled('runtime/folderLock'))});
setInterval(() => undefined, 1000);
FolderLock.take(process.argv[1]).then(() => console.log('taken'), (error) => console.log(error.code));
`;

/** Another process that takes a folder, and stays; resolves with what came of it. */
async function takenBy(context: TestContext, folder: string): Promise<{ child: ChildProcess; said: string }> {
  const child = spawn(process.execPath, ['-e', PROGRAM, folder], { stdio: ['ignore', 'pipe', 'inherit'] });
  context.after(() => void child.kill('SIGKILL'));
  const [said] = await once(child.stdout, 'data');
  return { child, said: String(said).trim() };
}

describe('a folder for one process alone', () => {
  it('is refused while another process has it, and taken over when that was killed', async (context) => {
    const folder = path.join(await temporaryFolder(context), 'spool');
    const { child, said } = await takenBy(context, folder);
    assert.equal(said, 'taken');
    const message = new RegExp(`${folder}.*process ${child.pid} uses it`);
    await assert.rejects(FolderLock.take(folder), refused('FOLDER_IN_USE', message));
    assert.equal((await takenBy(context, folder)).said, 'FOLDER_IN_USE');
    child.kill('SIGKILL');
    await once(child, 'exit');
    const lock = await FolderLock.take(folder);
    // Nothing is left of those that are gone.
    assert.equal((await readdir(folder)).length, 1);
    await lock.release();
    assert.deepEqual(await readdir(folder), []);
  });

  it('is never had by two of many that come at once', async (context) => {
    const folder = await temporaryFolder(context);
    const all = await Promise.all(Array.from({ length: 6 }, () => takenBy(context, folder)));
    const said = all.map(({ said }) => said);
    assert.ok(said.filter((word) => word === 'taken').length <= 1, said.join());
    assert.ok(
      said.every((word) => word === 'taken' || word === 'FOLDER_IN_USE'),
      said.join(),
    );
  });

  it('is refused to a process that has it already', async (context) => {
    const folder = await temporaryFolder(context);
    const lock = await FolderLock.take(folder);
    await assert.rejects(FolderLock.take(folder), refused('FOLDER_IN_USE'));
    // Who was refused has not taken it away from who has it.
    await assert.rejects(FolderLock.take(folder), refused('FOLDER_IN_USE'));
    await lock.release();
    await (await FolderLock.take(folder)).release();
  });

  it('is free where the number of a process is another one now, or the machine was started anew', async (context) => {
    const folder = await temporaryFolder(context);
    const machine = (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim().replaceAll('-', '');
    const { child } = await takenBy(context, await temporaryFolder(context));
    const start = (await readFile(`/proc/${child.pid}/stat`, 'utf8')).split(' ')[21];
    await writeFile(path.join(folder, `lock-${child.pid}-1-${machine}`), '');
    await writeFile(path.join(folder, `lock-${child.pid}-${start}-00ff`), '');
    await (await FolderLock.take(folder)).release();
    await writeFile(path.join(folder, `lock-${child.pid}-${start}-${machine}`), '');
    await assert.rejects(FolderLock.take(folder), refused('FOLDER_IN_USE'));
  });
});
