import { openBundle } from '../../models/bundle/bundle';
import { miniBundleFolder } from '../../models/mini/location';
import { demoConfig } from '../../runtime/cli/demo/demoConfig';
import type { Clock } from '../../runtime/clock';
import type { Config, SourceConfig } from '../../runtime/config/config';
import { Engine } from '../../runtime/inference/engine';
import type { LaneSource } from '../../runtime/lane';
import { Outbox } from '../../runtime/mqtt/sender/outbox';
import { Pipeline } from '../../runtime/pipeline';
import { SupervisedSource } from '../../runtime/source';
import { EMPTY_RUNTIME } from '../support/emptyRuntime';
import { EIGHT_SOURCES, type Phases } from './eightSources';
import { loopedDrivers } from './loopedReadings';

export interface OpenNode {
  readonly engine: Engine;
  /** Not started yet. */
  readonly pipeline: Pipeline;
  readonly close: () => Promise<void>;
}

/**
 * A node with the shipped bundle, labels, fusion and rules, and eight sources that read what a file holds. Without
 * models, every encoder answers at once.
 */
export async function openNode(options: {
  readonly url: string;
  /** Of {@link keepReadings}. */
  readonly readings: string;
  readonly clock: Clock;
  readonly withModel: boolean;
  /** `together` where it is left out. */
  readonly phases?: Phases;
  /** Its own folder. */
  readonly state: string;
}): Promise<OpenNode> {
  const { url, readings, clock, withModel, phases, state } = options;
  const bundle = await openBundle(miniBundleFolder(), { stateDirectory: state });
  const engine = await Engine.open(bundle, { clock, ...(withModel ? {} : { runtimeModule: EMPTY_RUNTIME }) });
  const config = await configOf(url, state);
  const drivers = await loopedDrivers(readings, clock, phases);
  const outbox = await Outbox.open({ folder: `${state}/spool`, clock });
  const pipeline = await Pipeline.create({
    config,
    bundle,
    engine,
    outbox,
    access: { url, clientId: 'measured' },
    sources: config.sources.flatMap((source): LaneSource[] => {
      const driver = drivers[source.id];
      return driver === undefined
        ? []
        : [{ config: source, source: new SupervisedSource(source.id, driver, { clock }) }];
    }),
    clock,
    version: '0.0.0',
    onEvent: () => undefined,
  });
  return {
    engine,
    pipeline,
    close: async () => {
      await pipeline.stop();
      await engine.close();
      await outbox.close();
    },
  };
}

/** The configuration of the shipped world, for other sources. */
async function configOf(url: string, state: string): Promise<Config> {
  const config = await demoConfig({ url, world: { kind: 'seed', seed: 3 }, spoolFolder: `${state}/spool` });
  const [first] = config.sources;
  if (first === undefined) throw new Error('expected sources');
  const sources = Object.keys(EIGHT_SOURCES).map((id): SourceConfig => {
    const like = config.sources.find((source) => source.id.slice(0, 3) === id.slice(0, 3)) ?? first;
    return { ...like, id };
  });
  return { ...config, sources };
}
