/** Microseconds on the machine's monotonic clock: the same for all processes and threads of it, unlike `performance.now`. */
export function machineMicros(): number {
  return Number(process.hrtime.bigint() / 1000n);
}
