import { access } from 'node:fs/promises';
import path from 'node:path';
import { machinePorts } from '../../devices/ports/ports';
import { readManifest } from '../../models/bundle/readManifest';
import { systemClock } from '../clock';
import type { Config, SourceConfig } from '../config/config';
import { isSensebindError, SensebindError } from '../errors';
import { FramePool } from '../frames';
import { noEncoder } from '../lane';
import { decodeGray16, decodePicture } from '../preprocess/pictureFile';
import { hasWindows, noWindows } from '../window/windowsFor';
import { declarationOf } from './openDevice';
import { PICTURE_LIMITS } from './openSource';

/**
 * Looks at what `run` would need of the sources of a configuration: files and folders that are there, options that make
 * sense together, an encoder for each. Sources that are switched off are left out.
 *
 * @throws {SensebindError} `CONFIG_INVALID` with everything that was found; {@link readManifest}'s errors.
 */
export async function checkSources(config: Config): Promise<void> {
  const manifest = await readManifest(config.bundle);
  const problems: SensebindError[] = [];
  for (const source of config.sources.filter(({ enabled }) => enabled)) {
    const { id, device } = source;
    const { modality } = declarationOf(device, id);
    const encoder = manifest.encoders[modality];
    if (encoder === undefined) problems.push(noEncoder({ id, modality }, manifest));
    else if (!hasWindows({ spec: encoder.input, modality })) {
      problems.push(noWindows({ spec: encoder.input, modality, source: id }));
    }
    problems.push(...(await missingInputs(source, config.folder)), ...openingProblems(source, config.folder));
  }
  if (problems.length === 0) return;
  throw new SensebindError(
    'CONFIG_INVALID',
    `expected sources that can run, found ${problems.length === 1 ? '1 problem' : `${problems.length} problems`}:${problems
      .map(({ message, cure }) => `\n  ${message} → ${cure}`)
      .join('')}\n`,
    'correct the sources above and check again with sensebind run --check CONFIG',
  );
}

/** Files and folders that a device reads and that are not there. */
async function missingInputs({ id, device }: SourceConfig, folder: string): Promise<readonly SensebindError[]> {
  const missing: SensebindError[] = [];
  for (const name of declarationOf(device, id).inputs ?? []) {
    const value = device[name];
    if (typeof value !== 'string') continue;
    const file = path.resolve(folder, value);
    const isThere = await access(file).then(
      () => true,
      () => false,
    );
    if (isThere) continue;
    missing.push(
      new SensebindError(
        'FILE_UNREADABLE',
        `expected "${name}" of the source "${id}" at ${file}, found nothing that can be read`,
        'check the path; a relative one starts at the folder of the configuration',
      ),
    );
  }
  return missing;
}

/** What a device says against its options; nothing is opened yet. */
function openingProblems({ id, device }: SourceConfig, folder: string): readonly SensebindError[] {
  try {
    declarationOf(device, id).open(device, {
      source: id,
      clock: systemClock,
      folder,
      memory: new FramePool(PICTURE_LIMITS),
      decodeGray16,
      decodePicture,
      ports: machinePorts(systemClock),
    });
    return [];
  } catch (error) {
    if (!isSensebindError(error)) throw error;
    return [error];
  }
}
