/**
 * Exit code of a node that a native call, or its own end, kept waiting for too long (EX_SOFTWARE of sysexits.h). A
 * supervisor starts it again.
 */
export const STUCK_EXIT_CODE = 70;

/**
 * Ends the process at once, whatever its threads are doing. `process.exit()` cannot: it waits for threads, and one that
 * is inside a native call that does not come back would keep it for ever. So the process becomes a shell that exits
 * (execve ends all threads); where Node.js cannot do that (before 22.15), it ends by SIGKILL.
 */
export function endProcess(code: number): void {
  if (process.execve !== undefined) process.execve('/bin/sh', ['sh', '-c', `exit ${code}`], {});
  process.kill(process.pid, 'SIGKILL');
}
