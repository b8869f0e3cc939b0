import type { Clock, Millis, Timer } from '../clock';
import type { Config, SourceConfig } from '../config/config';
import { brokerAccess } from '../config/secrets';
import { EventFile } from '../events/eventFile';
import { FramePool } from '../frames';
import { Engine } from '../inference/engine';
import type { LaneSource } from '../lane';
import { DiscoveryFile } from '../mqtt/discovery/discoveryFile';
import { ReadingsIn } from '../mqtt/readingsIn';
import { RetainedFile } from '../mqtt/retained/retainedFile';
import { Outbox } from '../mqtt/sender/outbox';
import { packageVersion } from '../packageVersion';
import { Pipeline } from '../pipeline';
import type { PipelineEvent } from '../pipelineEvent';
import type { PipelineOptions } from '../pipelineOptions';
import { SwitchedOff } from '../switchedOff';
import { openNamedBundle } from './bundle';
import { copyNotes } from './copyNotes';
import { engineOptions } from './engineOptions';
import { nodeServices } from './nodeServices';
import { nodeState } from './nodeState';
import { openSource, PICTURE_LIMITS } from './openSource';
import { printNote } from './output';

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
 *
 * @throws {SensebindError} `FOLDER_IN_USE` where another process runs this node; all that keeps it from starting.
 */
export async function runConfig(config: Config, options: RunOptions): Promise<void> {
  const folder = config.spool.folder ?? nodeState(config.node).spool;
  const outbox = await openOutbox(folder, config, options);
  try {
    await runWith(outbox, config, options);
  } finally {
    await outbox.close();
  }
}

async function runWith(outbox: Outbox, config: Config, options: RunOptions): Promise<void> {
  const { clock, note } = options;
  const bundle = await openNamedBundle({ bundle: config.bundle, ...(note === undefined ? {} : { note }) });
  const access = await brokerAccess(config.broker, process.env);
  const engine = await Engine.open(bundle, {
    clock,
    onStatus: copyNotes(note ?? printNote),
    ...engineOptions(config),
  });
  try {
    await runPipeline({ config, bundle, engine, access, outbox }, options);
  } finally {
    await engine.close();
  }
}

type NodeParts = Pick<PipelineOptions, 'config' | 'bundle' | 'engine' | 'access' | 'outbox'>;

async function runPipeline(parts: NodeParts, options: RunOptions): Promise<void> {
  const { engine, outbox } = parts;
  const { clock, runTime, signal, attach } = options;
  const end = new AbortController();
  const finish = (): void => end.abort();
  if (signal.aborted) return;
  signal.addEventListener('abort', finish, { once: true });
  const timers: Timer[] = [];
  let detach = (): void => undefined;
  try {
    const { open, ...rest } = await pipelineOptions(parts, options, end);
    // Its words may take minutes to embed: with the engine closed, that comes to nothing.
    const pipeline = await Promise.race([Pipeline.create(rest), aborted(end.signal)]);
    if (pipeline === undefined) return;
    try {
      if (runTime !== undefined) timers.push(clock.setTimer(runTime, finish));
      pipeline.start();
      if (attach !== undefined && !end.signal.aborted) detach = attach({ pipeline, engine, outbox, open });
      await aborted(end.signal);
    } finally {
      for (const timer of timers) timer.cancel();
      detach();
      await pipeline.stop();
    }
  } finally {
    signal.removeEventListener('abort', finish);
  }
}

/** Resolves when a signal is aborted. */
function aborted(signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(undefined);
    else signal.addEventListener('abort', () => resolve(undefined), { once: true });
  });
}

/** All that a pipeline is made of; `end` is aborted when it has nothing more to do, or is told to restart. */
async function pipelineOptions(
  parts: NodeParts,
  { clock, log, remembersEvents = true }: RunOptions,
  end: AbortController,
): Promise<PipelineOptions & Pick<RunningNode, 'open'>> {
  const { config } = parts;
  const { node, folder } = config;
  const state = nodeState(node);
  const mutes = await SwitchedOff.open(state.muted, clock);
  const memory = new FramePool(PICTURE_LIMITS);
  const readingsIn = new ReadingsIn(clock);
  const version = packageVersion();
  const library = `sensebind ${version}`;
  const setAside = (file: string): void => log({ kind: 'spool', event: { kind: 'set-aside', files: [file] } });
  const { disabled, services } = await nodeServices(config, { clock, log, memory, mutes, library, setAside });
  const open = (source: SourceConfig): LaneSource =>
    openSource(source, { clock, folder, memory, mutes, disabled, readingsIn });
  const restart = (): void => {
    if (end.signal.aborted) return;
    process.exitCode = RESTART_EXIT_CODE;
    end.abort();
  };
  return {
    ...parts,
    open,
    sources: config.sources.map(open),
    readingsIn,
    clock,
    version,
    control: { ...services, restart },
    ...(remembersEvents ? { eventStore: new EventFile(state.events, setAside) } : {}),
    discoveryStore: new DiscoveryFile(state.discovery, setAside),
    retainedStore: new RetainedFile(state.retained, setAside),
    onEvent: (event) => {
      log(event);
      if (event.kind === 'ended') end.abort();
    },
  };
}

function openOutbox(folder: string, { spool }: Config, { clock, log }: RunOptions): Promise<Outbox> {
  return Outbox.open({
    folder,
    maxBytes: spool.maxBytes,
    lifeSeconds: Math.ceil(spool.life / 1000),
    clock,
    onEvent: (event) => log({ kind: 'spool', event }),
  });
}
