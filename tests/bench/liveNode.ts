import { startMosquitto } from '../support/mosquitto';
import { GROWTH_BUDGET, holdsGrowth, slope } from './growth';
import type { Figure } from './measure';
import type { NodeReport } from './programs/measuredNode';
import type { SoakSample } from './programs/soakedNode';
import { runNode } from './runNode';

interface Where {
  readonly folder: string;
  readonly seconds: number;
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
  return JSON.parse(
    await runNode('measuredNode', { folder, flags: [], args: [what, 'together', url], seconds }),
  ) as NodeReport;
}

function percent(share: number): string {
  return (100 * share).toFixed(1).replace(/\.0$/, '');
}

function prefixed(drops: Readonly<Record<string, number>>): Readonly<Record<string, number>> {
  return Object.fromEntries(Object.entries(drops).map(([reason, count]) => [`dropped ${reason}`, count]));
}
