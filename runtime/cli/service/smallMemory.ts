import { setFlagsFromString } from 'node:v8';

/** Small buffers share a piece of memory of this size. */
const BUFFER_POOL_BYTES = 1024;

/**
 * Makes this process one that lives for years in little memory, rather than a fast command. To be called before other
 * modules are loaded: what the heap has grown to by then it keeps.
 *
 * V8 lets the space of young objects grow to 32 MB for each thread; at the load of a node it does as well with its first
 * 2 MB (`--max-semi-space-size` does the same, but cannot be given to a process that runs). One small buffer keeps the
 * whole pool that it was cut from, 64 KB in Node.js 24, and MQTT.js keeps one for each length of a message for ever.
 *
 * So little is collected by the thread that waits for it: help from other threads has to find a free core first. Two pairs
 * of runs of 25 s at a load of 11 had pauses of 5.5 and 4.0 ms with help, 3.2 and 1.4 without (95 %); three pairs at a load
 * of 2 showed no difference (`npm run bench -- --only steady-state`).
 */
export function keepMemorySmall(): void {
  setFlagsFromString('--semi-space-growth-factor=1');
  setFlagsFromString('--no-parallel-scavenge');
  Buffer.poolSize = BUFFER_POOL_BYTES;
}
