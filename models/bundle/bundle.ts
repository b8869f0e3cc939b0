import { realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { SensebindError } from '../../runtime/errors';
import { checkExternalData } from './externalData';
import { defaultStateDirectory, Installation, stampOf } from './installation';
import { locate } from './location';
import type { BundleFile, Manifest } from './manifest';
import { readManifest } from './readManifest';
import { sha256OfFile } from './sha256';

/** A folder whose every file was found to be what its manifest says. */
export interface Bundle {
  /** Real path of the folder. */
  readonly directory: string;
  readonly manifest: Manifest;
  /** True the first time that this content is opened at this place: the moment to show its licence. */
  readonly firstUse: boolean;
  /** What the user should know about the check, in words; usually empty. */
  readonly notes: readonly string[];
  /** Absolute path of one of the manifest's files. */
  pathOf(file: BundleFile): string;
}

/** How far the check of a bundle has come. */
export interface CheckProgress {
  readonly file: string;
  readonly doneBytes: number;
  readonly totalBytes: number;
}

/**
 * Opens a bundle: reads its manifest, checks that no path leaves the folder and that every file has the stated size and
 * SHA-256. Content is hashed the first time at this place; later only size, time and inode are compared with the record
 * kept in `stateDirectory`, and any difference hashes again. A record that cannot be kept costs time, never the start.
 *
 * @throws {SensebindError} `BUNDLE_MISSING`, `BUNDLE_INVALID` (manifest, paths, external data), `BUNDLE_CORRUPT` (content).
 */
export async function openBundle(
  directory: string,
  options: { readonly stateDirectory?: string; readonly onProgress?: (progress: CheckProgress) => void } = {},
): Promise<Bundle> {
  const root = await rootOf(directory);
  const manifest = await readManifest(root);
  const files = filesOf(manifest);
  const paths = new Map<string, string>();
  for (const entry of files) paths.set(entry.file, await sized(root, entry));

  const installation = await Installation.read(root, options.stateDirectory ?? defaultStateDirectory());
  const unchecked = await filterAsync(files, async (entry) => {
    return !(await installation.vouchesFor(pathIn(paths, entry), entry.sha256));
  });
  const totalBytes = unchecked.reduce((sum, { bytes }) => sum + bytes, 0);
  let doneBytes = 0;
  for (const entry of unchecked) {
    const file = pathIn(paths, entry);
    const before = await stampOf(file, entry.sha256);
    const onBytes = (bytes: number): void => {
      doneBytes += bytes;
      options.onProgress?.({ file: entry.file, doneBytes, totalBytes });
    };
    const found = await sha256OfFile(file, { onBytes });
    if (found !== entry.sha256) throw corrupt(entry.file, `sha256 ${entry.sha256}`, found);
    installation.remember(file, before);
  }
  const changed = new Set(unchecked);
  for (const { model, weights } of Object.values(manifest.encoders)) {
    if (changed.has(model) || (weights !== null && changed.has(weights))) {
      await checkExternalData(pathIn(paths, model), { model, weights });
    }
  }
  const unsaved = await installation.save();

  return {
    directory: root,
    manifest,
    firstUse: unchecked.length === files.length,
    notes: unsaved === undefined ? [] : [unsaved],
    pathOf: (file) => pathIn(paths, file),
  };
}

async function rootOf(directory: string): Promise<string> {
  const absolute = path.resolve(directory);
  const found = await stat(absolute).catch(() => undefined);
  if (!found?.isDirectory()) {
    throw new SensebindError(
      'BUNDLE_MISSING',
      `Expected a bundle at ${absolute}, found ${found === undefined ? 'nothing' : 'a file'}`,
      'Give the folder of a bundle, or the name of one that was set up; "sensebind models setup imagebind" makes one of the published model, "sensebind models convert" of another checkpoint.',
    );
  }
  return realpath(absolute);
}

function filesOf(manifest: Manifest): readonly BundleFile[] {
  const encoders = Object.values(manifest.encoders).flatMap(({ model, weights }) =>
    weights === null ? [model] : [model, weights],
  );
  return manifest.tokenizer === undefined ? encoders : [...encoders, manifest.tokenizer];
}

async function sized(root: string, entry: BundleFile): Promise<string> {
  const file = await locate(root, entry.file);
  const { size } = await stat(file);
  if (size !== entry.bytes) throw corrupt(entry.file, `${entry.bytes} bytes`, String(size));
  return file;
}

function pathIn(paths: ReadonlyMap<string, string>, { file }: BundleFile): string {
  const found = paths.get(file);
  if (found !== undefined) return found;
  throw new SensebindError(
    'BUNDLE_INVALID',
    `Expected a file of this bundle's manifest, found "${file}"`,
    'Take files from the manifest of the same bundle.',
  );
}

async function filterAsync<Entry>(
  entries: readonly Entry[],
  keep: (entry: Entry) => Promise<boolean>,
): Promise<readonly Entry[]> {
  const kept = await Promise.all(entries.map(keep));
  return entries.filter((_, index) => kept[index]);
}

function corrupt(file: string, expected: string, found: string): SensebindError {
  return new SensebindError(
    'BUNDLE_CORRUPT',
    `Expected ${file} of the bundle to have ${expected}, found ${found}`,
    'Copy the whole folder again, or convert the checkpoint again; if that repeats, check the disk.',
  );
}
