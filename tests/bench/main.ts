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
import { repositoryRoot } from '../support/paths';
import { benchCamera } from './camera';
import { benchConversion } from './conversion';
import { benchEventLoop } from './eventLoop';
import { benchForward } from './forward';
import { type Figure, printFigures } from './measure';
import { benchPreprocessing } from './preprocessing';
import { benchSerial } from './serial';
import { benchScenes, benchSimulatedStreams } from './simulatedWorld';

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
    console.error('preprocessing …');
    figures.push(...(await benchPreprocessing(forwardMillis, { folder })));
    console.error('event loop …');
    figures.push(await benchEventLoop({ folder, seconds: values.short ? 10 : 30 }));
    console.error('camera and serial port …');
    figures.push(await benchCamera({ seconds: values.short ? 5 : 15 }));
    figures.push(await benchSerial({ folder, seconds: values.short ? 5 : 15 }));
    console.error('simulated world …');
    figures.push(benchScenes(), await benchSimulatedStreams({ folder, seconds: values.short ? 10 : 30 }));
    console.error('conversion …');
    figures.push(...(await benchConversion({ folder, modalities })));
    const holds = printFigures(figures);
    await save(figures);
    return holds ? 0 : 1;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
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
