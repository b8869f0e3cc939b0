import { readFile } from 'node:fs/promises';

/** What a process holds of the machine's memory. */
export interface ProcessMemory {
  /** Nobody else's: heap, stacks, what onnxruntime allocates. All that is resident where the system tells no more. */
  readonly privateBytes: number;
  /** Mapped files: shared with others that map them, and given back when memory is short. `null` where not told. */
  readonly mappedBytes: number | null;
}

/** Of this process. */
export async function ownMemory(statusFile = '/proc/self/status'): Promise<ProcessMemory> {
  const status = await readFile(statusFile, 'utf8').catch(() => '');
  return parseStatus(status) ?? { privateBytes: process.memoryUsage.rss(), mappedBytes: null };
}

/** `RssAnon` and `RssFile` of proc_pid_status(5); nothing where they are missing, before Linux 4.5. */
export function parseStatus(status: string): ProcessMemory | undefined {
  const kilobytes = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d{1,12}) kB$`, 'm').exec(status)?.[1]);
  const privateBytes = 1024 * kilobytes('RssAnon');
  const mappedBytes = 1024 * kilobytes('RssFile');
  return Number.isFinite(privateBytes + mappedBytes) ? { privateBytes, mappedBytes } : undefined;
}

/** What `after` holds beyond `before`; never less than nothing. */
export function grown(before: ProcessMemory, after: ProcessMemory): ProcessMemory {
  const beyond = (from: number, to: number): number => Math.max(0, to - from);
  return {
    privateBytes: beyond(before.privateBytes, after.privateBytes),
    mappedBytes:
      before.mappedBytes === null || after.mappedBytes === null ? null : beyond(before.mappedBytes, after.mappedBytes),
  };
}
