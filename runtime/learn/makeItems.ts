import { type FileHandle, open, rm } from 'node:fs/promises';
import path from 'node:path';
import { SENSORS, type Sensor } from '../../devices/simulated/sensor';
import { sha256OfFile } from '../../models/bundle/sha256';
import { elementCount } from '../../models/onnx/shape';
import { type ItemsFile, isThere, type SceneSetManifest, takeName } from './sceneSetManifest';
import type { SceneSetSpec } from './sceneSetSpec';
import { probeTask, sceneTasks } from './sceneTasks';
import { formatOf } from './sensorItems';
import { inWorkers } from './workers/inWorkers';
import type { ItemResult, ItemWorkerData } from './workers/itemWorker';

export interface MakingOptions {
  readonly folder: string;
  readonly workers?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

export type ItemsFiles = SceneSetManifest['items'];

/** Bytes of one item. */
function itemBytes(sensor: Sensor): number {
  return elementCount(formatOf(sensor).shape) * Uint16Array.BYTES_PER_ELEMENT;
}

function fileName(sensor: Sensor): string {
  return `${sensor}.f16`;
}

/** Renders and prepares all scenes for some sensors, and writes a file for each. */
export async function makeItems(
  spec: SceneSetSpec,
  sensors: readonly Sensor[],
  { folder, onScenes, ...options }: MakingOptions & { readonly onScenes: (scenes: number) => void },
): Promise<ItemsFiles> {
  if (sensors.length === 0) return {};
  const writers = await openWriters(folder, sensors);
  try {
    await render(sceneTasks(spec), sensors, {
      ...options,
      onResult: async ({ first, scenes, items }) => {
        await Promise.all(writers.map(({ sensor, handle }, at) => write(handle, items[at], first * itemBytes(sensor))));
        onScenes(scenes);
      },
    });
    return Object.fromEntries(await Promise.all(writers.map((writer) => finish(writer, folder))));
  } catch (error) {
    await Promise.all(writers.map(({ partial }) => rm(partial, { force: true })));
    throw error;
  } finally {
    await Promise.all(writers.map(({ handle }) => handle.close()));
  }
}

/**
 * Those files that the code of today would write again: same shape and preset, and the first scenes, rendered anew, are
 * the same bytes. This notices a change of the simulated world that nobody has told of.
 */
export async function reusableItems(
  spec: SceneSetSpec,
  files: ItemsFiles,
  { folder, ...options }: MakingOptions,
): Promise<ItemsFiles> {
  const candidates: { readonly sensor: Sensor; readonly file: ItemsFile }[] = [];
  for (const sensor of SENSORS) {
    const file = files[sensor];
    if (file !== undefined && isOfFormat(file, sensor) && (await isThere(folder, file)))
      candidates.push({ sensor, file });
  }
  const same: [Sensor, ItemsFile][] = [];
  const sensors = candidates.map(({ sensor }) => sensor);
  if (sensors.length === 0) return {};
  await render(probeTask(spec), sensors, {
    ...options,
    onResult: async ({ items }) => {
      for (const [at, { sensor, file }] of candidates.entries()) {
        if (await beginsWith(path.join(folder, file.file), items[at])) same.push([sensor, file]);
      }
    },
  });
  return Object.fromEntries(same);
}

function render(
  tasks: ReturnType<typeof sceneTasks>,
  sensors: readonly Sensor[],
  options: Omit<MakingOptions, 'folder'> & { readonly onResult: (result: ItemResult) => Promise<void> },
): Promise<void> {
  const workerData: ItemWorkerData = { sensors };
  return inWorkers<ItemResult>(tasks, { ...options, entry: 'itemWorker', workerData });
}

interface Writer {
  readonly sensor: Sensor;
  readonly partial: string;
  readonly handle: FileHandle;
}

function openWriters(folder: string, sensors: readonly Sensor[]): Promise<readonly Writer[]> {
  return Promise.all(
    sensors.map(async (sensor) => {
      const partial = path.join(folder, `${fileName(sensor)}.partial`);
      return { sensor, partial, handle: await open(partial, 'w+') };
    }),
  );
}

async function write(handle: FileHandle, half: Uint16Array | undefined, position: number): Promise<void> {
  if (half === undefined) return;
  const bytes = new Uint8Array(half.buffer, half.byteOffset, half.byteLength);
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await handle.write(bytes, done, bytes.length - done, position + done);
    done += bytesWritten;
  }
}

async function finish({ sensor, partial, handle }: Writer, folder: string): Promise<[Sensor, ItemsFile]> {
  const file = fileName(sensor);
  await handle.sync();
  const { size } = await handle.stat();
  const sha256 = await sha256OfFile(partial);
  await takeName(partial, path.join(folder, file));
  const { shape, preset } = formatOf(sensor);
  return [sensor, { file, bytes: size, sha256, shape: [...shape], preset }];
}

function isOfFormat(file: ItemsFile, sensor: Sensor): boolean {
  const { shape, preset } = formatOf(sensor);
  return file.preset === preset && file.shape.length === shape.length && shape.every((n, at) => file.shape[at] === n);
}

async function beginsWith(file: string, half: Uint16Array | undefined): Promise<boolean> {
  if (half === undefined) return false;
  const handle = await open(file, 'r');
  try {
    const expected = Buffer.from(half.buffer, half.byteOffset, half.byteLength);
    const found = Buffer.alloc(expected.length);
    const { bytesRead } = await handle.read(found, 0, found.length, 0);
    return bytesRead === found.length && found.equals(expected);
  } finally {
    await handle.close();
  }
}
