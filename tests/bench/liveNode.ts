import { connectAsync } from 'mqtt';
import { systemClock } from '../../runtime/clock';
import { decodeEmbedding } from '../../runtime/mqtt/embeddingMessage';
import { kindOfTopic } from '../../runtime/mqtt/topics';
import { startMosquitto } from '../support/mosquitto';
import { GROWTH_BUDGET, holdsGrowth, slope } from './growth';
import { type Figure, percentile } from './measure';
import type { MeasuredWindow, NodeReport } from './programs/measuredNode';
import type { SoakSample } from './programs/soakedNode';
import { runNode } from './runNode';

interface Where {
  readonly folder: string;
  readonly seconds: number;
}

const LARGEST_LATENCY_MILLIS = 3;
const FEWEST_MESSAGES = 50;

/**
 * How long a message is on its way: from the moment at which a window of a node is complete until this process, behind a
 * real broker, has each of its messages (embedding and scores). Time of the model is subtracted: preprocessing and
 * forward of each window, and of those that it waited for. Handing over to the worker's thread and back stays in, its own
 * and that of those before it in the queue.
 */
export async function benchLatency({ folder, seconds }: Where): Promise<Figure> {
  const broker = await startMosquitto({ holdsContract: false, settings: ['set_tcp_nodelay true'] });
  const received: Received[] = [];
  const subscriber = await connectAsync(broker.url, { protocolVersion: 5 });
  try {
    // Read only afterwards: what that costs would be counted for the next message.
    subscriber.on('message', (topic, payload) => {
      received.push({ topic, payload, arrivedMicros: systemClock.epochMicros() });
    });
    await subscriber.subscribeAsync('sensebind/#', { qos: 0 });
    const { windows } = await measuredNode('model', { folder, seconds, url: broker.url });
    const byKey = new Map(windows.map((window) => [keyOf(window), window]));
    const overhead: number[] = [];
    const whole: number[] = [];
    const handOver: number[] = [];
    const publishing: number[] = [];
    for (const { topic, payload, arrivedMicros } of received) {
      const seen = seenBy(topic, payload);
      const window = seen && byKey.get(keyOf(seen));
      if (window === undefined) continue;
      const micros = arrivedMicros - window.completeMicros;
      whole.push(micros / 1000);
      const modelMicros = modelTime(window, windows);
      overhead.push((micros - modelMicros) / 1000);
      handOver.push((window.answeredMicros - window.completeMicros - modelMicros) / 1000);
      publishing.push((arrivedMicros - window.answeredMicros) / 1000);
    }
    const p50 = percentile(overhead, 0.5);
    const p95 = percentile(overhead, 0.95);
    return {
      name: 'window complete → MQTT message received by another process',
      measured: `p95 ${p95.toFixed(2)} ms, p50 ${p50.toFixed(2)} ms without the model's time (with it, p95 ${percentile(whole, 0.95).toFixed(1)} ms; ${overhead.length} messages)`,
      budget: `p95 < ${LARGEST_LATENCY_MILLIS} ms`,
      holds: p95 < LARGEST_LATENCY_MILLIS && overhead.length >= FEWEST_MESSAGES,
      isKnownMiss: true,
      details: {
        p50,
        p95,
        p99: percentile(overhead, 0.99),
        wholeP95: percentile(whole, 0.95),
        // To the encoder's thread and back, and from there to the reader.
        handOverP50: percentile(handOver, 0.5),
        handOverP95: percentile(handOver, 0.95),
        publishingP50: percentile(publishing, 0.5),
        publishingP95: percentile(publishing, 0.95),
        messages: overhead.length,
      },
    };
  } finally {
    await subscriber.endAsync(true);
    await broker.stop();
  }
}

interface Received {
  readonly topic: string;
  readonly payload: Buffer;
  readonly arrivedMicros: number;
}

type Seen = Pick<MeasuredWindow, 'source' | 'endMicros'>;

/** The window that a message of a single source is about. */
function seenBy(topic: string, payload: Buffer): Seen | undefined {
  if (!topic.includes('/src/')) return undefined;
  const kind = kindOfTopic(topic);
  if (kind === 'embedding') {
    const { src, t1 } = decodeEmbedding(payload).message;
    return { source: src, endMicros: Number(t1) };
  }
  if (kind !== 'scores') return undefined;
  const { src, t1 } = JSON.parse(payload.toString()) as { readonly src: string; readonly t1: number };
  return { source: src, endMicros: t1 };
}

/**
 * How much of a window's way is time of the model: its own, and that of other windows which it waited for. Handing those
 * over meanwhile, and the time that the worker had nothing to do, is not.
 */
function modelTime(window: MeasuredWindow, all: readonly MeasuredWindow[]): number {
  const { completeMicros, startedMicros, encodingMicros } = window;
  const waitedFor = all.map((other) => {
    const end = Math.min(startedMicros, other.startedMicros + other.encodingMicros);
    return Math.max(0, end - Math.max(completeMicros, other.startedMicros));
  });
  return waitedFor.reduce((sum, micros) => sum + micros, encodingMicros);
}

function keyOf({ source, endMicros }: Seen): string {
  return `${source} ${endMicros}`;
}

const LARGEST_SHARE = 0.1;
const LARGEST_P99_MILLIS = 10;
const LARGEST_RESIDENT_MEGABYTES = 150;

/**
 * What a node costs whose encoders answer at once: windows, preprocessing, scores, fusion, rules, and MQTT to a real
 * broker. Its eight sources read what was simulated before.
 */
export async function benchWithoutModel({ folder, seconds }: Where): Promise<readonly Figure[]> {
  const broker = await startMosquitto({ holdsContract: false });
  try {
    const node = await measuredNode('empty', { folder, seconds, url: broker.url });
    return [shareOf(node), loopDelayOf(node), residentOf(node)];
  } finally {
    await broker.stop();
  }
}

function shareOf({ share, mainShare, windows, drops }: NodeReport): Figure {
  return {
    name: '8 sources, no model',
    measured: `${percent(share)} % of a core, preprocessing included; ${percent(mainShare)} % on the main thread`,
    budget: `< ${percent(LARGEST_SHARE)} %`,
    holds: share < LARGEST_SHARE && windows.length > 0,
    details: { share, mainShare, windows: windows.length, ...prefixed(drops) },
  };
}

function loopDelayOf({ loopDelayP99Millis, windows }: NodeReport): Figure {
  return {
    name: 'event-loop delay of a node, 8 sources',
    measured: `p99 ${loopDelayP99Millis.toFixed(1)} ms`,
    budget: `p99 < ${LARGEST_P99_MILLIS} ms`,
    holds: loopDelayP99Millis < LARGEST_P99_MILLIS && windows.length > 0,
    details: { p99: loopDelayP99Millis, windows: windows.length },
  };
}

function residentOf({ residentMegabytes, windows }: NodeReport): Figure {
  return {
    name: 'resident memory of a node without models',
    measured: `${residentMegabytes.toFixed(0)} MB, 8 sources`,
    budget: `< ${LARGEST_RESIDENT_MEGABYTES} MB`,
    holds: residentMegabytes < LARGEST_RESIDENT_MEGABYTES && windows.length > 0,
    details: { residentMegabytes },
  };
}

/**
 * How fast the memory of a node without models grows, hours played in seconds: what it holds after a collection. Resident
 * memory is told beside it; in a short run it moves by whole pages of the heap, which says little about hours.
 */
export async function benchGrowth({ folder, seconds }: Where): Promise<Figure> {
  const broker = await startMosquitto({ holdsContract: false });
  try {
    const output = await runNode('soakedNode', { folder, flags: ['--expose-gc'], args: [broker.url], seconds });
    // Written by our own program. The first half fills what is bounded: caches, rings, the newest durations.
    const samples = output
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as SoakSample);
    const later = samples.slice(samples.length / 2);
    const growth = slope(later.map(({ hours, heldMegabytes }) => [hours, heldMegabytes]));
    const resident = slope(later.map(({ hours, residentMegabytes }) => [hours, residentMegabytes]));
    const hours = (samples.at(-1)?.hours ?? 0) - (later[0]?.hours ?? 0);
    const embeddings = samples.at(-1)?.embeddings ?? 0;
    return {
      name: 'memory growth of a node without models',
      measured: `${growth.toFixed(2)} MB an hour held (resident ${resident.toFixed(1)}), over ${(60 * hours).toFixed(0)} minutes`,
      budget: GROWTH_BUDGET,
      holds: holdsGrowth(growth, hours) && embeddings > 0,
      details: { growth, resident, hours, embeddings, held: later.at(-1)?.heldMegabytes ?? 0 },
    };
  } finally {
    await broker.stop();
  }
}

async function measuredNode(
  what: string,
  { folder, seconds, url }: Where & { readonly url: string },
): Promise<NodeReport> {
  // Written by our own program.
  return JSON.parse(await runNode('measuredNode', { folder, flags: [], args: [what, url], seconds })) as NodeReport;
}

function percent(share: number): string {
  return (100 * share).toFixed(1).replace(/\.0$/, '');
}

function prefixed(drops: Readonly<Record<string, number>>): Readonly<Record<string, number>> {
  return Object.fromEntries(Object.entries(drops).map(([reason, count]) => [`dropped ${reason}`, count]));
}
