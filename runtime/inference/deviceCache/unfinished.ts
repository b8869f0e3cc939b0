import { randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { formatIdentity, isAlive, ownIdentity, parseIdentity, processNamespace } from '../../processIdentity';

/** A copy that is being written, or was when its process was killed. */
export interface Unfinished {
  readonly name: string;
  readonly bytes: number;
  /** Nobody will finish it. */
  readonly isLeftover: boolean;
}

/** Who writes it, as this kernel names processes, and in which namespace that name holds. */
const NAME = /^(\d+-\d+-[0-9a-f]+)-(\d{1,20})-[0-9a-f]{8}$/;

/**
 * Whoever cannot be asked has given up when nothing was written for so long. Makers write all the time, but for loading the
 * encoder: minutes for the largest one on the slowest disk.
 */
const GIVEN_UP_MILLIS = 3_600_000;

/** Makes a folder for a copy that this process writes. */
export async function beginCopy(buildingFolder: string): Promise<string> {
  const name = `${formatIdentity(await ownIdentity())}-${await processNamespace()}-${randomUUID().slice(0, 8)}`;
  const folder = path.join(buildingFolder, name);
  await mkdir(folder);
  return folder;
}

/**
 * What is being written, and what killed processes left. Whether a process of this namespace (this machine outside of
 * containers, or the same container) lives is told by its number and its start. Those of others cannot be seen: theirs is
 * taken for a leftover an hour after it was last written to.
 */
export async function unfinishedIn(buildingFolder: string): Promise<readonly Unfinished[]> {
  const entries = await readdir(buildingFolder, { withFileTypes: true }).catch(() => []);
  const names = entries.filter((entry) => entry.isDirectory() && !isTimeProbe(entry.name)).map(({ name }) => name);
  const found = await Promise.all(names.map((name) => describe(buildingFolder, name)));
  return found.flatMap((each) => each ?? []);
}

/** Removes what nobody will finish. */
export async function removeLeftovers(buildingFolder: string): Promise<void> {
  const leftovers = (await unfinishedIn(buildingFolder)).filter(({ isLeftover }) => isLeftover);
  for (const { name } of leftovers) await rm(path.join(buildingFolder, name), { recursive: true, force: true });
}

/** Bytes of the files in a folder, and when one was last written to, milliseconds since the epoch. */
export async function measureFolder(
  folder: string,
): Promise<{ readonly bytes: number; readonly writtenMillis: number }> {
  const names = await readdir(folder).catch((): string[] => []);
  const found = await Promise.all(
    [folder, ...names.map((name) => path.join(folder, name))].map((file) => stat(file).catch(() => undefined)),
  );
  const files = found.flatMap((each) => each ?? []);
  return {
    bytes: files.reduce((sum, each) => sum + (each.isFile() ? each.size : 0), 0),
    writtenMillis: Math.max(0, ...files.map(({ mtimeMs }) => mtimeMs)),
  };
}

async function describe(buildingFolder: string, name: string): Promise<Unfinished | undefined> {
  const { bytes, writtenMillis } = await measureFolder(path.join(buildingFolder, name));
  // It was finished meanwhile.
  if (writtenMillis === 0) return undefined;
  const [, owner = '', namespace] = NAME.exec(name) ?? [];
  const identity = parseIdentity(owner);
  if (identity !== undefined && namespace === (await processNamespace())) {
    return { name, bytes, isLeftover: !(await isAlive(identity, await ownIdentity())) };
  }
  const now = await timeOf(buildingFolder);
  return { name, bytes, isLeftover: now !== undefined && now - writtenMillis > GIVEN_UP_MILLIS };
}

const PROBE = 'time-';

function isTimeProbe(name: string): boolean {
  return name.startsWith(PROBE);
}

/** The clock that sets the times of files, which may be that of another machine; nothing where nothing can be written. */
async function timeOf(folder: string): Promise<number | undefined> {
  const probe = await mkdtemp(path.join(folder, PROBE)).catch(() => undefined);
  if (probe === undefined) return undefined;
  try {
    return (await stat(probe)).mtimeMs;
  } finally {
    await rm(probe, { recursive: true, force: true });
  }
}
