import path from 'node:path';
import { type Millis, systemClock } from '../../clock';
import type { Config } from '../../config/config';
import { packageVersion } from '../../packageVersion';
import type { PipelineEvent } from '../../pipelineEvent';
import type { Scores } from '../../zeroshot/score';
import { eventLog } from '../eventLog';
import { print, printNote } from '../output';
import { runConfig } from '../runConfig';
import { DEMO_CONFIG, type DemoChoice, demoConfig } from './demoConfig';
import { commentEvents } from './eventComments';

/** The demonstration without Node-RED: what `sensebind run` does with the configuration of the simulated world. */
export async function playHeadless(
  choice: DemoChoice,
  { runTime, signal }: { readonly runTime: Millis | undefined; readonly signal: AbortSignal },
): Promise<void> {
  const config = await demoConfig(choice);
  introduce(config, choice);
  const agreeing = new Agreeing();
  const end = await commentEvents({
    url: config.broker.url,
    topic: `${config.baseTopic}/v1/${config.node}/event/#`,
    labels: new Set(config.rules.map(({ id }) => id)),
    agreement: (label) => agreeing.sourcesOf(label),
    signal,
  });
  try {
    await runConfig(config, {
      clock: systemClock,
      log: (event) => {
        agreeing.take(event);
        tellTrouble(event);
      },
      runTime,
      signal,
      remembersEvents: false,
    });
  } finally {
    await end();
  }
}

function introduce({ broker: { url } }: Config, { world }: DemoChoice): void {
  const { hostname, port } = new URL(url);
  print(`Sensebind ${packageVersion()}: five sensors → encoders → one space → words → events on MQTT

  world   simulated, ${world.kind === 'seed' ? `seed ${world.seed}` : world.file}: camera, depth, thermal, microphone, motion
  config  ${path.relative(process.cwd(), DEMO_CONFIG)}
  broker  ${url}
  look    mosquitto_sub -h ${hostname} -p ${port} -v -t 'sensebind/v1/demo/event/#'
          npm run --silent sensebind -- watch ${url}
  stop    Ctrl-C

Events as a subscriber receives them, the sensors that say so alone, and what really happens:`);
}

let isTooSlow: boolean = false;
const log = eventLog({ json: false, clock: systemClock });

/** What is published is shown as it comes back; only trouble is told from here. */
function tellTrouble(event: PipelineEvent): void {
  if (event.kind !== 'failed') return;
  if (event.error.code !== 'REQUEST_SUPERSEDED') log(event);
  else if (!isTooSlow) printNote('note: this machine is busy; some windows are left out, as newer ones are there.');
  isTooSlow ||= event.error.code === 'REQUEST_SUPERSEDED';
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
