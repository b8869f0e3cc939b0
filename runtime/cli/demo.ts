import { spawn } from 'node:child_process';
import path from 'node:path';
import type { Command } from 'commander';
import { type Millis, systemClock } from '../clock';
import type { Config } from '../config/config';
import { messageOf } from '../errors';
import { demoBundle } from './demo/demoBundle';
import { startLoopbackBroker } from './demo/loopbackBroker';
import { eventLog } from './eventLog';
import { untilInterrupted } from './interrupt';
import { print, printNote, UsageError } from './output';
import { packageVersion, runConfig } from './runConfig';
import { parseRunTime } from './runTime';

interface DemoFlags {
  readonly for?: string;
  readonly port?: string;
}

const PACKAGE = path.join(__dirname, '..', '..', '..');
const SOUND = path.join(PACKAGE, 'examples', 'sounds', 'door.wav');

/** `sensebind demo`, which is `npm start`: the main job without hardware, broker or model of one's own. */
export function registerDemo(program: Command): void {
  program
    .command('demo')
    .description('show the main job without hardware: a sound, a small model and a broker on this machine')
    .option('--for <duration>', 'stop by itself after this long, such as 20s')
    .option('--port <number>', 'port of the broker; 1883, or a free one where that is taken')
    .action((flags: DemoFlags) => untilInterrupted((signal) => demo({ ...flags, signal })));
}

async function demo(flags: DemoFlags & { readonly signal: AbortSignal }): Promise<void> {
  const runTime = parseRunTime(flags.for);
  const port = parsePort(flags.port);
  const bundle = await demoBundle();
  const broker = await startLoopbackBroker(port === undefined ? {} : { port });
  try {
    introduce(broker.url);
    const subscriber = startSubscriber(broker.url);
    try {
      const log = eventLog({ json: false, clock: systemClock });
      await runConfig(demoConfig({ bundle, url: broker.url }), {
        clock: systemClock,
        // The subscriber shows what is published; only trouble is told from here.
        log: (event) => (event.kind === 'failed' ? log(event) : undefined),
        runTime,
        signal: flags.signal,
      });
    } finally {
      await subscriber.stop();
    }
  } finally {
    await broker.close();
  }
}

function introduce(url: string): void {
  const { hostname, port } = new URL(url);
  print(`Sensebind ${packageVersion()}: a sound → encoder → similarity to words → MQTT

  sound   ${path.relative(process.cwd(), SOUND)}, played in real time, again and again
  model   random weights: it has learnt nothing, and its similarities mean nothing.
          They show that every step works. Your own: sensebind models convert --help
  broker  ${url}, open to this machine only
  look    mosquitto_sub -h ${hostname} -p ${port} -v -t 'sensebind/v1/demo/src/mic0/scores'
          npm run --silent sensebind -- watch ${url}
  stop    Ctrl-C

What a subscriber in another process receives:`);
}

/**
 * `sensebind watch` as a process of its own, writing to this terminal. Ctrl-C of the terminal does not reach it, so that it
 * shows the goodbye as well; the channel ends it with this process, however that ends.
 */
function startSubscriber(url: string): { stop(): Promise<void> } {
  const [main = ''] = process.argv.slice(1);
  const child = spawn(process.execPath, [main, 'watch', url], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    detached: true,
  });
  const exited = new Promise<void>((resolve) => {
    child.once('close', () => resolve());
    child.once('error', (error) => {
      printNote(`the subscriber did not start: ${messageOf(error)}`);
      resolve();
    });
  });
  return {
    stop: async () => {
      child.kill('SIGTERM');
      await exited;
    },
  };
}

/** Its broker is never far. */
const DEMO_SPOOL_BYTES = 2 ** 20;

function demoConfig({ bundle, url }: { readonly bundle: string; readonly url: string }): Config {
  const labels = ['door_bell', 'glass_breaking', 'dog_barking'].map((id) => ({ id }));
  return {
    folder: PACKAGE,
    node: 'demo',
    baseTopic: 'sensebind',
    bundle,
    broker: { url, protocol: 'auto', clientId: 'demo' },
    spool: { maxBytes: DEMO_SPOOL_BYTES, life: 3_600_000 as Millis },
    sources: [
      {
        id: 'mic0',
        device: { kind: 'wav', file: SOUND, loop: true },
        enabled: true,
        window: 2000 as Millis,
        hop: 1000 as Millis,
        channel: 0,
        labels: ['house'],
      },
    ],
    labelSets: [{ id: 'house', revision: 1, labels, background: ['silence'] }],
    fusion: [],
    rules: [],
    publish: {
      embeddings: { enabled: true, elementType: 'f16le', maxRateHz: Number.POSITIVE_INFINITY },
      scores: { topK: 3, maxRateHz: 2 },
    },
  };
}

function parsePort(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const port = Number(text);
  if (Number.isInteger(port) && port > 0 && port < 65_536) return port;
  throw new UsageError(`expected --port with a number from 1 to 65535, found ${text}`, 'Leave it out to take 1883.');
}
