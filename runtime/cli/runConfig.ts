import { readFileSync } from 'node:fs';
import path from 'node:path';
import { machinePorts } from '../../devices/ports/ports';
import type { Clock, Millis } from '../clock';
import type { Config, SourceConfig } from '../config/config';
import { brokerAccess } from '../config/secrets';
import { FramePool } from '../frames';
import { Engine } from '../inference/engine';
import type { LaneSource } from '../lane';
import { Pipeline } from '../pipeline';
import type { PipelineEvent } from '../pipelineEvent';
import type { FrameMemory } from '../reading';
import { DisabledSource, SupervisedSource } from '../source';
import { openNamedBundle } from './bundle';
import { declarationOf } from './openDevice';

export interface RunOptions {
  readonly clock: Clock;
  readonly log: (event: PipelineEvent) => void;
  readonly runTime: Millis | undefined;
  readonly signal: AbortSignal;
}

/** Pictures of all cameras that are on their way: three of each of eight Full HD cameras. */
const PICTURE_LIMITS = { frames: 64, bytes: 2 ** 28 } as const;

/**
 * Runs a configuration until `signal`, until `runTime` is over, or until every source has come to its end. Ends
 * gracefully in each case: sources first, then what is under way, then `stopped` to the broker.
 */
export async function runConfig(config: Config, { clock, log, runTime, signal }: RunOptions): Promise<void> {
  const bundle = await openNamedBundle({ bundle: config.bundle });
  const access = await brokerAccess(config.broker, process.env);
  const engine = await Engine.open(bundle, { clock });
  const memory = new FramePool(PICTURE_LIMITS);
  try {
    await new Promise<void>((resolve, reject) => {
      let stopTimer = (): void => undefined;
      const options = {
        config,
        bundle,
        engine,
        access,
        sources: config.sources.map((source) => openSource(source, { clock, folder: config.folder, memory })),
        clock,
        version: packageVersion(),
        onEvent: (event: PipelineEvent) => {
          log(event);
          if (event.kind === 'ended') finish();
        },
      };
      let pipeline: Pipeline | undefined;
      let finished = false;
      const finish = (): void => {
        if (finished) return;
        finished = true;
        stopTimer();
        signal.removeEventListener('abort', finish);
        (pipeline?.stop() ?? Promise.resolve()).then(resolve, reject);
      };
      Pipeline.create(options).then((created) => {
        if (signal.aborted) return resolve();
        pipeline = created;
        signal.addEventListener('abort', finish, { once: true });
        if (runTime !== undefined) {
          const timer = clock.setTimer(runTime, finish);
          stopTimer = () => timer.cancel();
        }
        created.start();
      }, reject);
    });
  } finally {
    await engine.close();
  }
}

function openSource(
  config: SourceConfig,
  { clock, folder, memory }: { readonly clock: Clock; readonly folder: string; readonly memory: FrameMemory },
): LaneSource {
  const { id, device, enabled } = config;
  const declaration = declarationOf(device, id);
  if (!enabled) return { config, source: new DisabledSource(id, declaration.modality) };
  const driver = declaration.open(device, { source: id, clock, folder, memory, ports: machinePorts(clock) });
  return { config, source: new SupervisedSource(id, driver, { clock }) };
}

/** Version of this package, as its package.json says. */
export function packageVersion(): string {
  const file = path.join(__dirname, '..', '..', '..', 'package.json');
  const description: unknown = JSON.parse(readFileSync(file, 'utf8'));
  return typeof description === 'object' && description !== null && 'version' in description
    ? String(description.version)
    : 'unknown';
}
