import { readFile, readlink } from 'node:fs/promises';

/** A process as the kernel tells it from all others, also of other starts of the machine. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Clock ticks from the start of the machine to that of the process; `0` where the system does not say. */
  readonly startTicks: string;
  readonly machineStart: string;
}

const FORMAT = /^([1-9]\d{0,9})-(\d{1,20})-([0-9a-f]{1,32})$/;

export async function ownIdentity(): Promise<ProcessIdentity> {
  const own = await processOf(process.pid);
  return { pid: process.pid, startTicks: own?.startTicks ?? '0', machineStart: (await machineStart()) ?? '0' };
}

/** Which start of the machine this is; nothing where the system does not say. */
export async function machineStart(): Promise<string | undefined> {
  const text = await readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => '');
  return text.replace(/[^0-9a-f]/g, '').slice(0, 32) || undefined;
}

/** Number of the namespace in which this process has its number: containers have their own. `0` where the system does not say. */
export async function processNamespace(): Promise<string> {
  const text = await readlink('/proc/self/ns/pid').catch(() => '');
  return /^pid:\[(\d{1,20})\]$/.exec(text)?.[1] ?? '0';
}

/** Whether the process of an identity lives; `own` is that of the one who asks. Processes in other containers cannot be seen. */
export async function isAlive(identity: ProcessIdentity, own: ProcessIdentity): Promise<boolean> {
  if (identity.machineStart !== own.machineStart) return false;
  const found = await processOf(identity.pid);
  if (found !== undefined) return !found.isDead && found.startTicks === identity.startTicks;
  return answersSignals(identity.pid);
}

/** An identity as part of a file's name. */
export function formatIdentity({ pid, startTicks, machineStart }: ProcessIdentity): string {
  return `${pid}-${startTicks}-${machineStart}`;
}

/** What {@link formatIdentity} made, or nothing. */
export function parseIdentity(text: string): ProcessIdentity | undefined {
  const [, pid, startTicks, machineStart] = FORMAT.exec(text) ?? [];
  if (pid === undefined || startTicks === undefined || machineStart === undefined) return undefined;
  return { pid: Number(pid), startTicks, machineStart };
}

/** For systems that hide other processes, or have no /proc: one with this number is there. */
function answersSignals(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/** What proc_pid_stat(5) says: `pid (name) state ...`, where the name may hold anything, and the start is the 22nd. */
async function processOf(pid: number): Promise<{ readonly startTicks: string; readonly isDead: boolean } | undefined> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  const fields = text?.slice(text.lastIndexOf(')') + 2).split(' ') ?? [];
  const [state] = fields;
  const startTicks = fields[19];
  if (state === undefined || startTicks === undefined) return undefined;
  // A zombie has ended, and only its parent has not asked how.
  return { startTicks, isDead: state === 'Z' || state === 'X' };
}
