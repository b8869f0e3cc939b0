import { availableParallelism } from 'node:os';

/** How many threads a worker computes with. */
export interface WorkerThreads {
  readonly threadsPerWorker: number;
  /** Those of {@link SMALL_BYTES}. */
  readonly threadsOfSmall: number;
}

export interface ThreadPlan extends WorkerThreads {
  readonly workers: number;
}

/**
 * An encoder with less weight than this is a loss to several threads, which have to be woken for each of its many short
 * products. On two quiet cores those of imagebind_mini (1.9 MB each) took 0.9 to 1.9 ms with one thread and 1.2 to 2.3 with
 * two; the smallest published encoder in int8 (21 MB) is faster with two.
 */
const SMALL_BYTES = 8e6;

/**
 * How many workers and intra-op threads an engine uses: by default one worker with all threads, which has half the
 * latency of many workers with one thread each at 8 % less throughput (reference/onnxruntime.md §5). From three cores on
 * one is left to the main thread; with one or two that would cost the encoders half their speed for a thread that is
 * nearly idle. Small encoders get one thread, unless a number is wished for. More threads than cores make everything
 * slower, so wishes are cut to the cores there are.
 */
export function planThreads(
  wishes: { readonly workers?: number | undefined; readonly threadsPerWorker?: number | undefined },
  cores: number = availableParallelism(),
): ThreadPlan {
  const workers = clamp(wishes.workers ?? 1, cores);
  const share = Math.floor((cores > 2 ? cores - 1 : cores) / workers);
  const threadsPerWorker = clamp(wishes.threadsPerWorker ?? share, Math.floor(cores / workers));
  return { workers, threadsPerWorker, threadsOfSmall: wishes.threadsPerWorker === undefined ? 1 : threadsPerWorker };
}

/** Those of one encoder, whose files have so many bytes. */
export function threadsFor(
  { fileBytes }: { readonly fileBytes: number },
  { threadsPerWorker, threadsOfSmall }: WorkerThreads,
): number {
  return fileBytes < SMALL_BYTES ? threadsOfSmall : threadsPerWorker;
}

/** What is no number of one or more counts as one. */
function clamp(wish: number, most: number): number {
  return wish >= 1 ? Math.min(Math.floor(wish), most) : 1;
}
