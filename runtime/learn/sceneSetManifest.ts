import { open, readFile, rename, stat } from 'node:fs/promises';
import path from 'node:path';
import Type, { type Static } from '#typebox';
import { Compile } from '#typebox/compile';
import type { Sensor } from '../../devices/simulated/sensor';
import { SceneSetSpec } from './sceneSetSpec';

const FORMAT = 'sensebind-scenes/1';
const MANIFEST_FILE = 'scenes.json';

const SetFile = {
  file: Type.String({ pattern: '^[a-z]+\\.[a-z0-9]+$' }),
  bytes: Type.Integer({ minimum: 0 }),
  sha256: Type.String({ pattern: '^[0-9a-f]{64}$' }),
} as const;

/** Captions or labels: one JSON value a line, one line a scene. */
const LinesFile = Type.Object(SetFile, { additionalProperties: false });
export type LinesFile = Static<typeof LinesFile>;

/** Items of one sensor: binary16, little-endian, one item of `shape` after another. */
const ItemsFile = Type.Object(
  {
    ...SetFile,
    shape: Type.Array(Type.Integer({ minimum: 1 }), { minItems: 1, maxItems: 4 }),
    preset: Type.String({ minLength: 1, maxLength: 64 }),
  },
  { additionalProperties: false },
);
export type ItemsFile = Static<typeof ItemsFile>;

const files = {
  vision: Type.Optional(ItemsFile),
  depth: Type.Optional(ItemsFile),
  thermal: Type.Optional(ItemsFile),
  audio: Type.Optional(ItemsFile),
  imu: Type.Optional(ItemsFile),
  radar: Type.Optional(ItemsFile),
} as const satisfies Record<Sensor, unknown>;

const Items = Type.Object(files, { additionalProperties: false });

/** What a folder of scenes holds. A file that is not in it is not there. */
export const SceneSetManifest = Type.Object(
  {
    format: Type.Literal(FORMAT),
    scenes: SceneSetSpec,
    items: Items,
    captions: Type.Optional(LinesFile),
    labels: Type.Optional(LinesFile),
  },
  { additionalProperties: false },
);
export type SceneSetManifest = Static<typeof SceneSetManifest>;

const validator = Compile(SceneSetManifest);

/** The manifest of a folder; `undefined` where there is none that can be read. */
export async function readSceneSetManifest(folder: string): Promise<SceneSetManifest | undefined> {
  try {
    const value: unknown = JSON.parse(await readFile(path.join(folder, MANIFEST_FILE), 'utf8'));
    return validator.Check(value) ? value : undefined;
  } catch (error) {
    if (error instanceof SyntaxError || (error instanceof Error && 'code' in error && error.code === 'ENOENT')) {
      return undefined;
    }
    throw error;
  }
}

/** Whole or not at all. */
export async function writeSceneSetManifest(folder: string, manifest: Omit<SceneSetManifest, 'format'>): Promise<void> {
  const content = `${JSON.stringify({ format: FORMAT, ...manifest }, undefined, 2)}\n`;
  await writeWhole(path.join(folder, MANIFEST_FILE), content);
}

/** Temporary name, fsync, rename, fsync of the folder (design.md rule 7). */
export async function writeWhole(file: string, content: string): Promise<void> {
  const partial = `${file}.partial`;
  const handle = await open(partial, 'w');
  try {
    await handle.writeFile(content);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await takeName(partial, file);
}

export async function takeName(partial: string, file: string): Promise<void> {
  await rename(partial, file);
  const folder = await open(path.dirname(file), 'r');
  await folder.sync().finally(() => folder.close());
}

/** Whether the file is there with as many bytes as the manifest says. */
export async function isThere(folder: string, { file, bytes }: LinesFile): Promise<boolean> {
  const found = await stat(path.join(folder, file)).catch(() => undefined);
  return found?.size === bytes;
}
