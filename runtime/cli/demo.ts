import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Command } from 'commander';
import type { WorldChoice } from '../../devices/simulated/sharedWorld';
import { BUNDLE_HELP } from './bundle';
import { hasNodeRed } from './demo/embeddedNodeRed';
import { startLoopbackBroker } from './demo/loopbackBroker';
import { untilInterrupted } from './interrupt';
import { printNote, UsageError } from './output';
import { parseRunTime } from './runTime';
import { parseWhole } from './wholeNumber';

interface DemoFlags {
  readonly for?: string;
  readonly port?: string;
  readonly brokerPort?: string;
  readonly broker?: string;
  readonly seed?: string;
  readonly scenario?: string;
  readonly bundle?: string;
  readonly flow?: string;
  readonly headless?: boolean;
  /** False with `--no-login`. */
  readonly login?: boolean;
}

/** Its first event comes after two seconds. */
const DEFAULT_SEED = 56;

/** `sensebind demo`, which is `npm start`: the main job without hardware, broker or model of one's own. */
export function registerDemo(program: Command): void {
  program
    .command('demo')
    .description(
      'show the main job without hardware: a simulated world, a small model, Node-RED and a broker, on this machine',
    )
    .option('--seed <number>', `of the simulated world; default: ${DEFAULT_SEED}`)
    .option('--scenario <file>', 'play a scenario (YAML) in place of a seed')
    .option('--for <duration>', 'stop by itself after this long, such as 20s')
    .option('--headless', 'without Node-RED: what `sensebind run` does')
    .option('--flow <file>', 'play this flow, as the editor exports it')
    .option('--port <number>', 'port of the editor; default: 1880, or a free one where that is taken')
    .option('--no-login', 'let whoever uses this machine change the flow')
    .option('--broker <url>', 'publish to this broker, such as mqtt://localhost:1883; default: one of its own')
    .option('--broker-port <number>', 'port of its own broker; default: 1883, or a free one where that is taken')
    .option('--bundle <folder>', BUNDLE_HELP)
    .action((flags: DemoFlags) => untilInterrupted((signal) => demo({ ...flags, signal })));
}

async function demo(flags: DemoFlags & { readonly signal: AbortSignal }): Promise<void> {
  const { bundle, signal, flow, login = true } = flags;
  const runTime = parseRunTime(flags.for);
  const port = portOf('--port', flags.port);
  const isHeadless = withoutNodeRed(flags);
  const world = worldOf(flags);
  const broker = await brokerOf(flags);
  const folder = await mkdtemp(path.join(tmpdir(), 'sensebind-demo-'));
  const choice = { url: broker.url, world, ...(bundle === undefined ? {} : { bundle }) };
  try {
    if (isHeadless) {
      const { playHeadless } = await import('./demo/headless.js');
      await playHeadless({ ...choice, spoolFolder: folder }, { runTime, signal });
    } else {
      const { playFirstMinute } = await import('./demo/firstMinute.js');
      const shown = { ...(port === undefined ? {} : { port }), ...(flow === undefined ? {} : { flow }) };
      await playFirstMinute({ ...choice, ...shown, folder, hasLogin: login }, { runTime, signal });
    }
  } finally {
    await broker.close();
    await rm(folder, { recursive: true, force: true });
  }
  // Node-RED keeps a timer until the login of whoever looked runs out, in a week.
  if (!isHeadless) process.exit();
}

function withoutNodeRed({ headless = false }: DemoFlags): boolean {
  if (headless || hasNodeRed()) return headless;
  printNote(
    'note: Node-RED is not installed here; this is the demonstration without it. `npm install node-red` adds it.',
  );
  return true;
}

/** @throws {UsageError} for a seed beside a scenario. */
function worldOf({ seed, scenario }: DemoFlags): WorldChoice {
  const chosen = wholeOf('--seed', seed, { least: 0, most: 2 ** 32 - 1 });
  if (scenario === undefined) return { kind: 'seed', seed: chosen ?? DEFAULT_SEED };
  if (chosen === undefined) return { kind: 'script', file: path.resolve(scenario) };
  throw new UsageError('expected --seed or --scenario, found both', 'Leave one of them out.');
}

/** @throws {UsageError} for a port of a broker that is not ours, or that cannot be had. */
async function brokerOf({ broker, brokerPort }: DemoFlags): Promise<{ readonly url: string; close(): Promise<void> }> {
  const port = portOf('--broker-port', brokerPort);
  if (broker === undefined) return startLoopbackBroker(port === undefined ? {} : { port });
  if (port === undefined) return { url: broker, close: async () => undefined };
  throw new UsageError('expected --broker or --broker-port, found both', 'The port stands in the address.');
}

function portOf(name: string, text: string | undefined): number | undefined {
  return wholeOf(name, text, { least: 1, most: 65_535 });
}

function wholeOf(
  name: string,
  text: string | undefined,
  limits: { readonly least: number; readonly most: number },
): number | undefined {
  return text === undefined ? undefined : parseWhole(name, text, { ...limits, command: 'demo' });
}
