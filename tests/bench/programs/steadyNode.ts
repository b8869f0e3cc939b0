/**
 * `node --expose-gc steadyNode.js BROKER_URL READINGS SECONDS`: a node with eight sources at their usual rates and the
 * shipped bundle. Prints one {@link SteadyReport} as JSON after so many seconds, the time to warm up not counted.
 */
import { constants, PerformanceObserver } from 'node:perf_hooks';
import { type Millis, systemClock } from '../../../runtime/clock';
import { openNode } from '../openNode';

/** Until code is compiled and what is bounded is full: caches, rings, the newest durations. */
const WARM_UP_SHARE = 0.2;
const SAMPLES = 10;

const SETTLE = 40 as Millis;

/** A stop of the main thread to collect garbage. */
export interface Pause {
  readonly millis: number;
  /** Of the whole heap, not of young objects only. */
  readonly isMajor: boolean;
}

export interface SteadyReport {
  /** Of collections that V8 made by itself. */
  readonly pauses: readonly Pause[];
  /** Live objects and buffers after a collection, by hours since the first sample. */
  readonly held: readonly (readonly [hours: number, megabytes: number])[];
  readonly embeddings: number;
  readonly seconds: number;
}

interface CollectionEntry extends PerformanceEntry {
  readonly detail: { readonly kind: number; readonly flags: number };
}

async function main([url = '', readings = '', seconds = '']: readonly string[]): Promise<void> {
  const { gc } = globalThis;
  if (gc === undefined) throw new Error('expected --expose-gc');
  const state = process.env['XDG_STATE_HOME'] ?? '';
  const { pipeline, close } = await openNode({ url, readings, clock: systemClock, withModel: true, state });
  const embeddings = (): number =>
    Object.values(pipeline.stats().sources).reduce((sum, source) => sum + source.embeddings, 0);
  pipeline.start();
  const millis = 1000 * Number(seconds);
  await pause(WARM_UP_SHARE * millis);
  const pauses: Pause[] = [];
  const observer = new PerformanceObserver((list) => {
    // Entries of this type tell that too (node:perf_hooks).
    for (const { duration, detail } of list.getEntries() as unknown as readonly CollectionEntry[]) {
      if ((detail.flags & constants.NODE_PERFORMANCE_GC_FLAGS_FORCED) !== 0) continue;
      pauses.push({ millis: duration, isMajor: detail.kind !== constants.NODE_PERFORMANCE_GC_MINOR });
    }
  });
  observer.observe({ entryTypes: ['gc'] });
  const held: [hours: number, megabytes: number][] = [];
  const before = embeddings();
  const began = performance.now();
  for (let sample = 0; sample <= SAMPLES; sample++) {
    if (sample > 0) await pause(((1 - WARM_UP_SHARE) * millis) / SAMPLES);
    await settle(gc);
    const { heapUsed, external } = process.memoryUsage();
    held.push([(performance.now() - began) / 3.6e6, (heapUsed + external) / 1e6]);
  }
  await pause(0);
  observer.disconnect();
  const report: SteadyReport = {
    pauses,
    held,
    embeddings: embeddings() - before,
    seconds: (performance.now() - began) / 1000,
  };
  console.log(JSON.stringify(report));
  await close();
}

/** What was let go is collected, buffers too. */
async function settle(gc: () => unknown): Promise<void> {
  for (let turn = 0; turn < 3; turn++) {
    await pause(SETTLE);
    gc();
  }
}

function pause(millis: number): Promise<void> {
  return new Promise((resolve) => systemClock.setTimer(millis as Millis, resolve));
}

void main(process.argv.slice(2));
