import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { liveBoard } from '../../../nodes/shared/live/board';
import { type Millis, sleep, systemClock } from '../../clock';
import { messageOf } from '../../errors';
import { packageVersion } from '../../packageVersion';
import { print, printNote, UsageError } from '../output';
import type { DemoChoice } from './demoConfig';
import { startEmbeddedNodeRed } from './embeddedNodeRed';
import { commentEvents } from './eventComments';
import { flowOf, labelsOf } from './firstFlow';

export interface FirstMinuteChoice extends Omit<DemoChoice, 'spoolFolder'> {
  /** Empty: for Node-RED, and for what its nodes keep. */
  readonly folder: string;
  /** Of the editor; 1880 or a free one where it is left out. */
  readonly port?: number;
  /** Whether the editor asks for a password. */
  readonly hasLogin: boolean;
  /** Path of a flow to play in place of the first one. */
  readonly flow?: string;
}

/** Events of whatever node: a flow of one's own may name it as it likes. */
const EVENT_TOPIC = 'sensebind/v1/+/event/#';

/** The demonstration: Node-RED with a flow that watches the simulated world, and a page that shows what happens. */
export async function playFirstMinute(
  choice: FirstMinuteChoice,
  { runTime, signal }: { readonly runTime: Millis | undefined; readonly signal: AbortSignal },
): Promise<void> {
  const { folder, url, port, hasLogin } = choice;
  // What nodes keep over a restart is of no use after a demonstration, and must not meet what other flows keep.
  process.env['XDG_STATE_HOME'] = path.join(folder, 'state');
  const login = hasLogin ? { user: 'admin', password: randomBytes(6).toString('hex') } : undefined;
  const flow = choice.flow === undefined ? await flowOf(choice) : await ownFlow(choice.flow);
  const endComments = await commentEvents({
    url,
    topic: EVENT_TOPIC,
    labels: labelsOf(flow),
    agreement: sourcesThatSay,
    signal,
  });
  const nodeRed = await startEmbeddedNodeRed({
    userFolder: path.join(folder, 'node-red'),
    flow,
    ...(port === undefined ? {} : { port }),
    ...(login === undefined ? {} : { login }),
    onTrouble: printNote,
  });
  try {
    introduce({ editor: nodeRed.url, url, login, choice });
    await (runTime === undefined ? untilAborted(signal) : sleep(systemClock, runTime, signal));
  } finally {
    await nodeRed.close();
    await endComments();
  }
}

function introduce(shown: {
  readonly editor: string;
  readonly url: string;
  readonly login: { readonly user: string; readonly password: string } | undefined;
  readonly choice: FirstMinuteChoice;
}): void {
  const { editor, url, login, choice } = shown;
  const { world } = choice;
  print(`Sensebind ${packageVersion()}: five sensors → one space → words → events on MQTT, in Node-RED

  look    ${editor}resources/@sensebind/node-red/live.html
  flow    ${editor}${login === undefined ? '   (no login: whoever uses this machine may change it)' : ''}
${login === undefined ? '' : `  login   ${login.user}, password ${login.password}\n`}  broker  ${url}
  world   simulated, ${world.kind === 'seed' ? `seed ${world.seed}` : world.file}: camera, depth, thermal, microphone, motion
  stop    Ctrl-C; what you change in the flow is lost then, unless you export it

Events as a subscriber receives them, the sensors that say so alone, and what really happens:`);
}

/** Sources whose newest scores give a label more than half. */
function sourcesThatSay(label: string): readonly string[] {
  const { scores } = liveBoard.snapshot();
  return scores
    .filter(({ labels, past }) => {
      const index = labels.findIndex((one) => one.label === label);
      return (past.at(-1)?.probabilities[index] ?? 0) > 0.5;
    })
    .map(({ source }) => source);
}

/** @throws {UsageError} for a file that cannot be read, or that is no list of nodes. */
async function ownFlow(file: string): Promise<readonly unknown[]> {
  try {
    const flow: unknown = JSON.parse(await readFile(file, 'utf8'));
    if (Array.isArray(flow)) return flow;
  } catch (error) {
    throw new UsageError(`expected --flow with a flow, found: ${messageOf(error)}`, 'Export one from the editor.');
  }
  throw new UsageError(
    `expected --flow with a list of nodes, found something else in ${file}`,
    'Export one from the editor.',
  );
}

function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
