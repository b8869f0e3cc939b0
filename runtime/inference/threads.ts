import { availableParallelism } from 'node:os';

export interface ThreadPlan {
  readonly workers: number;
  readonly threadsPerWorker: number;
}

/**
 * How many workers and intra-op threads an engine uses: by default one worker with all threads, which has half the
 * latency of many workers with one thread each at 8 % less throughput (reference/onnxruntime.md §5). From three cores on
 * one is left to the main thread; with one or two that would cost the encoders half their speed for a thread that is
 * nearly idle. More threads than cores make everything slower, so wishes are cut to the cores there are.
 */
export function planThreads(
  wishes: { readonly workers?: number | undefined; readonly threadsPerWorker?: number | undefined },
  cores: number = availableParallelism(),
): ThreadPlan {
  const workers = clamp(wishes.workers ?? 1, cores);
  const share = Math.floor((cores > 2 ? cores - 1 : cores) / workers);
  return { workers, threadsPerWorker: clamp(wishes.threadsPerWorker ?? share, Math.floor(cores / workers)) };
}

/** What is no number of one or more counts as one. */
function clamp(wish: number, most: number): number {
  return wish >= 1 ? Math.min(Math.floor(wish), most) : 1;
}
