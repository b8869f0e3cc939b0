/**
 * `node --expose-gc soakedNode.js BROKER_URL READINGS SECONDS`: a node without models, on a clock that goes as fast as it
 * can follow. Prints a {@link SoakSample} as JSON now and then, until so many seconds of this machine are over.
 */
import { type Millis, systemClock } from '../../../runtime/clock';
import { ManualClock } from '../../support/manualClock';
import { openNode } from '../openNode';

/** What a node held at some time of its life. */
export interface SoakSample {
  /** On its own clock, since the start. */
  readonly hours: number;
  /** Live objects and buffers, after a collection. */
  readonly heldMegabytes: number;
  readonly residentMegabytes: number;
  readonly embeddings: number;
}

const SAMPLES = 24;

const SETTLE = 40 as Millis;

async function main([url = '', readings = '', seconds = '']: readonly string[]): Promise<void> {
  const { gc } = globalThis;
  if (gc === undefined) throw new Error('expected --expose-gc');
  const clock = new ManualClock({ turns: 1 });
  const state = process.env['XDG_STATE_HOME'] ?? '';
  const { pipeline } = await openNode({ url, readings, clock, withModel: false, state });
  pipeline.start();
  const millis = (1000 * Number(seconds)) / SAMPLES;
  for (let sample = 0; sample < SAMPLES; sample++) {
    const until = performance.now() + millis;
    while (performance.now() < until) {
      await clock.advance(500);
      await pipeline.settled();
    }
    await settle(gc);
    const { heapUsed, external, rss } = process.memoryUsage();
    const counted = Object.values(pipeline.stats().sources).reduce((sum, { embeddings }) => sum + embeddings, 0);
    const found: SoakSample = {
      hours: clock.monotonicMicros() / 3.6e9,
      heldMegabytes: (heapUsed + external) / 1e6,
      residentMegabytes: rss / 1e6,
      embeddings: counted,
    };
    console.log(JSON.stringify(found));
  }
  // It stands on a clock that nobody moves any more.
  process.exit();
}

/** What is on its way to the broker or to the disk arrives, and what was let go is collected, buffers too. */
async function settle(gc: () => unknown): Promise<void> {
  for (let turn = 0; turn < 3; turn++) {
    await new Promise((resolve) => systemClock.setTimer(SETTLE, () => resolve(undefined)));
    gc();
  }
}

void main(process.argv.slice(2));
