import { open } from 'node:fs/promises';
import path from 'node:path';
import { messageOf, SensebindError } from '../../runtime/errors';
import { locate, MANIFEST_FILE } from './location';
import { type Manifest, manifestValidator } from './manifest';

/** A manifest is a few kilobytes; a licence text may take 64 KiB of it. */
const MANIFEST_LIMIT_BYTES = 2 ** 20;

/** Problems named in one message; the rest is counted. */
const PROBLEMS_SHOWN = 5;

/**
 * Reads and checks `manifest.json`.
 *
 * @param directory - Real path of the bundle's folder.
 * @throws {SensebindError} `BUNDLE_MISSING` when the folder has none; `BUNDLE_INVALID` naming the path of the problem.
 */
export async function readManifest(directory: string): Promise<Manifest> {
  const file = await locate(directory, MANIFEST_FILE).catch((error: unknown) => {
    if (error instanceof SensebindError && error.code !== 'BUNDLE_CORRUPT') throw error;
    throw missing(directory);
  });
  return parseManifest(await readLimited(file));
}

/** {@link readManifest} of bytes. */
export function parseManifest(bytes: Uint8Array): Manifest {
  const value = parseJson(bytes);
  if (!manifestValidator.Check(value)) throw invalid(problemsOf(value));
  // No prototype: a modality called "constructor" is one only when the manifest says so.
  return { ...value, encoders: Object.assign(Object.create(null), value.encoders) };
}

async function readLimited(file: string): Promise<Uint8Array> {
  const handle = await open(file, 'r');
  try {
    const buffer = Buffer.alloc(MANIFEST_LIMIT_BYTES + 1);
    let length = 0;
    while (length < buffer.length) {
      const { bytesRead } = await handle.read(buffer, length, buffer.length - length);
      if (bytesRead === 0) return buffer.subarray(0, length);
      length += bytesRead;
    }
    throw invalid(`${MANIFEST_FILE} is larger than ${MANIFEST_LIMIT_BYTES} bytes`);
  } finally {
    await handle.close();
  }
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    throw invalid(`it is not JSON: ${messageOf(error)}`);
  }
}

function problemsOf(value: unknown): string {
  const problems = manifestValidator
    .Errors(value)
    .filter(({ keyword }) => keyword !== 'boolean')
    .map(({ instancePath, message, params }) => {
      const extra = 'additionalProperties' in params ? ` (${JSON.stringify(params.additionalProperties)})` : '';
      return `${instancePath || '/'} ${message}${extra}`.slice(0, 200);
    });
  const more = problems.length > PROBLEMS_SHOWN ? `; and ${problems.length - PROBLEMS_SHOWN} more` : '';
  return `${problems.slice(0, PROBLEMS_SHOWN).join('; ')}${more}`;
}

function missing(directory: string): SensebindError {
  return new SensebindError(
    'BUNDLE_MISSING',
    `Expected a bundle at ${directory}, found no ${MANIFEST_FILE} there`,
    `Give the folder that "sensebind models convert" wrote: it holds ${path.join(directory, MANIFEST_FILE)}.`,
  );
}

function invalid(found: string): SensebindError {
  return new SensebindError(
    'BUNDLE_INVALID',
    `Expected a manifest of format sensebind-bundle/1, found: ${found}`,
    'Convert the checkpoint again with this version of sensebind.',
  );
}
