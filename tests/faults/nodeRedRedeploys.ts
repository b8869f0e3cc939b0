import { readlink } from 'node:fs/promises';
import path from 'node:path';
import { type Millis, sleep, systemClock } from '../../runtime/clock';
import { type CleanUp, withCleanUp } from '../support/cleanUp';
import { broker, eventsOverKill, PUBLISH, ROOT } from '../support/eventFlow';
import { startMosquitto } from '../support/mosquitto';
import { type Flow, NODE_RED_VERSIONS, type RunningNodeRed, SINK, startNodeRed } from '../support/nodeRed';
import { flowNode, TAB } from '../support/nodeRedFlow';
import { LOOKS, type Look, PROBED } from '../support/nodeRedProbe';
import { descriptorsOf, type ProcessUsage, processUsage } from '../support/processUsage';
import { Subscriber } from '../support/subscriber';
import { temporaryFolder } from '../support/temporaryFolder';
import { type Found, problemsOf } from './found';
import { feed } from './replug';

/** Deploys before growth is measured: until then everything is loaded, compiled and cached. */
const WARM_UP = 5;

/**
 * Sockets of deploys, threads of V8 and large pieces of the allocator come and go by a few; before it is warm, all that
 * there are begin.
 */
const SPREAD = { descriptors: 4, threads: 2, heldMegabytes: 4, residentMegabytes: 60 } as const;
const WARMING = { descriptors: 16, threads: 6, heldMegabytes: 20, residentMegabytes: 150 } as const;

/** What a deploy may cost beside: garbage that is not collected yet, not a model, a node's memory or a buffer. */
const KILOBYTES_A_DEPLOY = 100;

/** A machine that is busy with other things encodes late or not at all, and says so. */
const OVERLOAD = /REQUEST_SUPERSEDED|REQUEST_LATE|QUEUE_FULL/;

/** What a Node-RED has after some deploy. */
interface Held extends ProcessUsage, Look {}

/**
 * Redeploys a whole Node-RED while a microphone, a thermal camera and a serial motion sensor stream through encoders and
 * words to a broker: by turns as it was, and with other settings of devices and nodes. Then the sensor goes to a new node.
 */
export function nodeRedRedeploys({ deploys }: { readonly deploys: number }): Promise<Found> {
  return withCleanUp(async (context) => {
    const folder = await temporaryFolder(context);
    const port = path.join(folder, 'imu');
    const sensor = await feed(port);
    context.after(() => sensor.unplug());
    const device = await readlink(port);
    const mosquitto = await startMosquitto();
    context.after(() => mosquitto.stop());
    const subscriber = await Subscriber.start(context, mosquitto.url, [`${ROOT}/#`]);
    const nodeRed = await started(context);
    const held: Held[] = [];
    for (let deploy = 0; deploy < deploys; deploy++) {
      const sources = await freshlyRead(nodeRed, () => nodeRed.deploy(flowOf(deploy, { port, url: mosquitto.url })));
      if (sources.length > 0) return failed(`no reading of ${sources.join(', ')} after deploy ${deploy + 1}`);
      held.push(await holds(nodeRed));
    }
    const flowed = await flows(subscriber);
    const opened = await descriptorsOf(nodeRed.pid, device);
    // Another node wants the device of one that is deleted by the same deploy.
    const renamed = flowOf(0, { port, url: mosquitto.url, imu: 'imu-2' });
    const missing = await freshlyRead(nodeRed, () => nodeRed.deploy(renamed), ['imu-2']);
    await nodeRed.deploy([TAB, ...LOOKS, SINK]);
    const left = await descriptorsOf(nodeRed.pid, device);
    return report(held, { flowed, opened, left, isHandedOver: missing.length === 0, output: nodeRed.output });
  });
}

/** A Node-RED that tells of few nodes: the JSON of the others would be garbage of the test. */
async function started(context: CleanUp): Promise<RunningNodeRed> {
  const [version] = NODE_RED_VERSIONS;
  const environment = { ...PROBED, TEST_TOLD: ['look', ...SOURCES, 'imu-2'].join(',') };
  const nodeRed = await startNodeRed(version, { environment });
  context.after(() => nodeRed.stop());
  return nodeRed;
}

const SOURCES = ['mic', 'heat', 'imu'] as const;

/** Every other deploy is the one before again; the next one has other settings of everything that can be kept. */
function flowOf(
  deploy: number,
  { port, url, imu = 'imu' }: { readonly port: string; readonly url: string; readonly imu?: string },
): Flow {
  const isOther = deploy % 4 >= 2;
  const name = isOther ? 'other' : '';
  const baudRate = isOther ? 115_200 : 9600;
  const wires = ['encode', 'sense'];
  return [
    TAB,
    broker(url, { name }),
    flowNode('mic', 'sensebind-microphone', {
      ...{ wires, name, source: 'mic0' },
      device: { kind: 'simulated-microphone', seed: isOther ? 2 : 1 },
    }),
    flowNode('heat', 'sensebind-thermal', {
      ...{ wires, name, source: 'heat0' },
      device: { kind: 'simulated-thermal', seed: isOther ? 2 : 1 },
    }),
    flowNode(imu, 'sensebind-imu', {
      ...{ wires, name, source: 'imu0' },
      device: { kind: 'witmotion', path: port, baudRate },
    }),
    flowNode('encode', 'sensebind-encode', { wires: ['publish'], name, hop: isOther ? '1s' : '500ms' }),
    {
      ...flowNode('sense', 'sensebind-sense', { wires: [], name, words: 'glass breaking' }),
      wires: [['publish'], ['publish']],
    },
    { ...PUBLISH, name },
    ...LOOKS,
    SINK,
  ];
}

/** Longer than anything takes on a machine that does other things too. */
const PATIENCE = 60_000 as Millis;

/** Deploys; the nodes of which no reading came that was made afterwards. */
async function freshlyRead(
  nodeRed: RunningNodeRed,
  deploy: () => Promise<void>,
  nodes: readonly string[] = SOURCES,
): Promise<readonly string[]> {
  await deploy();
  const missing = await Promise.all(
    nodes.map(async (node) => {
      const before = nodeRed.sentBy(node).length;
      const isThere = await inTime(nodeRed.sent(node, () => nodeRed.sentBy(node).length > before));
      return isThere ? [] : [node];
    }),
  );
  return missing.flat();
}

async function inTime(event: Promise<unknown>): Promise<boolean> {
  const deadline = new AbortController();
  const late = sleep(systemClock, PATIENCE, deadline.signal).then(() => false);
  try {
    return await Promise.race([event.then(() => true), late]);
  } finally {
    deadline.abort();
  }
}

async function holds(nodeRed: RunningNodeRed): Promise<Held> {
  const before = nodeRed.sentBy('look').length;
  await nodeRed.inject('press-look');
  await nodeRed.sent('look', () => nodeRed.sentBy('look').length > before);
  // Written by our own probe.
  const look = nodeRed.sentBy('look').at(-1)?.message.payload as Look;
  return { ...look, ...(await processUsage(nodeRed.pid)) };
}

/** Whether embeddings of each source, and scores, still reach the broker. */
async function flows(subscriber: Subscriber): Promise<boolean> {
  const topics = ['mic0/emb', 'heat0/emb', 'imu0/emb', 'mic0/scores'].map((end) => `${ROOT}/src/${end}`);
  const count = (wanted: string): number => subscriber.messages.filter(({ topic }) => topic === wanted).length;
  const came = topics.map((topic) => {
    const before = count(topic);
    return inTime(subscriber.until(() => count(topic) > before));
  });
  return (await Promise.all(came)).every(Boolean);
}

function failed(problem: string): Found {
  return { description: 'redeploys of Node-RED', problems: [problem] };
}

function report(
  held: readonly Held[],
  ends: {
    readonly flowed: boolean;
    readonly opened: number;
    readonly left: number;
    readonly isHandedOver: boolean;
    readonly output: string;
  },
): Found {
  const isWarm = held.length > WARM_UP;
  const warm = isWarm ? WARM_UP : 1;
  const most = isWarm ? SPREAD : WARMING;
  const first = held[warm - 1];
  const last = held.at(-1);
  if (first === undefined || last === undefined) return failed('expected two deploys at least');
  const deploys = held.length - warm;
  const growth = (of: (one: Held) => number): number => of(last) - of(first);
  const descriptors = growth((one) => one.descriptors);
  const threads = growth((one) => one.threads);
  const children = growth((one) => one.children);
  const heldMegabytes = growth((one) => one.heldMegabytes);
  const residentMegabytes = growth((one) => one.residentMegabytes);
  const errors = (ends.output.match(/\[error\].*/g) ?? []).filter((line) => !OVERLOAD.test(line));
  return {
    description:
      `${held.length} redeploys of a streaming Node-RED; since the ${warm}. one: ${descriptors} more descriptors (of ` +
      `${first.descriptors}), ${threads} more threads (of ${first.threads}), ${children} more children, ` +
      `${heldMegabytes.toFixed(1)} MB more held (of ${first.heldMegabytes.toFixed()}), ${residentMegabytes.toFixed()} MB ` +
      `more resident (of ${first.residentMegabytes.toFixed()}); ${last.engines} engine, ${errors.length} errors`,
    problems: problemsOf({
      'more descriptors': descriptors > most.descriptors,
      'more threads': threads > most.threads,
      'more child processes': children > 0,
      'more memory held': heldMegabytes > most.heldMegabytes + (deploys * KILOBYTES_A_DEPLOY) / 1000,
      'more resident memory': residentMegabytes > most.residentMegabytes,
      [`${last.engines} engines`]: last.engines !== 1,
      'messages do not flow any more': !ends.flowed,
      [`the device is open ${ends.opened} times`]: ends.opened !== 1,
      'another node does not get the device': !ends.isHandedOver,
      'the device is still open without a node': ends.left > 0,
      [`error: ${errors[0]}`]: errors.length > 0,
    }),
  };
}

/** Kills Node-RED while sources stream and events wait for a broker that is gone: see {@link eventsOverKill}. */
export function nodeRedKill({ events }: { readonly events: number }): Promise<Found> {
  return withCleanUp(async (context) => {
    const wires = ['encode'];
    const beside: Flow = [
      flowNode('mic', 'sensebind-microphone', { wires, device: { kind: 'simulated-microphone' } }),
      flowNode('encode', 'sensebind-encode', { wires: ['publish'] }),
    ];
    const [version] = NODE_RED_VERSIONS;
    const { taken, arrived } = await eventsOverKill(context, { version, count: events, beside });
    const there = new Set(arrived);
    const lost = taken.filter((id) => !there.has(id)).length;
    const twice = arrived.length - there.size;
    return {
      description: `kill -9 of Node-RED with ${taken.length} events spooled: ${lost} lost, ${twice} twice`,
      problems: problemsOf({ lost: lost > 0, twice: twice > 0, 'fewer were taken than sent': taken.length < events }),
    };
  });
}
