import { type Clock, type Millis, sleep } from '../../clock';
import type { Config } from '../../config/config';
import { metricsCredentials } from '../../config/secrets';
import type { MetricsCredentials } from '../../metrics/credentials';
import { MetricsServer } from '../../metrics/server';
import type { RunningNode } from '../runConfig';
import { endProcess, STUCK_EXIT_CODE } from './endProcess';
import type { HangUps } from './hangUps';
import { Reloads } from './reloads';
import type { ServiceEvent } from './serviceEvent';
import { DEFAULT_STUCK_AFTER, StuckCalls } from './stuckCalls';
import { Systemd } from './systemd';

export interface ServiceOptions {
  /** Path of the configuration. */
  readonly file: string;
  readonly config: Config;
  readonly clock: Clock;
  readonly log: (event: ServiceEvent) => void;
}

/** A graceful end that takes longer than this becomes a forced one. */
const STOP_LIMIT = 20_000 as Millis;

/** What is spooled may take this long to reach the disk before a forced end. */
const LAST_FLUSH = 1000 as Millis;

/** What a service needs before its node runs: it must not fail afterwards. */
export interface ServiceParts {
  readonly credentials: MetricsCredentials | undefined;
  readonly hangUps: Pick<HangUps, 'listen'>;
}

/** @throws {SensebindError} as {@link metricsCredentials}. */
export async function prepareService({ metrics }: Config, hangUps: HangUps): Promise<ServiceParts> {
  return { credentials: metrics && (await metricsCredentials(metrics, process.env)), hangUps };
}

/**
 * Looks after a node that runs: metrics, SIGHUP, systemd, calls that do not come back. Returns what is called when the
 * node begins to end.
 */
export function serve(node: RunningNode, options: ServiceOptions, parts: ServiceParts): () => void {
  const { file, config, clock, log } = options;
  const { pipeline, engine } = node;
  const systemd = new Systemd(process.env, {
    clock,
    isAlive: () => engine.status().state !== 'degraded',
    status: () => statusLine(pipeline),
    onFailed: (error) => log({ kind: 'systemd', error }),
  });
  const reloads = new Reloads({
    file,
    node,
    log,
    onBegin: () => systemd.reloading(),
    onEnd: () => systemd.ready(),
  });
  const stuck = new StuckCalls({
    clock,
    limit: config.inference?.stuckAfter ?? DEFAULT_STUCK_AFTER,
    workers: () => engine.status().workers,
    onStuck: () => void endByForce(node, 'a call of an encoder does not come back', options),
  });
  const server = metricsServer(node, options, parts);
  stuck.start();
  systemd.ready();
  const listenNoMore = parts.hangUps.listen(() => reloads.ask());
  return () => {
    listenNoMore();
    systemd.stopping();
    void server.then((started) => started?.close());
    clock.setTimer(STOP_LIMIT, () => void endByForce(node, 'ending took too long', options), { background: true });
  };
}

/** prom-client is loaded only where it is used: it costs memory. */
async function metricsServer(
  { pipeline }: RunningNode,
  { config: { metrics }, clock, log }: ServiceOptions,
  { credentials }: ServiceParts,
): Promise<MetricsServer | undefined> {
  if (metrics === undefined) return undefined;
  const { Exposition } = await import('../../metrics/exposition.js');
  const server = new MetricsServer({
    host: metrics.host,
    port: metrics.port,
    ...(credentials === undefined ? {} : { credentials }),
    exposition: new Exposition(() => pipeline.stats()),
    clock,
    onEvent: (event) => log({ kind: 'metrics', event }),
  });
  server.start();
  return server;
}

async function endByForce({ outbox }: RunningNode, reason: string, { clock, log }: ServiceOptions): Promise<void> {
  log({ kind: 'forced-end', reason, exitCode: STUCK_EXIT_CODE });
  const flushed = outbox.flush().catch(() => undefined);
  await Promise.race([flushed, sleep(clock, LAST_FLUSH, new AbortController().signal)]);
  endProcess(STUCK_EXIT_CODE);
}

function statusLine(pipeline: RunningNode['pipeline']): string {
  const { sources, link, spool } = pipeline.stats();
  const states = Object.values(sources).map(({ state }) => state);
  const online = states.filter((state) => state === 'online').length;
  const broker = link.connected ? 'broker connected' : 'no broker';
  const waiting = spool.records > 0 ? `, ${spool.records} messages wait` : '';
  return `${online} of ${states.length} sources online, ${broker}${waiting}`;
}
