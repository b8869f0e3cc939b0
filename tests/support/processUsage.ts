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
