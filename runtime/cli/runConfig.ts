import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Clock, Millis } from '../clock';
import type { Config } from '../config/config';
import { brokerAccess } from '../config/secrets';
import { EventFile } from '../events/eventFile';
import { FramePool } from '../frames';
import { Engine } from '../inference/engine';
import { Outbox } from '../mqtt/sender/outbox';
import { Mutes } from '../mutes';
import { Pipeline } from '../pipeline';
import type { PipelineEvent } from '../pipelineEvent';
import { openNamedBundle } from './bundle';
import { eventsFile, mutesFolder, openSource, PICTURE_LIMITS, spoolFolder } from './openSource';

export interface RunOptions {
  readonly clock: Clock;
  readonly log: (event: PipelineEvent) => void;
  readonly runTime: Millis | undefined;
  readonly signal: AbortSignal;
  /** Whether events that go on are kept over a restart. Default: true. */
  readonly remembersEvents?: boolean;
}

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

async function runWith(outbox: Outbox, config: Config, run: RunOptions): Promise<void> {
  const { clock, log, runTime, signal, remembersEvents = true } = run;
  const bundle = await openNamedBundle({ bundle: config.bundle });
  const mutes = await Mutes.open(mutesFolder(config.node), clock);
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
        outbox,
        sources: config.sources.map((source) => openSource(source, { clock, folder: config.folder, memory, mutes })),
        clock,
        version: packageVersion(),
        ...(remembersEvents ? { eventStore: new EventFile(eventsFile(config.node)) } : {}),
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
