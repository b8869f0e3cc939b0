import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { type Millis, systemClock } from '../../runtime/clock';
import { Engine } from '../../runtime/inference/engine';
import type { Flow } from './nodeRed';
import { flowNode } from './nodeRedFlow';
import { compiled } from './paths';

/** What a Node-RED holds, seen from the inside. */
export interface Look {
  /** Live objects and buffers, after a collection of garbage. */
  readonly heldMegabytes: number;
  readonly residentMegabytes: number;
  /** Opened and not closed. */
  readonly engines: number;
}

/** Makes {@link look} known to function nodes of a {@link startNodeRed}. */
export const PROBED = { TEST_GLOBALS: compiled('tests/support/nodeRedProbe') } as const;

/** Nodes that send a {@link Look} whenever `press-look` is injected: `look` sends it. */
export const LOOKS: Flow = [
  flowNode('press-look', 'inject', { wires: ['look'], props: [] }),
  flowNode('look', 'function', {
    wires: ['sink'],
    func: "return { payload: await global.get('look')() };",
    outputs: 1,
    libs: [],
  }),
];

/** For what is on its way, and buffers that are let go late. */
const SETTLE = 40 as Millis;

let engines = 0;

/** Runs inside Node-RED. */
export async function look(): Promise<Look> {
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('gc');
  for (let turn = 0; turn < 3; turn++) {
    await new Promise<void>((resolve) => systemClock.setTimer(SETTLE, resolve));
    if (typeof collect === 'function') collect();
  }
  const { heapUsed, external, rss } = process.memoryUsage();
  return { heldMegabytes: (heapUsed + external) / 1e6, residentMegabytes: rss / 1e6, engines };
}

function countEngines(): void {
  const open = Engine.open.bind(Engine);
  Engine.open = async (...parts) => {
    const engine = await open(...parts);
    const close = engine.close.bind(engine);
    engines++;
    engine.close = async () => {
      engines--;
      await close();
    };
    return engine;
  };
}

countEngines();
