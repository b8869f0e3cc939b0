import { readFile } from 'node:fs/promises';
import { freemem, totalmem } from 'node:os';
import path from 'node:path';

/** What this process may still take. */
export interface MemoryReading {
  /** Without moving anything that is in use to the disk, but taking back what only caches files. */
  readonly availableBytes: number;
  /** Room on swap beside it: slow, but no reason to fail. */
  readonly swapBytes: number;
  /** `machine`, or the control group (container, service) whose limit is nearer. */
  readonly limitedBy: 'machine' | 'group';
}

/** Where the kernel says it; changed by tests. */
export interface MemoryRoots {
  readonly proc: string;
  readonly cgroup: string;
}

export const MACHINE_MEMORY: MemoryRoots = { proc: '/proc', cgroup: '/sys/fs/cgroup' };

/** Names of one version of control groups (Linux, admin-guide/cgroup-v2.rst and cgroup-v1/memory.rst). */
interface GroupFiles {
  readonly limit: string;
  readonly usage: string;
  /** Keys of `memory.stat`: pages of files, which the kernel takes back when it has to. */
  readonly filePages: readonly string[];
}

const VERSION_2: GroupFiles = {
  limit: 'memory.max',
  usage: 'memory.current',
  filePages: ['inactive_file', 'active_file'],
};
const VERSION_1: GroupFiles = {
  limit: 'memory.limit_in_bytes',
  usage: 'memory.usage_in_bytes',
  filePages: ['total_inactive_file', 'total_active_file'],
};

/** How much memory is left, for the machine and for each control group that this process is in: the least counts. */
export async function readMemory(roots: MemoryRoots = MACHINE_MEMORY): Promise<MemoryReading> {
  const machine = await machineMemory(roots.proc);
  const groups = await Promise.all((await groupFolders(roots)).map(({ folder, files }) => leftInGroup(folder, files)));
  const least = Math.min(...groups.flatMap((bytes) => bytes ?? []));
  if (least >= machine.availableBytes) return { ...machine, limitedBy: 'machine' };
  return { availableBytes: Math.max(0, least), swapBytes: machine.swapBytes, limitedBy: 'group' };
}

async function machineMemory(proc: string): Promise<Omit<MemoryReading, 'limitedBy'>> {
  const text = await readText(path.join(proc, 'meminfo'));
  const available = kilobytes(text, 'MemAvailable');
  // Elsewhere than on Linux nobody says what could be taken back: all but a tenth, so that nothing is refused wrongly.
  if (available === undefined) return { availableBytes: Math.max(freemem(), 0.9 * totalmem()), swapBytes: 0 };
  return { availableBytes: available, swapBytes: kilobytes(text, 'SwapFree') ?? 0 };
}

function kilobytes(meminfo: string, name: string): number | undefined {
  const [, value] = new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(meminfo) ?? [];
  return value === undefined ? undefined : Number(value) * 1024;
}

/** The group of this process and all above it; each may have a limit. */
async function groupFolders({
  proc,
  cgroup,
}: MemoryRoots): Promise<readonly { readonly folder: string; readonly files: GroupFiles }[]> {
  const lines = (await readText(path.join(proc, 'self', 'cgroup'))).split('\n');
  return lines.flatMap((line) => {
    const [, controllers, group = ''] = /^\d+:([^:]*):(\/.*)$/.exec(line) ?? [];
    if (controllers === '') return ancestors(group).map((at) => ({ folder: path.join(cgroup, at), files: VERSION_2 }));
    if (!controllers?.split(',').includes('memory')) return [];
    return ancestors(group).map((at) => ({ folder: path.join(cgroup, 'memory', at), files: VERSION_1 }));
  });
}

function ancestors(group: string): readonly string[] {
  return group === '/' ? ['/'] : [group, ...ancestors(path.dirname(group))];
}

/** Nothing where the group has no limit. */
async function leftInGroup(folder: string, { limit, usage, filePages }: GroupFiles): Promise<number | undefined> {
  const [most, used, statistics] = await Promise.all(
    [limit, usage, 'memory.stat'].map((name) => readText(path.join(folder, name))),
  );
  const limitBytes = Number.parseInt(most ?? '', 10);
  const usedBytes = Number.parseInt(used ?? '', 10);
  if (!Number.isFinite(limitBytes) || !Number.isFinite(usedBytes)) return undefined;
  const files = filePages.map((name) => Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(statistics ?? '')?.[1] ?? 0));
  return limitBytes - usedBytes + files.reduce((sum, bytes) => sum + bytes, 0);
}

function readText(file: string): Promise<string> {
  return readFile(file, 'utf8').catch(() => '');
}
