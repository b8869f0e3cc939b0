import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type Bundle, openBundle } from '../../models/bundle/bundle';
import { convertCheckpoint } from '../../models/bundle/convert';
import { openCheckpoint } from '../../models/checkpoint/checkpoint';
import { readVariant } from '../../models/imagebind/variant';
import { golden } from './paths';

/** Random weights of the golden data: nobody's licence. */
export const TINY_LICENCE = { name: 'none', text: 'Random weights, made for tests.', source: 'tests/golden' } as const;

export interface TinyBundle {
  readonly bundle: Bundle;
  readonly directory: string;
  remove(): Promise<void>;
}

/** The golden checkpoint, converted into a temporary folder and opened. */
export async function tinyBundle(options: { readonly trained?: boolean } = {}): Promise<TinyBundle> {
  const folder = await mkdtemp(path.join(tmpdir(), 'sensebind-tiny-'));
  const directory = path.join(folder, 'bundle');
  const checkpoint = await openCheckpoint(golden('imagebind_tiny.pth'));
  try {
    await convertCheckpoint(checkpoint, {
      variant: await readVariant(golden('golden.json')),
      outputDirectory: directory,
      precision: 'fp32',
      name: 'tiny',
      trained: options.trained ?? false,
      licence: TINY_LICENCE,
    });
  } finally {
    await checkpoint.close();
  }
  const bundle = await openBundle(directory, { stateDirectory: path.join(folder, 'state') });
  return { bundle, directory, remove: () => rm(folder, { recursive: true, force: true }) };
}
