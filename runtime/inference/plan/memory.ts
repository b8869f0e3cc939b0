import { readFile } from 'node:fs/promises';
import { freemem, totalmem } from 'node:os';
import path from 'node:path';

/** What this process may still take. */
export interface MemoryReading {
  /** Without moving anything that is in use to the disk, but taking back what only caches files. */
  readonly availableBytes: number;
  /** Room on swap beside it, as far as the group may use it: slow, but no reason to fail. */
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
  /** Limit and use of swap, or of memory and swap together. */
  readonly swap: { readonly limit: string; readonly usage: string; readonly holds: 'swap' | 'memory and swap' };
  /** Keys of `memory.stat`: pages of files, which the kernel takes back when it has to. */
  readonly filePages: readonly string[];
}

const VERSION_2: GroupFiles = {
  limit: 'memory.max',
  usage: 'memory.current',
  swap: { limit: 'memory.swap.max', usage: 'memory.swap.current', holds: 'swap' },
  filePages: ['inactive_file', 'active_file'],
};
const VERSION_1: GroupFiles = {
  limit: 'memory.limit_in_bytes',
  usage: 'memory.usage_in_bytes',
  swap: { limit: 'memory.memsw.limit_in_bytes', usage: 'memory.memsw.usage_in_bytes', holds: 'memory and swap' },
  filePages: ['total_inactive_file', 'total_active_file'],
};

/** What one control group leaves, bytes; nothing where it has no limit. */
interface GroupRoom {
  readonly memory: number | undefined;
  readonly swap: number | undefined;
  readonly memoryAndSwap: number | undefined;
}

/** How much memory is left, for the machine and for each control group that this process is in: the least counts. */
export async function readMemory(roots: MemoryRoots = MACHINE_MEMORY): Promise<MemoryReading> {
  const machine = await machineMemory(roots.proc);
  const groups = await Promise.all((await groupFolders(roots)).map(({ folder, files }) => roomInGroup(folder, files)));
  const least = Math.min(...groups.flatMap(({ memory }) => memory ?? []));
  const availableBytes = Math.max(0, Math.min(machine.availableBytes, least));
  const swaps = groups.flatMap(({ swap, memoryAndSwap }) => [
    ...(swap === undefined ? [] : [swap]),
    ...(memoryAndSwap === undefined ? [] : [memoryAndSwap - availableBytes]),
  ]);
  return {
    availableBytes,
    swapBytes: Math.max(0, Math.min(machine.swapBytes, ...swaps)),
    limitedBy: least >= machine.availableBytes ? 'machine' : 'group',
  };
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

async function roomInGroup(folder: string, { limit, usage, swap, filePages }: GroupFiles): Promise<GroupRoom> {
  const left = async (most: string, used: string): Promise<number | undefined> => {
    const [limitBytes, usedBytes] = await Promise.all(
      [most, used].map(async (name) => Number.parseInt(await readText(path.join(folder, name)), 10)),
    );
    const bytes = (limitBytes ?? Number.NaN) - (usedBytes ?? Number.NaN);
    // "max" is no number, and a file that is missing none either.
    return Number.isFinite(bytes) ? bytes : undefined;
  };
  const [memory, swapped, statistics] = await Promise.all([
    left(limit, usage),
    left(swap.limit, swap.usage),
    readText(path.join(folder, 'memory.stat')),
  ]);
  const files = filePages
    .map((name) => Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(statistics)?.[1] ?? 0))
    .reduce((sum, bytes) => sum + bytes, 0);
  const withFiles = (bytes: number | undefined): number | undefined =>
    bytes === undefined ? undefined : bytes + files;
  return {
    memory: withFiles(memory),
    swap: swap.holds === 'swap' ? swapped : undefined,
    memoryAndSwap: swap.holds === 'swap' ? undefined : withFiles(swapped),
  };
}

function readText(file: string): Promise<string> {
  return readFile(file, 'utf8').catch(() => '');
}
