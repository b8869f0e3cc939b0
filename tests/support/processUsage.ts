import { readdir, readFile, readlink } from 'node:fs/promises';

/** What the kernel knows of a process. */
export interface ProcessUsage {
  readonly descriptors: number;
  readonly threads: number;
  readonly children: number;
}

/** Needs /proc. */
export async function processUsage(pid: number): Promise<ProcessUsage> {
  const [descriptors, threads, processes] = await Promise.all([
    readdir(`/proc/${pid}/fd`),
    readdir(`/proc/${pid}/task`),
    readdir('/proc'),
  ]);
  const stats = await Promise.all(
    processes.filter((name) => /^\d+$/.test(name)).map((process) => ifThere(readFile(`/proc/${process}/stat`, 'utf8'))),
  );
  // After the name of the program, in brackets: its state and its parent.
  const parents = stats.map((stat) => Number(stat.slice(stat.lastIndexOf(')')).split(' ')[2]));
  return {
    descriptors: descriptors.length,
    threads: threads.length,
    children: parents.filter((parent) => parent === pid).length,
  };
}

/** How many descriptors of a process lead to a file. */
export async function descriptorsOf(pid: number, file: string): Promise<number> {
  const folder = `/proc/${pid}/fd`;
  const targets = await Promise.all((await readdir(folder)).map((fd) => ifThere(readlink(`${folder}/${fd}`))));
  return targets.filter((target) => target === file).length;
}

/** A descriptor or a thread may have gone meanwhile. */
async function ifThere(text: Promise<string>): Promise<string> {
  try {
    return await text;
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ESRCH')) return '';
    throw error;
  }
}

/** `RssAnon` of a process (proc_pid_status(5)); 0 when it is gone. */
export async function privateBytes(pid: number | undefined): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  return 1024 * Number(/^RssAnon:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0);
}

/** Processes that a process has started and that run; needs a kernel that lists them. */
export async function childrenOf(pid: number | undefined): Promise<readonly number[]> {
  const list = await ifThere(readFile(`/proc/${pid}/task/${pid}/children`, 'utf8'));
  return list.split(' ').filter(Boolean).map(Number);
}
