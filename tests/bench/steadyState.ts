import { startMosquitto } from '../support/mosquitto';
import { GROWTH_BUDGET, holdsGrowth, slope } from './growth';
import { type Figure, percentile } from './measure';
import type { SteadyReport } from './programs/steadyNode';
import { runNode } from './runNode';

const LARGEST_PAUSE_P99_MILLIS = 5;

/**
 * A node with the shipped bundle, eight sources at their usual rates and a real broker, in its steady state: what its
 * heap comes to hold, and how long its main thread stands still to collect garbage.
 */
export async function benchSteadyState({
  folder,
  seconds,
}: {
  readonly folder: string;
  readonly seconds: number;
}): Promise<readonly Figure[]> {
  const broker = await startMosquitto({ holdsContract: false });
  try {
    const output = await runNode('steadyNode', { folder, flags: ['--expose-gc'], args: [broker.url], seconds });
    // Written by our own program.
    const report = JSON.parse(output) as SteadyReport;
    return [pausesOf(report), growthOf(report)];
  } finally {
    await broker.stop();
  }
}

function pausesOf({ pauses, seconds, embeddings }: SteadyReport): Figure {
  const millis = pauses.map((pause) => pause.millis);
  const majors = pauses.filter(({ isMajor }) => isMajor).map((pause) => pause.millis);
  const p99 = percentile(millis, 0.99);
  const largest = Math.max(...millis);
  const perMinute = (60 * millis.length) / seconds;
  return {
    name: 'garbage-collection pauses of a node, 8 sources, shipped bundle',
    measured: `p99 ${p99.toFixed(2)} ms, p50 ${percentile(millis, 0.5).toFixed(2)} ms, largest ${largest.toFixed(1)} ms (${perMinute.toFixed(0)} a minute, ${majors.length} of the whole heap)`,
    budget: `p99 < ${LARGEST_PAUSE_P99_MILLIS} ms`,
    holds: p99 < LARGEST_PAUSE_P99_MILLIS && embeddings > 0,
    details: {
      p99,
      largest,
      pauses: millis.length,
      majors: majors.length,
      majorP50: majors.length === 0 ? 0 : percentile(majors, 0.5),
      millisPerSecond: millis.reduce((sum, one) => sum + one, 0) / seconds,
      embeddings,
      seconds,
    },
  };
}

function growthOf({ held, embeddings, seconds }: SteadyReport): Figure {
  const [first = [0, 0], last = first] = [held[0], held.at(-1)];
  const growth = slope(held);
  const hours = last[0] - first[0];
  return {
    name: 'memory growth of a node, 8 sources, shipped bundle',
    measured: `${(growth * hours).toFixed(2)} MB of ${last[1].toFixed(1)} MB held, over ${(60 * hours).toFixed(1)} minutes (${embeddings} embeddings)`,
    budget: GROWTH_BUDGET,
    holds: holdsGrowth(growth, hours) && embeddings > 0,
    details: { growth, hours, heldFirst: first[1], heldLast: last[1], embeddings, seconds },
  };
}
