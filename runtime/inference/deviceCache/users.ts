import { randomUUID } from 'node:crypto';
import { readdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { formatIdentity, isAlive, ownIdentity, type ProcessIdentity, parseIdentity } from '../../processIdentity';

/** Of one process in one copy. */
const MOST_MARKS = 16;

const NAME = /^user-(.+)-[0-9a-f]{8}$/;

/**
 * Says in the folder of a copy that a session of this process uses it; resolves to what takes that back. Of a process that
 * was killed the file stays until the next comes, and counts no more. This sets the folder's time, which orders copies by their last use.
 */
export async function markUse(folder: string): Promise<() => Promise<void>> {
  const own = await ownIdentity();
  let marks = 0;
  for (const { name, identity } of await usersOf(folder)) {
    if (!(await isAlive(identity, own))) await rm(path.join(folder, name), { force: true });
    else if (formatIdentity(identity) === formatIdentity(own)) marks++;
  }
  // Of workers that crashed, the marks stay until this process ends: it is known to use the copy.
  if (marks >= MOST_MARKS) return async () => undefined;
  const file = path.join(folder, `user-${formatIdentity(own)}-${randomUUID().slice(0, 8)}`);
  await writeFile(file, '', { flag: 'wx' });
  return () => rm(file, { force: true });
}

/** Whether a session of a living process uses the copy. */
export async function isUsed(folder: string): Promise<boolean> {
  const own = await ownIdentity();
  for (const { identity } of await usersOf(folder)) if (await isAlive(identity, own)) return true;
  return false;
}

async function usersOf(
  folder: string,
): Promise<readonly { readonly name: string; readonly identity: ProcessIdentity }[]> {
  const names = await readdir(folder).catch((): string[] => []);
  return names.flatMap((name) => {
    const identity = parseIdentity(NAME.exec(name)?.[1] ?? '');
    return identity === undefined ? [] : { name, identity };
  });
}
