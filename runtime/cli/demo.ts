import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Command } from 'commander';
import { listenForTruth } from '../../devices/simulated/sharedWorld';
import { type Millis, systemClock } from '../clock';
import type { Config } from '../config/config';
import { messageOf } from '../errors';
import type { EventMessage } from '../mqtt/eventMessage';
import { validators } from '../mqtt/messages';
import { packageVersion } from '../packageVersion';
import type { PipelineEvent } from '../pipelineEvent';
import type { Scores } from '../zeroshot/score';
import { BUNDLE_HELP } from './bundle';
import { Commentary } from './demo/commentary';
import { DEMO_CONFIG, demoConfig } from './demo/demoConfig';
import { startLoopbackBroker } from './demo/loopbackBroker';
import { eventLog } from './eventLog';
import { untilInterrupted } from './interrupt';
import { print, printNote } from './output';
import { runConfig } from './runConfig';
import { parseRunTime } from './runTime';
import { watchBroker } from './watchBroker';
import { parseWhole } from './wholeNumber';

interface DemoFlags {
  readonly for?: string;
  readonly port?: string;
  readonly seed?: string;
  readonly bundle?: string;
}

/** Its first event comes after two seconds. */
const DEFAULT_SEED = 56;

/** `sensebind demo`, which is `npm start`: the main job without hardware, broker or model of one's own. */
export function registerDemo(program: Command): void {
  program
    .command('demo')
    .description('show the main job without hardware: a simulated world, a small model and a broker on this machine')
    .option('--seed <number>', `of the simulated world; default: ${DEFAULT_SEED}`)
    .option('--for <duration>', 'stop by itself after this long, such as 20s')
    .option('--port <number>', 'port of the broker; 1883, or a free one where that is taken')
    .option('--bundle <folder>', BUNDLE_HELP)
    .action((flags: DemoFlags) => untilInterrupted((signal) => demo({ ...flags, signal })));
}

async function demo(flags: DemoFlags & { readonly signal: AbortSignal }): Promise<void> {
  const runTime = parseRunTime(flags.for);
  const port = wholeOf('--port', flags.port, { least: 1, most: 65_535 });
  const seed = wholeOf('--seed', flags.seed, { least: 0, most: 2 ** 32 - 1 }) ?? DEFAULT_SEED;
  const { bundle, signal } = flags;
  const broker = await startLoopbackBroker(port === undefined ? {} : { port });
  const spoolFolder = await mkdtemp(path.join(tmpdir(), 'sensebind-demo-'));
  try {
    const config = await demoConfig({
      url: broker.url,
      seed,
      spoolFolder,
      ...(bundle === undefined ? {} : { bundle }),
    });
    introduce(config, seed);
    await play(config, { runTime, signal });
  } finally {
    await broker.close();
    await rm(spoolFolder, { recursive: true, force: true });
  }
}

function introduce({ broker: { url } }: Config, seed: number): void {
  const { hostname, port } = new URL(url);
  print(`Sensebind ${packageVersion()}: five sensors → encoders → one space → words → events on MQTT

  world   simulated, seed ${seed}: camera, depth, thermal, microphone, motion
  config  ${path.relative(process.cwd(), DEMO_CONFIG)}
  broker  ${url}, open to this machine only
  look    mosquitto_sub -h ${hostname} -p ${port} -v -t 'sensebind/v1/demo/event/#'
          npm run --silent sensebind -- watch ${url}
  stop    Ctrl-C
`);
}

const HEADING = `
Events as a subscriber receives them, the sensors that say so alone, and what really happens:`;

/** Runs the configuration, and comments what comes back from the broker. */
async function play(
  config: Config,
  { runTime, signal }: { readonly runTime: Millis | undefined; readonly signal: AbortSignal },
): Promise<void> {
  const clock = systemClock;
  const agreeing = new Agreeing();
  const commentary = new Commentary({
    startMicros: clock.monotonicMicros(),
    labels: new Set(config.rules.map(({ id }) => id)),
    agreement: (label) => agreeing.sourcesOf(label),
    line: print,
  });
  const now = (): number => clock.monotonicMicros();
  const stopWatching = await watchBroker({
    address: config.broker.url,
    topic: `${config.baseTopic}/v1/${config.node}/event/#`,
    onMessage: (_topic, payload) => {
      const message = eventOf(payload);
      if (message !== undefined) commentary.event(message, now());
    },
    onNote: printNote,
    signal,
  });
  const stopListening = listenForTruth(clock, (truth) => commentary.truth(truth));
  const stopTicking = everySecond(() => commentary.tick(now()));
  const log = eventLog({ json: false, clock });
  let isBegun = false;
  let isTooSlow = false;
  const show = (event: PipelineEvent): void => {
    if (!isBegun) print(HEADING);
    isBegun = true;
    agreeing.take(event);
    // What is published is shown as it comes back; only trouble is told from here.
    if (event.kind !== 'failed') return;
    if (event.error.code !== 'REQUEST_SUPERSEDED') log(event);
    else if (!isTooSlow) printNote('note: this machine is busy; some windows are left out, as newer ones are there.');
    isTooSlow ||= event.error.code === 'REQUEST_SUPERSEDED';
  };
  try {
    await runConfig(config, {
      clock,
      log: show,
      runTime,
      signal,
      remembersEvents: false,
    });
  } finally {
    stopTicking();
    stopListening();
    await stopWatching?.();
  }
  print(`stopped: ${commentary.summary()}`);
}

/** Which sources gave a label more than half, when they last spoke. */
class Agreeing {
  readonly #scores = new Map<string, Scores>();

  take(event: PipelineEvent): void {
    if (event.kind === 'scores') this.#scores.set(event.source, event.scores);
  }

  sourcesOf(label: string): readonly string[] {
    const says = ({ labels }: Scores): boolean => labels.some((one) => one.label === label && one.probability > 0.5);
    return [...this.#scores].filter(([, scores]) => says(scores)).map(([source]) => source);
  }
}

function eventOf(payload: Buffer): EventMessage | undefined {
  try {
    const value: unknown = JSON.parse(payload.toString('utf8'));
    return validators['event/1'].Check(value) ? value : undefined;
  } catch (error) {
    printNote(`a message that is no event: ${messageOf(error)}`);
    return undefined;
  }
}

const TICK = 1000 as Millis;

function everySecond(work: () => void): () => void {
  let timer = systemClock.setTimer(TICK, function tick(): void {
    work();
    timer = systemClock.setTimer(TICK, tick, { background: true });
  });
  return () => timer.cancel();
}

function wholeOf(
  name: string,
  text: string | undefined,
  limits: { readonly least: number; readonly most: number },
): number | undefined {
  return text === undefined ? undefined : parseWhole(name, text, { ...limits, command: 'demo' });
}
