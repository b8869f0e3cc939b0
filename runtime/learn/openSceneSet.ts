import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import path from 'node:path';
import { setImmediate } from 'node:timers/promises';
import type { Sensor } from '../../devices/simulated/sensor';
import { float16Numbers } from '../../models/onnx/float16';
import { elementCount } from '../../models/onnx/shape';
import { messageOf, SensebindError } from '../errors';
import type { PlannedScene } from './scenePlan';
import { type ItemsFile, type LinesFile, readSceneSetManifest } from './sceneSetManifest';
import type { SceneSetSpec } from './sceneSetSpec';

const PIECE_BYTES = 2 ** 20;
/** Lines parsed between two turns of the event loop: about a millisecond. */
const LINES_A_TURN = 512;

/** Items of one sensor of a set, in memory that worker threads may share. */
export interface SceneItems {
  readonly sensor: Sensor;
  /** Of one item, without the batch. */
  readonly shape: readonly number[];
  /** Values of one item. */
  readonly length: number;
  readonly preset: string;
  /** Binary16 of all items, one after another. */
  readonly half: Uint16Array<SharedArrayBuffer>;
}

/**
 * A set of scenes that was made, read into memory. Give it only the sensors that are needed: 24,000 scenes take
 * 590 MB of pictures, 630 MB of sound, 290 MB of motion, 200 MB of depth, 50 MB of thermal pictures.
 */
export class SceneSet {
  readonly #items: ReadonlyMap<Sensor, SceneItems>;
  readonly #numbers = float16Numbers();

  constructor(
    readonly spec: SceneSetSpec,
    items: ReadonlyMap<Sensor, SceneItems>,
    /** Four of each scene; `undefined` where the set has none. */
    readonly captions: readonly (readonly string[])[] | undefined,
    /** Seed, room and events of each scene; `undefined` where the set has none. */
    readonly labels: readonly PlannedScene[] | undefined,
  ) {
    this.#items = items;
  }

  get count(): number {
    return this.spec.count;
  }

  /** @throws {SensebindError} `INPUT_INVALID` for a sensor that the set was not opened with. */
  items(sensor: Sensor): SceneItems {
    const items = this.#items.get(sensor);
    if (items !== undefined) return items;
    throw new SensebindError(
      'INPUT_INVALID',
      `Expected one of the sensors ${[...this.#items.keys()].join(', ')}, found "${sensor}"`,
      'Open the set with that sensor.',
    );
  }

  /**
   * Writes the items of some scenes into the beginning of `target`, one after another, as float32. A batch of 64
   * pictures takes about a millisecond.
   *
   * @throws {SensebindError} `INPUT_INVALID` for a target that is too small, or a scene that is not there.
   */
  take(sensor: Sensor, indices: ArrayLike<number>, target: Float32Array): void {
    const { half, length } = this.items(sensor);
    this.#check(indices, target, length);
    const numbers = this.#numbers;
    let to = 0;
    for (let at = 0; at < indices.length; at++) {
      const start = (indices[at] ?? 0) * length;
      for (let from = start; from < start + length; from++) {
        target[to] = numbers[half[from] ?? 0] ?? 0;
        to++;
      }
    }
  }

  #check(indices: ArrayLike<number>, target: Float32Array, length: number): void {
    if (target.length < indices.length * length) {
      throw new SensebindError(
        'INPUT_INVALID',
        `Expected room for ${indices.length} items of ${length} values, found ${target.length} values`,
        'Make the target larger.',
      );
    }
    for (let at = 0; at < indices.length; at++) {
      const index = indices[at] ?? -1;
      if (Number.isInteger(index) && index >= 0 && index < this.count) continue;
      throw new SensebindError(
        'INPUT_INVALID',
        `Expected numbers of scenes from 0 to ${this.count - 1}, found ${index}`,
        'Count the scenes of this set from 0.',
      );
    }
  }
}

/**
 * Opens a set that `makeSceneSet` made.
 *
 * @param folder - As `makeSceneSet` tells it.
 * @throws {SensebindError} `SCENES_INVALID` when something is missing, or other than the manifest says.
 */
export async function openSceneSet(
  folder: string,
  options: { readonly sensors: readonly Sensor[]; readonly signal?: AbortSignal | undefined },
): Promise<SceneSet> {
  const manifest = await readSceneSetManifest(folder);
  if (manifest === undefined) throw invalid(`a set of scenes in ${folder}`, 'no manifest of one');
  const { scenes, captions, labels } = manifest;
  const lines = { count: scenes.count, signal: options.signal };
  const items = new Map<Sensor, SceneItems>();
  for (const sensor of options.sensors) {
    const file = manifest.items[sensor];
    if (file === undefined) throw invalid(`${sensor} items in ${folder}`, 'none');
    items.set(sensor, await readItems(folder, { sensor, file, scenes, signal: options.signal }));
  }
  return new SceneSet(
    scenes,
    items,
    captions === undefined ? undefined : await readLines<readonly string[]>(folder, captions, lines),
    labels === undefined ? undefined : await readLines<PlannedScene>(folder, labels, lines),
  );
}

interface Wanted {
  readonly sensor: Sensor;
  readonly file: ItemsFile;
  readonly scenes: SceneSetSpec;
  readonly signal: AbortSignal | undefined;
}

async function readItems(folder: string, { sensor, file, scenes, signal }: Wanted): Promise<SceneItems> {
  const length = elementCount(file.shape);
  const bytes = scenes.count * length * Uint16Array.BYTES_PER_ELEMENT;
  if (file.bytes !== bytes) throw invalid(`${bytes} bytes of ${sensor} items`, `${file.bytes} in the manifest`);
  const half = new Uint16Array(new SharedArrayBuffer(bytes));
  await readWhole(path.join(folder, file.file), new Uint8Array(half.buffer), { sha256: file.sha256, signal });
  return { sensor, shape: file.shape, length, preset: file.preset, half };
}

/** Reads a file in pieces that leave the event loop free, and checks what it holds. */
async function readWhole(
  file: string,
  target: Uint8Array,
  { sha256, signal }: { readonly sha256: string; readonly signal: AbortSignal | undefined },
): Promise<void> {
  const handle = await open(file, 'r').catch((error: unknown) => {
    throw invalid(file, messageOf(error), error);
  });
  const hash = createHash('sha256');
  const piece = new Uint8Array(Math.min(PIECE_BYTES, target.length));
  try {
    for (let done = 0; done < target.length; ) {
      signal?.throwIfAborted();
      const { bytesRead } = await handle.read(piece, 0, Math.min(piece.length, target.length - done), done);
      if (bytesRead === 0) throw invalid(`${target.length} bytes in ${file}`, `${done}`);
      const read = piece.subarray(0, bytesRead);
      hash.update(read);
      target.set(read, done);
      done += bytesRead;
    }
  } finally {
    await handle.close();
  }
  if (hash.digest('hex') !== sha256) throw invalid(`${file} as it was written`, 'other bytes');
}

/** The values of a file of ours whose hash is that of the manifest, so that their shape need not be checked again. */
async function readLines<Value>(folder: string, file: LinesFile, wanted: LinesWanted): Promise<readonly Value[]> {
  const place = path.join(folder, file.file);
  const content = Buffer.alloc(file.bytes);
  await readWhole(place, content, { sha256: file.sha256, signal: wanted.signal });
  const values: Value[] = [];
  for (let start = 0; start < content.length; ) {
    const newline = content.indexOf('\n', start);
    const end = newline < 0 ? content.length : newline;
    const value: Value = JSON.parse(content.toString('utf8', start, end));
    values.push(value);
    start = end + 1;
    if (values.length % LINES_A_TURN === 0) await setImmediate();
  }
  if (values.length !== wanted.count) throw invalid(`${wanted.count} lines in ${place}`, `${values.length}`);
  return values;
}

interface LinesWanted {
  readonly count: number;
  readonly signal: AbortSignal | undefined;
}

function invalid(expected: string, found: string, cause?: unknown): SensebindError {
  return new SensebindError(
    'SCENES_INVALID',
    `Expected ${expected}, found ${found}`,
    'Make the set of scenes again.',
    cause === undefined ? undefined : { cause },
  );
}
