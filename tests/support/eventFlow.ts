import type { CleanUp } from './cleanUp';
import { freePort, startMosquitto } from './mosquitto';
import { type Flow, type NodeRedVersion, SINK, startNodeRed } from './nodeRed';
import { TAB } from './nodeRedFlow';
import { Subscriber } from './subscriber';
import { temporaryFolder } from './temporaryFolder';

/** What a Catch node puts into a message. */
export interface Failure {
  readonly code: string;
  readonly message: string;
}

export function failureIn(message: { readonly [property: string]: unknown }): Failure {
  return message['error'] as Failure;
}

/** Topics of {@link broker}. */
export const ROOT = 'home/v1/box';

/** An event that a publish node takes. */
export const EVENT = {
  kind: 'event',
  id: 'event-0',
  rule: 'burglar',
  phase: 'new',
  sequence: 0,
  severity: 'alarm',
  startMicros: 1_700_000_000_000_000,
  endMicros: null,
  detectedMicros: 1_700_000_001_000_000,
  evidence: [{ of: 'mic0', what: { kind: 'label', label: 'glass' }, isOn: true, value: 0.9, peak: 0.95 }],
  labelSet: 'house@1',
  reason: null,
  flags: [],
};

/** A button that sends `payload`. */
export function inject(id: string, payload: object, to: string): Flow[number] {
  return {
    id,
    type: 'inject',
    z: 'tab',
    ...{ x: 100, y: 100 },
    props: [{ p: 'payload', v: JSON.stringify(payload), vt: 'json' }],
    wires: [[to]],
  };
}

/** Sends as many events as msg.count says, each with an id of its own. */
export const MAKE = {
  id: 'make',
  type: 'function',
  z: 'tab',
  ...{ x: 200, y: 200 },
  func: `for (let i = 0; i < msg.payload.count; i++) {
    const number = (context.get('number') || 0) + 1;
    context.set('number', number);
    const event = ${JSON.stringify(EVENT)};
    node.send({payload: {...event, id: msg.payload.prefix + '-' + (msg.payload.isNumbered ? number : RED.util.generateId())}});
  }`,
  outputs: 1,
  wires: [['publish']],
} as const;

/** Publishes what {@link MAKE} sends. */
export const PUBLISH = {
  id: 'publish',
  type: 'sensebind-publish',
  z: 'tab',
  x: 400,
  y: 100,
  broker: 'broker',
  wires: [],
};

/** What the others fail with, wired to the sink. */
export const CATCH = { id: 'catch', type: 'catch', z: 'tab', x: 100, y: 300, scope: null, wires: [['sink']] };

/** What {@link PUBLISH} has taken, wired to the sink. */
export const COMPLETE = {
  id: 'complete',
  type: 'complete',
  z: 'tab',
  x: 100,
  y: 350,
  scope: ['publish'],
  wires: [['sink']],
};

/** The broker node of {@link PUBLISH}. */
export function broker(url: string, more: object = {}): Flow[number] {
  return { id: 'broker', type: 'sensebind-broker', url, baseTopic: 'home', node: 'box', ...more };
}

/**
 * Kills a Node-RED while events wait for a broker that is gone, and starts another with the broker there: the ids of the
 * events that the first one had taken, and of those that arrived, until as many have as were taken.
 *
 * @param options - `beside` is what else runs in the flow.
 */
export async function eventsOverKill(
  context: CleanUp,
  { version, count, beside = [] }: { readonly version: NodeRedVersion; readonly count: number; readonly beside?: Flow },
): Promise<{ readonly taken: readonly string[]; readonly arrived: readonly string[] }> {
  const port = await freePort();
  const userFolder = await temporaryFolder(context);
  const first = await startNodeRed(version, { userFolder });
  context.after(() => first.kill());
  const flow: Flow = [
    TAB,
    broker(`mqtt://127.0.0.1:${port}`),
    inject('many', { count, prefix: 'killed', isNumbered: true }, 'make'),
    MAKE,
    PUBLISH,
    COMPLETE,
    CATCH,
    SINK,
    ...beside,
  ];
  await first.deploy(flow);
  // By then the node is ready: little may wait for one that is not.
  await first.sent('catch', (message) => failureIn(message).code === 'BROKER_UNREACHABLE');
  await first.inject('many');
  await first.sent('complete', ({ payload }) => idIn(payload) === `killed-${count}`);
  const taken = first.sentBy('complete').flatMap(({ message }) => idIn(message.payload) ?? []);
  await first.kill();
  const mosquitto = await startMosquitto({ port });
  context.after(() => mosquitto.stop());
  const subscriber = await Subscriber.start(context, mosquitto.url, [`${ROOT}/#`]);
  const second = await startNodeRed(version, { userFolder });
  context.after(() => second.stop());
  const arrived = (): string[] =>
    subscriber.messages
      .filter(({ topic }) => topic.includes('/event/'))
      .flatMap(({ payload }) => idIn(JSON.parse(payload.toString())) ?? []);
  await subscriber.until(() => arrived().length >= count);
  return { taken, arrived: arrived() };
}

/** Of an event of {@link MAKE}. */
function idIn(payload: unknown): string | undefined {
  if (typeof payload !== 'object' || payload === null || !('id' in payload)) return undefined;
  return typeof payload.id === 'string' && payload.id.startsWith('killed-') ? payload.id : undefined;
}
