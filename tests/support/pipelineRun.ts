import { simulatedDevices } from '../../devices/simulated/devices';
import type { Clock } from '../../runtime/clock';
import { parseConfig } from '../../runtime/config/readConfig';
import type { Engine } from '../../runtime/inference/engine';
import type { DiscoveryStore } from '../../runtime/mqtt/discovery/discoveryFile';
import { Pipeline } from '../../runtime/pipeline';
import type { PipelineEvent } from '../../runtime/pipelineEvent';
import type { Driver } from '../../runtime/reading';
import { SupervisedSource } from '../../runtime/source';
import type { CleanUp } from './cleanUp';
import type { ManualClock } from './manualClock';
import { openOutbox } from './spoolFolder';
import type { TinyBundle } from './tinyBundle';

export interface PipelineRunOptions {
  readonly tiny: TinyBundle;
  readonly engine: Engine;
  readonly clock: Clock;
  /** Address of the broker. */
  readonly url: string;
  /** Sources, labels and rules in YAML; the kinds of its devices are not looked at. */
  readonly config: string;
  /** By source. */
  readonly drivers: Readonly<Record<string, Driver>>;
  readonly onEvent: (event: PipelineEvent) => void;
  readonly discoveryStore?: DiscoveryStore;
}

/** Starts a pipeline whose sources are the test's; it is stopped at the end. */
export async function startPipeline(context: CleanUp, options: PipelineRunOptions): Promise<Pipeline> {
  const { tiny, engine, clock, url, drivers, onEvent, discoveryStore } = options;
  const text = `version: 1\nnode: box\nbundle: b\nbroker: { url: '${url}' }\n${options.config}`;
  const config = parseConfig(text, { file: '/config.yaml', devices: simulatedDevices });
  const pipeline = await Pipeline.create({
    config,
    bundle: tiny.bundle,
    engine,
    access: { url, clientId: 'box' },
    outbox: await openOutbox(context, { clock }),
    sources: config.sources.map((source) => {
      const driver = drivers[source.id];
      if (driver === undefined) throw new Error(`expected a driver for ${source.id}`);
      return { config: source, source: new SupervisedSource(source.id, driver, { clock }) };
    }),
    clock,
    version: '0.0.0',
    ...(discoveryStore === undefined ? {} : { discoveryStore }),
    onEvent,
  });
  pipeline.start();
  context.after(() => pipeline.stop());
  return pipeline;
}

/** Resolves when no request of an engine is open; `requests` counts all since it was called. */
export function watchRequests(engine: Engine): { settled(): Promise<void>; requests(): number } {
  const open = new Set<Promise<unknown>>();
  let requests = 0;
  const encode = engine.encode.bind(engine);
  engine.encode = (...request) => {
    requests++;
    const answer = encode(...request);
    const over = answer.then(
      () => undefined,
      () => undefined,
    );
    open.add(over);
    void over.then(() => open.delete(over));
    return answer;
  };
  return {
    requests: () => requests,
    settled: async () => {
      while (open.size > 0) await Promise.all(open);
    },
  };
}

/** Lets time pass a tenth of a second at a time, in lock step: whatever a step leads to is over before the next. */
export async function pass(clock: ManualClock, millis: number, settled: () => Promise<void>): Promise<void> {
  for (let left = millis; left > 0; left -= 100) {
    await clock.advance(Math.min(100, left));
    await settled();
  }
}
