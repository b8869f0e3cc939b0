import { homedir } from 'node:os';
import path from 'node:path';
import { openBundle } from '../../../models/bundle/bundle';
import { convertCheckpoint } from '../../../models/bundle/convert';
import { RANDOM_WEIGHTS_LICENCE } from '../../../models/bundle/licences';
import { randomStateDict } from '../../../models/checkpoint/randomStateDict';
import { IMAGEBIND_DEMO, imagebindLayout } from '../../../models/imagebind/layout';
import { readVariant } from '../../../models/imagebind/variant';
import { isSensebindError } from '../../errors';
import { printNote } from '../output';
import { packageVersion } from '../runConfig';

/** The same numbers on every machine. */
const SEED = 20_230_509;

/**
 * Folder of a small bundle with random weights for sound and text, in the user's cache: made the first time, and again
 * when it is missing, damaged or of another version.
 */
export async function demoBundle(): Promise<string> {
  const cache = process.env['XDG_CACHE_HOME'] || path.join(homedir(), '.cache');
  const directory = path.join(cache, 'sensebind', `demo-${packageVersion()}`);
  if (await isWhole(directory)) return directory;
  printNote('Making a small model with random weights …');
  await convertCheckpoint(randomStateDict(imagebindLayout(IMAGEBIND_DEMO, ['audio', 'text']), { seed: SEED }), {
    variant: await readVariant('imagebind_demo'),
    outputDirectory: directory,
    precision: 'fp32',
    name: 'demo',
    trained: false,
    licence: RANDOM_WEIGHTS_LICENCE,
    overwrite: 'replace',
  });
  return directory;
}

async function isWhole(directory: string): Promise<boolean> {
  try {
    await openBundle(directory);
    return true;
  } catch (error) {
    if (isSensebindError(error)) return false;
    throw error;
  }
}
