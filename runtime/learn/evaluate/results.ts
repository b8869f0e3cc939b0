import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import Type, { type Static } from '#typebox';
import { Compile } from '#typebox/compile';
import { systemFailure } from '../../../models/bundle/workspace';
import { messageOf, SensebindError } from '../../errors';
import { writeWhole } from '../sceneSetManifest';
import { Precisions } from './precisions';
import { TopFigures } from './zeroShot';

/** Name of the results inside a bundle's folder. */
export const RESULTS_FILE = 'results.json';

/** Far more than the results of any training here. */
const LIMIT_BYTES = 2 ** 22;

const Count = Type.Integer({ minimum: 0 });

/** What other weights than the shipped ones were trained for. */
const ControlKind = Type.Union([
  Type.Literal('textPaired', { description: 'The sensor trained with captions, not with pictures.' }),
  Type.Literal('supervised', { description: 'The same encoder and steps, trained with the labels.' }),
  Type.Literal('shuffled', { description: 'Pictures and sensors of different scenes: must give chance.' }),
  Type.Literal('furtherSeed', { description: 'The shipped training again, with another seed.' }),
  Type.Literal('leftOut', { description: 'One event never shown to the sensor, but to image and text.' }),
]);
export type ControlKind = Static<typeof ControlKind>;

/** One training of one tower, and how it did. Figures as those of the report: over events that the sensor perceives. */
export const ControlRun = Type.Object(
  {
    kind: ControlKind,
    modality: Type.String({ minLength: 1, maxLength: 64 }),
    seed: Count,
    steps: Count,
    seconds: Type.Number({ minimum: 0, description: 'How long the training took.' }),
    event: Type.Optional(
      Type.String({ minLength: 1, maxLength: 64, description: 'Of `leftOut`: figures are over its scenes only.' }),
    ),
    new: TopFigures,
    held: Type.Optional(TopFigures),
  },
  { additionalProperties: false },
);
export type ControlRun = Static<typeof ControlRun>;

/** `results.json` beside a bundle: figures that it cannot give by itself, and what they belong to. */
export const TrainingResults = Type.Object(
  {
    format: Type.Literal('sensebind-results/1'),
    bundle: Type.String({ pattern: '^[0-9a-f]{64}$', description: '`bundleHash` of the bundle that they belong to.' }),
    towers: Type.Record(
      Type.String({ minLength: 1, maxLength: 64 }),
      Type.Object(
        { seed: Count, steps: Count, scenes: Count, seconds: Type.Number({ minimum: 0 }) },
        { additionalProperties: false },
      ),
      { description: 'How each shipped tower was trained, by modality.' },
    ),
    judged: Type.Object(
      { seed: Count, new: Count, held: Count },
      { additionalProperties: false, description: 'The test scenes that the runs were judged on.' },
    ),
    precisions: Precisions,
    runs: Type.Array(ControlRun, { maxItems: 1000 }),
  },
  { additionalProperties: false },
);
export type TrainingResults = Static<typeof TrainingResults>;

const validator = Compile(TrainingResults);

/** The stored results of a bundle, or in words why there are none to show. */
export type StoredResults =
  | { readonly status: 'stored'; readonly results: TrainingResults }
  | { readonly status: 'absent' | 'refused'; readonly reason: string };

/**
 * Reads the results beside a bundle, and takes them only when they are of this very bundle.
 *
 * @throws {SensebindError} `FILE_UNREADABLE`
 */
export async function readResults(folder: string, hash: string): Promise<StoredResults> {
  const content = await readLimited(path.join(folder, RESULTS_FILE));
  if (content === undefined) return { status: 'absent', reason: `there is no ${RESULTS_FILE} beside the bundle` };
  const results = content === 'too large' ? undefined : parse(content.toString('utf8'));
  if (results === undefined) {
    return { status: 'refused', reason: `${RESULTS_FILE} beside the bundle is not of format sensebind-results/1` };
  }
  if (results.bundle !== hash) {
    return {
      status: 'refused',
      reason: `${RESULTS_FILE} belongs to the bundle ${shortHash(results.bundle)}, and this one is ${shortHash(hash)}`,
    };
  }
  return { status: 'stored', results };
}

/**
 * Makes a bundle anew in its folder, and keeps the results that lie beside it where it became the same one again: they
 * took longer than the bundle itself.
 *
 * @param make - Resolves with the hash of what it made.
 * @throws what `make` throws; {@link readResults} and {@link writeResults}.
 */
export async function keepingResults(folder: string, make: () => Promise<string>): Promise<string> {
  const content = await readLimited(path.join(folder, RESULTS_FILE));
  const before = content === undefined || content === 'too large' ? undefined : parse(content.toString('utf8'));
  const hash = await make();
  if (before?.bundle === hash) await writeResults(folder, before);
  return hash;
}

/** A bundle is from anywhere: its size is looked at before its content. */
async function readLimited(file: string): Promise<Buffer | 'too large' | undefined> {
  try {
    return (await stat(file)).size > LIMIT_BYTES ? 'too large' : await readFile(file);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    const found = `Expected to read ${file}, found: ${messageOf(error)}`;
    throw new SensebindError('FILE_UNREADABLE', found, 'Check its permissions, or remove it.', { cause: error });
  }
}

/**
 * Writes the results beside a bundle; the file is whole, or the one before.
 *
 * @throws {SensebindError} `DISK_FULL`, `FILE_UNWRITABLE`
 */
export async function writeResults(folder: string, results: TrainingResults): Promise<void> {
  const file = path.join(folder, RESULTS_FILE);
  await writeWhole(file, `${JSON.stringify(results, undefined, 2)}\n`).catch((error: unknown) => {
    throw systemFailure(error, file);
  });
}

function parse(text: string): TrainingResults | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return validator.Check(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Enough of a hash to tell two bundles apart by eye. */
export function shortHash(hash: string): string {
  return hash.slice(0, 12);
}
