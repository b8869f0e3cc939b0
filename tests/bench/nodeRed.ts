import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import path from 'node:path';
import { type Millis, systemClock } from '../../runtime/clock';
import { type Flow, type RunningNodeRed, SINK, startNodeRed } from '../support/nodeRed';
import { flowNode, TAB } from '../support/nodeRedFlow';
import { LOOKS, type Look } from '../support/nodeRedProbe';
import { compiled } from '../support/paths';
import { GROWTH_BUDGET, holdsGrowth, slope } from './growth';
import { keepReadings } from './loopedReadings';
import type { Figure } from './measure';
import type { Cost } from './programs/nodeRedGlobals';

interface Where {
  readonly folder: string;
  readonly seconds: number;
}

const LARGEST_HOP_MILLIS = 0.1;
const HOPS = 10;
const BRANCHES = ['leaf-1', 'leaf-2', 'leaf-3'] as const;
const LEAVES: Flow = BRANCHES.map((id) => functionNode(id, 'return null;', ['sink']));

/**
 * What a message with a picture of a camera costs from one core node to the next, where each node is wired to three others
 * too; beside it, the same with a number. One message at a time, in time of the main thread, which does all of it: what
 * else the machine does is not counted.
 */
export async function benchHops({ rounds }: { readonly rounds: number }): Promise<Figure> {
  const withPicture = await hopMillis({ rounds, hasPicture: true });
  const plain = await hopMillis({ rounds, hasPicture: false });
  return {
    name: 'a message and hop in Node-RED, 1080p picture, fan-out 4',
    measured: `${withPicture.main.toFixed(3)} ms, on the wall ${withPicture.wall.toFixed(3)} ms (a number: ${plain.main.toFixed(3)} ms)`,
    budget: `< ${LARGEST_HOP_MILLIS} ms`,
    holds: withPicture.main < LARGEST_HOP_MILLIS,
    details: { main: withPicture.main, wall: withPicture.wall, plainMain: plain.main, plainWall: plain.wall, rounds },
  };
}

async function hopMillis({
  rounds,
  hasPicture,
}: {
  readonly rounds: number;
  readonly hasPicture: boolean;
}): Promise<Cost> {
  const message = `global.get('message')(${hasPicture})`;
  const hops = Array.from({ length: HOPS }, (_, hop) => {
    const wires = [hop + 1 < HOPS ? `hop-${hop + 1}` : 'last', ...BRANCHES];
    if (hop % 2 === 0) return functionNode(`hop-${hop}`, 'return msg;', wires);
    const rules = [{ t: 'set', p: 'step', pt: 'msg', to: String(hop), tot: 'num' }];
    return flowNode(`hop-${hop}`, 'change', { wires, rules });
  });
  const next = `const cost = global.get('round')({ rounds: ${rounds}, warmUp: ${Math.ceil(rounds / 4)} });
    return cost === undefined ? [${message}, null] : [null, { payload: cost }];`;
  const nodeRed = await start(['answer']);
  try {
    const told = nodeRed.sent('answer', ({ payload }) => isCost(payload));
    await nodeRed.deploy([
      TAB,
      ...once('maker', `return ${message};`, ['hop-0']),
      ...hops,
      ...LEAVES,
      { ...functionNode('last', next, []), outputs: 2, wires: [['hop-0'], ['answer']] },
      functionNode('answer', 'return msg;', ['sink']),
      SINK,
    ]);
    const { payload } = await told;
    if (!isCost(payload)) throw new Error('expected what the hops cost');
    return { wall: payload.wall / rounds / HOPS, main: payload.main / rounds / HOPS };
  } finally {
    await nodeRed.stop();
  }
}

function isCost(payload: unknown): payload is Cost {
  return typeof payload === 'object' && payload !== null && 'wall' in payload && 'main' in payload;
}

const LARGEST_P99_MILLIS = 10;

/** Until models are loaded and code is compiled. */
const WARM_UP_SECONDS = 5;

/**
 * How long the event loop of Node-RED is held up while five sensors go in real time through encode, sense and labels nodes,
 * each wired to four, and a debug node that is on. The camera takes 1080p pictures 30 times a second, which GStreamer makes
 * and the driver scales to 640 × 480; what the others give was simulated before.
 */
export async function benchBusyFlow({ folder, seconds }: Where): Promise<Figure> {
  return withReadings(folder, async (file, userFolder) => {
    const hasGStreamer = spawnSync('gst-launch-1.0', ['--version']).error === undefined;
    const played = ['mic0', 'imu0', 'depth0', 'heat0', ...(hasGStreamer ? [] : ['cam0'])];
    const nodeRed = await start(['loop', 'counter'], userFolder);
    try {
      const capture = { captureWidth: 1920, captureHeight: 1080, captureRateHz: 30 };
      const device = { kind: 'test-camera', ...capture, width: 640, height: 480, rateHz: 30 };
      const camera = flowNode('camera', 'sensebind-camera', { wires: FAN_OUT, source: 'cam0', device });
      await nodeRed.deploy([
        ...busyFlow({ file, times: 1, sources: played }),
        ...(hasGStreamer ? [camera] : []),
        ...pressed('loop', "return { payload: global.get('loopDelay')() };"),
      ]);
      await pause(WARM_UP_SECONDS);
      await pressedAnswer(nodeRed, 'loop');
      const before = nodeRed.sentBy('counter').length;
      await pause(seconds);
      const { p99, largest } = (await pressedAnswer(nodeRed, 'loop')) as {
        readonly p99: number;
        readonly largest: number;
      };
      const embeddings = nodeRed.sentBy('counter').length - before;
      const sources = hasGStreamer ? 'camera 1080p30 and 4 more' : '5 sources without GStreamer';
      return {
        name: `event-loop delay of Node-RED, ${sources}, fan-out 4, debug`,
        measured: `p99 ${p99.toFixed(1)} ms, largest ${largest.toFixed(1)} ms (${embeddings} embeddings in ${seconds} s)`,
        budget: `p99 < ${LARGEST_P99_MILLIS} ms`,
        holds: p99 < LARGEST_P99_MILLIS && embeddings > 0,
        details: { p99, largest, embeddings, seconds, hasGStreamer: String(hasGStreamer) },
      };
    } finally {
      // What plays readings never ends.
      await nodeRed.kill();
    }
  });
}

const TIMES = 10;
const SAMPLES = 24;

/** How fast what Node-RED holds grows with such a flow, at ten times the pace of sensors, pictures 320 × 240. */
export async function benchFlowGrowth({ folder, seconds }: Where): Promise<Figure> {
  return withReadings(folder, async (file, userFolder) => {
    const nodeRed = await start(['look', 'counter'], userFolder);
    try {
      const sources = ['mic0', 'imu0', 'depth0', 'heat0', 'cam0'];
      await nodeRed.deploy([...busyFlow({ file, times: TIMES, sources }), ...LOOKS]);
      await pause(WARM_UP_SECONDS);
      const began = performance.now();
      const samples: (Look & { readonly hours: number })[] = [];
      while (samples.length < SAMPLES) {
        await pause(seconds / SAMPLES);
        const look = (await pressedAnswer(nodeRed, 'look')) as Look;
        samples.push({ ...look, hours: ((performance.now() - began) * TIMES) / 3.6e6 });
      }
      // The first half fills what is bounded.
      const later = samples.slice(SAMPLES / 2);
      const growth = slope(later.map(({ hours, heldMegabytes }) => [hours, heldMegabytes]));
      const resident = slope(later.map(({ hours, residentMegabytes }) => [hours, residentMegabytes]));
      const hours = (later.at(-1)?.hours ?? 0) - (later[0]?.hours ?? 0);
      const embeddings = nodeRed.sentBy('counter').length;
      return {
        name: 'memory growth of Node-RED, 5 sources at 10×',
        measured: `${growth.toFixed(2)} MB an hour held (resident ${resident.toFixed(1)}), over ${(60 * hours).toFixed(0)} minutes`,
        budget: GROWTH_BUDGET,
        holds: holdsGrowth(growth, hours) && embeddings > 0,
        details: { growth, resident, hours, embeddings, held: later.at(-1)?.heldMegabytes ?? 0 },
      };
    } finally {
      // What plays readings never ends.
      await nodeRed.kill();
    }
  });
}

const FAN_OUT = ['encode', 'sense', 'debug', 'leaf-1'] as const;

/** Sources through encoders and words; `counter` sends something for each embedding. */
function busyFlow(played: {
  readonly file: string;
  readonly times: number;
  readonly sources: readonly string[];
}): Flow {
  const player = `await global.get('play')(${JSON.stringify(played)}, (message) => node.send(message));`;
  return [
    TAB,
    ...once('player', player, FAN_OUT),
    flowNode('encode', 'sensebind-encode', { wires: ['labels', 'debug', 'counter', 'leaf-2'] }),
    flowNode('labels', 'sensebind-labels', {
      wires: ['debug', ...BRANCHES],
      labels: [{ title: 'glass breaking' }, { title: 'dog barking' }],
    }),
    {
      ...flowNode('sense', 'sensebind-sense', { wires: [], words: 'glass breaking\ndog barking' }),
      wires: [['debug'], ['debug', ...BRANCHES]],
    },
    flowNode('debug', 'debug', { wires: [], active: true, tosidebar: true, complete: 'payload', targetType: 'msg' }),
    functionNode('counter', 'return { payload: 1 };', ['sink']),
    ...LEAVES,
    SINK,
  ];
}

function functionNode(id: string, func: string, wires: readonly string[]): Flow[number] {
  return flowNode(id, 'function', { wires, func, outputs: 1, libs: [] });
}

/** Runs when the flow has started. */
function once(id: string, code: string, wires: readonly string[]): Flow {
  return [
    flowNode(`${id}-once`, 'inject', { wires: [id], once: true, onceDelay: 0.1, repeat: '', props: [] }),
    functionNode(id, code, wires),
  ];
}

/** Runs whenever it is asked by {@link pressedAnswer}. */
function pressed(id: string, code: string): Flow {
  return [flowNode(`press-${id}`, 'inject', { wires: [id], props: [] }), functionNode(id, code, ['sink'])];
}

async function pressedAnswer(nodeRed: RunningNodeRed, id: string): Promise<unknown> {
  const before = nodeRed.sentBy(id).length;
  await nodeRed.inject(`press-${id}`);
  await nodeRed.sent(id, () => nodeRed.sentBy(id).length > before);
  return nodeRed.sentBy(id).at(-1)?.message.payload;
}

/** A Node-RED that tells of few nodes: what it tells of costs time in it. */
function start(told: readonly string[], userFolder?: string): Promise<RunningNodeRed> {
  const environment = { TEST_TOLD: told.join(','), TEST_GLOBALS: compiled('tests/bench/programs/nodeRedGlobals') };
  return startNodeRed('node-red', { environment, ...(userFolder === undefined ? {} : { userFolder }) });
}

async function withReadings<Result>(
  folder: string,
  use: (file: string, userFolder: string) => Promise<Result>,
): Promise<Result> {
  const scratch = await mkdtemp(path.join(folder, 'node-red-'));
  try {
    const file = path.join(scratch, 'readings');
    await keepReadings(file);
    await mkdir(path.join(scratch, 'user'));
    return await use(file, path.join(scratch, 'user'));
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

function pause(seconds: number): Promise<void> {
  return new Promise((resolve) => systemClock.setTimer((1000 * seconds) as Millis, resolve));
}
