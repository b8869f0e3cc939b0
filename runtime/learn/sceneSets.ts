import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { Sensor } from '../../devices/simulated/sensor';
import { systemFailure } from '../../models/bundle/workspace';
import type { Clock } from '../clock';
import { makeItems, reusableItems } from './makeItems';
import { areCaptionsReusable, makeCaptions, makeLabels } from './makeWords';
import { readSceneSetManifest, type SceneSetManifest, writeSceneSetManifest } from './sceneSetManifest';
import { checkSpec, hasLabels, hasWords, nameOf, type SceneSetSpec } from './sceneSetSpec';

export interface SceneSetOptions {
  /** Folder of all sets; this one gets a folder of its own in it. One process at a time makes a set. */
  readonly root: string;
  /** Only these are rendered. Files of others that are there stay. */
  readonly sensors: readonly Sensor[];
  readonly clock: Clock;
  /** Threads. Default: one a core. */
  readonly workers?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: (progress: SceneProgress) => void;
}

export interface SceneProgress {
  readonly scenes: number;
  readonly of: number;
  readonly scenesPerSecond: number;
}

export interface MadeSceneSet {
  /** To be opened with `openSceneSet`. */
  readonly folder: string;
  readonly made: readonly Sensor[];
  readonly reused: readonly Sensor[];
}

/**
 * Makes what is lacking of a set of scenes: items of the sensors asked for, captions and labels where the set has them.
 * The bytes depend on the spec alone. Stored files are kept when the manifest agrees and their first scenes, rendered
 * anew, are the same.
 *
 * @throws {SensebindError} `INPUT_INVALID` for a spec or sensors that cannot be; `REQUEST_ABORTED`; `DISK_FULL` and
 * `FILE_UNWRITABLE`.
 */
export async function makeSceneSet(spec: SceneSetSpec, options: SceneSetOptions): Promise<MadeSceneSet> {
  checkSpec(spec, options.sensors);
  const folder = path.join(path.resolve(options.root), nameOf(spec));
  try {
    await mkdir(folder, { recursive: true });
    return await makeIn(folder, spec, options);
  } catch (error) {
    throw systemFailure(error, folder);
  }
}

async function makeIn(folder: string, spec: SceneSetSpec, options: SceneSetOptions): Promise<MadeSceneSet> {
  const { sensors, workers, signal } = options;
  const making = { folder, workers, signal };
  const kept = await stillGood(spec, making);
  const reused = sensors.filter((sensor) => kept.items[sensor] !== undefined);
  const missing = sensors.filter((sensor) => kept.items[sensor] === undefined);
  // What is about to be replaced is disowned first: a file never lies under a manifest that tells of another content.
  await writeSceneSetManifest(folder, kept);
  const made = await makeItems(spec, missing, { ...making, onScenes: progressOf(spec, options) });
  const captions = kept.captions ?? (hasWords(spec) ? await makeCaptions(spec, making) : undefined);
  const labels = hasLabels(spec) ? await makeLabels(spec, folder) : undefined;
  await writeSceneSetManifest(folder, {
    scenes: spec,
    items: { ...kept.items, ...made },
    ...(captions === undefined ? {} : { captions }),
    ...(labels === undefined ? {} : { labels }),
  });
  return { folder, made: missing, reused };
}

type Kept = Omit<SceneSetManifest, 'format'>;

/** The part of what is stored that today's code would make again. Labels are made anew each time: they cost nothing. */
async function stillGood(spec: SceneSetSpec, making: Parameters<typeof reusableItems>[2]): Promise<Kept> {
  const stored = await readSceneSetManifest(making.folder);
  if (stored === undefined || !isDeepStrictEqual(stored.scenes, spec)) return { scenes: spec, items: {} };
  const items = await reusableItems(spec, stored.items, making);
  const { captions } = stored;
  const isKept = captions !== undefined && hasWords(spec) && (await areCaptionsReusable(spec, captions, making));
  return { scenes: spec, items, ...(isKept ? { captions } : {}) };
}

function progressOf(spec: SceneSetSpec, { clock, onProgress }: SceneSetOptions): (scenes: number) => void {
  const start = clock.monotonicMicros();
  let done = 0;
  return (scenes) => {
    done += scenes;
    const seconds = Math.max(clock.monotonicMicros() - start, 1) / 1e6;
    onProgress?.({ scenes: done, of: spec.count, scenesPerSecond: done / seconds });
  };
}
