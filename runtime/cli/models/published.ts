import { stat } from 'node:fs/promises';
import path from 'node:path';
import { sensebindDataDirectory } from '../../../models/bundle/installation';
import { IMAGEBIND_LICENCE } from '../../../models/bundle/licences';
import { UsageError } from '../output';
import { PUBLISHED_VARIANT } from './variantFor';

/** The name by which `models pull` and `models setup` know the published model. */
export const IMAGEBIND = 'imagebind';

/** Of the checkpoint that Meta published. Its size is that of the tensors (reference: ImageBind's layout), within a tenth of a percent. */
export const PUBLISHED = {
  url: 'https://dl.fbaipublicfiles.com/imagebind/imagebind_huge.pth',
  approximateBytes: 4_803_147_960,
  licence: IMAGEBIND_LICENCE,
} as const;

const FILE_NAME = `${PUBLISHED_VARIANT}.pth`;

/** @throws {UsageError} for a model that nobody can pull. */
export function requireKnownModel(name: string): void {
  if (name === IMAGEBIND) return;
  throw new UsageError(
    `expected the model ${IMAGEBIND}, found ${name}`,
    'Of another checkpoint, make a bundle with "sensebind models convert".',
  );
}

/** Where the checkpoint goes: the file or folder that a person names, else with what they have downloaded before. */
export async function checkpointPlace(to: string | undefined): Promise<string> {
  if (to === undefined) return path.join(sensebindDataDirectory(), 'checkpoints', FILE_NAME);
  const target = path.resolve(to);
  const isFolder = to.endsWith(path.sep) || ((await stat(target).catch(() => undefined))?.isDirectory() ?? false);
  return isFolder ? path.join(target, FILE_NAME) : target;
}
