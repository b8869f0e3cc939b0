import { readdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { SENSORS, type Sensor } from '../../../devices/simulated/sensor';
import { systemFailure } from '../../../models/bundle/workspace';
import { SensebindError } from '../../errors';
import { recordScenes, SCENE_SOURCES } from '../../learn/recordScenes';
import { packageVersion } from '../../packageVersion';
import { formatBytes, type OutputOptions, print, printJson, UsageError } from '../output';
import { startCounting } from '../progress';
import { parseWhole } from '../wholeNumber';

interface PairFlags extends OutputOptions {
  readonly pairs?: string;
  readonly scenes?: string;
  readonly seed: number;
  readonly recording: string;
  readonly signal: AbortSignal;
}

const MOST_SCENES = 1_000_000;
const MOST_SEED = 2 ** 20 - 1;

/** `sensebind simulate --recording`: what to bind a sensor by. The folder is whole or absent. */
export async function recordPairs(flags: PairFlags): Promise<void> {
  const { signal, seed } = flags;
  const sensors = parseSensors(flags.pairs ?? '');
  const whole = (name: string, text: string, most: number): number =>
    parseWhole(name, text, { least: name === '--scenes' ? 1 : 0, most, command: 'simulate' });
  const count = whole('--scenes', flags.scenes ?? '', MOST_SCENES);
  const spec = { set: 'bound', count, seed: whole('--seed', String(seed), MOST_SEED) } as const;
  const folder = path.resolve(flags.recording);
  await requireFree(folder);
  const partial = `${folder}.partial-${process.pid}`;
  const progress = startCounting({ json: flags.json === true, unit: 'scenes' });
  try {
    let done = 0;
    const stats = await recordScenes(spec, {
      folder: partial,
      sensors,
      library: `sensebind ${packageVersion()}`,
      signal,
      onScenes: (scenes) => {
        done += scenes;
        progress.update({ step: 'record', done, total: count });
      },
    });
    // Takes the place of an empty folder, and of nothing else that may have come there in the meantime.
    await rename(partial, folder);
    progress.stop();
    const sources = sensors.map((sensor) => SCENE_SOURCES[sensor]);
    if (flags.json) printJson({ ok: true, folder, scenes: count, sources, bytes: stats.bytes });
    else print(`${count} scenes of ${sources.join(', ')} in ${flags.recording}, ${formatBytes(stats.bytes)}`);
  } catch (error) {
    throw systemFailure(error, folder);
  } finally {
    progress.stop();
    await rm(partial, { recursive: true, force: true });
  }
}

function parseSensors(text: string): readonly Sensor[] {
  const names = text.split(',').filter((name) => name !== '');
  const sensors = SENSORS.filter((sensor) => names.includes(sensor));
  if (sensors.length >= 2 && sensors.length === names.length) return sensors;
  throw new UsageError(
    `expected --pairs with two or more of ${SENSORS.join(', ')}, found ${text || 'none'}`,
    'Write them with a comma between, such as vision,radar.',
  );
}

async function requireFree(folder: string): Promise<void> {
  const entries = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw systemFailure(error, folder);
  });
  if (entries.length === 0) return;
  throw new SensebindError(
    'OUTPUT_EXISTS',
    `expected no folder or an empty one at ${folder}, found ${entries.length} entries`,
    'choose another folder',
  );
}
