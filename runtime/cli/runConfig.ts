import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Clock, Millis } from '../clock';
import type { Config, SourceConfig } from '../config/config';
import { brokerAccess } from '../config/secrets';
import { EventFile } from '../events/eventFile';
import { FramePool } from '../frames';
import { Engine, type EngineOptions } from '../inference/engine';
import type { LaneSource } from '../lane';
import { DiscoveryFile } from '../mqtt/discovery/discoveryFile';
import { ReadingsIn } from '../mqtt/readingsIn';
import { Outbox } from '../mqtt/sender/outbox';
import { Mutes } from '../mutes';
import { Pipeline } from '../pipeline';
import type { PipelineEvent } from '../pipelineEvent';
import { openNamedBundle } from './bundle';
import { nodeServices } from './nodeServices';
import { discoveryFile, eventsFile, mutesFolder, openSource, PICTURE_LIMITS, spoolFolder } from './openSource';

export interface RunOptions {
  readonly clock: Clock;
  readonly log: (event: PipelineEvent) => void;
  readonly runTime: Millis | undefined;
  readonly signal: AbortSignal;
  /** Takes what is to be said of the bundle; left out, it goes to the standard error. */
  readonly note?: (text: string) => void;
  /** Looks after the node while it runs; what it returns is called when the node begins to end. */
  readonly attach?: (node: RunningNode) => () => void;
  /** Whether events that go on are kept over a restart. Default: true. */
  readonly remembersEvents?: boolean;
}

/** A node that runs. */
export interface RunningNode {
  readonly pipeline: Pipeline;
  readonly engine: Engine;
  readonly outbox: Outbox;
  /** Makes a source of the node, not yet started. @throws {SensebindError} `CONFIG_INVALID` */
  readonly open: (source: SourceConfig) => LaneSource;
}

/**
 * With this exit code a node ends that was told to restart: its supervisor starts it again, as after a failure (EX_TEMPFAIL
 * of sysexits.h).
 */
export const RESTART_EXIT_CODE = 75;

/**
 * Runs a configuration until `signal`, until `runTime` is over, or until every source has come to its end. Ends
 * gracefully in each case: sources first, then what is under way, then `stopped` to the broker.
 */
export async function runConfig(config: Config, options: RunOptions): Promise<void> {
  const outbox = await openOutbox(config, options);
  try {
    await runWith(outbox, config, options);
  } finally {
    await outbox.close();
  }
}

async function runWith(outbox: Outbox, config: Config, runOptions: RunOptions): Promise<void> {
  const { clock, log, note, runTime, signal, attach, remembersEvents = true } = runOptions;
  const bundle = await openNamedBundle({ bundle: config.bundle, ...(note === undefined ? {} : { note }) });
  const mutes = await Mutes.open(mutesFolder(config.node), clock);
  const access = await brokerAccess(config.broker, process.env);
  const engine = await Engine.open(bundle, { clock, ...engineOptions(config) });
  const memory = new FramePool(PICTURE_LIMITS);
  const readingsIn = new ReadingsIn(clock);
  const { disabled, services } = await nodeServices(config, {
    clock,
    log,
    memory,
    mutes,
    library: `sensebind ${packageVersion()}`,
  });
  const open = (source: SourceConfig): LaneSource =>
    openSource(source, { clock, folder: config.folder, memory, mutes, disabled, readingsIn });
  try {
    await new Promise<void>((resolve, reject) => {
      let stopTimer = (): void => undefined;
      let detach = (): void => undefined;
      const options = {
        config,
        bundle,
        engine,
        access,
        outbox,
        sources: config.sources.map(open),
        readingsIn,
        clock,
        version: packageVersion(),
        control: {
          ...services,
          restart: () => {
            process.exitCode = RESTART_EXIT_CODE;
            finish();
          },
        },
        ...(remembersEvents
          ? {
              eventStore: new EventFile(eventsFile(config.node), (file) =>
                log({ kind: 'spool', event: { kind: 'set-aside', files: [file] } }),
              ),
            }
          : {}),
        discoveryStore: new DiscoveryFile(discoveryFile(config.node)),
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
        detach();
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
        if (attach !== undefined && !finished) detach = attach({ pipeline: created, engine, outbox, open });
      }, reject);
    });
  } finally {
    await engine.close();
  }
}

function engineOptions({ inference = {} }: Config): EngineOptions {
  const { runtime, providers, workers, threads } = inference;
  return {
    ...(runtime === undefined ? {} : { runtimeModule: runtime }),
    ...(providers === undefined ? {} : { providers }),
    ...(workers === undefined ? {} : { workers }),
    ...(threads === undefined ? {} : { threadsPerWorker: threads }),
  };
}

function openOutbox({ node, spool }: Config, { clock, log }: RunOptions): Promise<Outbox> {
  return Outbox.open({
    folder: spool.folder ?? spoolFolder(node),
    maxBytes: spool.maxBytes,
    lifeSeconds: Math.ceil(spool.life / 1000),
    clock,
    onEvent: (event) => log({ kind: 'spool', event }),
  });
}

/** Version of this package, as its package.json says. */
export function packageVersion(): string {
  const file = path.join(__dirname, '..', '..', '..', 'package.json');
  const description: unknown = JSON.parse(readFileSync(file, 'utf8'));
  return typeof description === 'object' && description !== null && 'version' in description
    ? String(description.version)
    : 'unknown';
}
