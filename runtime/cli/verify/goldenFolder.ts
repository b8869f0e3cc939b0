import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import Type, { type Static } from '#typebox';
import { Compile } from '#typebox/compile';
import { messageOf, SensebindError } from '../../errors';

const Text = Type.String({ minLength: 1, maxLength: 255 });
const Tokens = Type.Array(Type.Array(Type.Integer()));

/** One case of golden.json; further keys are notes. A case of an unknown kind is reported as failed. */
const GoldenCase = Type.Object({
  kind: Text,
  modality: Type.Optional(Text),
  preset: Type.Optional(Text),
  input: Type.Optional(Text),
  output: Type.Optional(Text),
  texts: Type.Optional(Type.Array(Type.String())),
  tokens: Type.Optional(Tokens),
  sampleRate: Type.Optional(Type.Number({ exclusiveMinimum: 0 })),
});
export type GoldenCase = Static<typeof GoldenCase>;

const Golden = Type.Object({ cases: Type.Array(GoldenCase, { minItems: 1 }) });
const validator = Compile(Golden);

/** A folder of golden data (tests/golden/README.md). */
export interface GoldenFolder {
  readonly directory: string;
  readonly checkpoint: string;
  /** Holds the heads of every encoder. */
  readonly description: string;
  readonly cases: readonly GoldenCase[];
}

/** @throws {SensebindError} `GOLDEN_INVALID` unless there are one golden.json and one .pth in the folder. */
export async function readGoldenFolder(directory: string): Promise<GoldenFolder> {
  const names = await readdir(directory).catch((error: unknown) => {
    throw invalid(`${directory}: ${messageOf(error)}`);
  });
  const checkpoints = names.filter((name) => name.endsWith('.pth'));
  const [checkpoint] = checkpoints;
  if (checkpoint === undefined || checkpoints.length > 1)
    throw invalid(`${checkpoints.length} .pth files in ${directory}`);
  const description = path.join(directory, 'golden.json');
  const golden = await readJson(description);
  if (!validator.Check(golden)) {
    const [problem] = validator.Errors(golden);
    throw invalid(`${description}: ${problem?.instancePath || '/'} ${problem?.message}`);
  }
  return { directory, checkpoint: path.join(directory, checkpoint), description, cases: golden.cases };
}

async function readJson(file: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(file, 'utf8'));
  } catch (error) {
    throw invalid(`${file}: ${messageOf(error)}`);
  }
}

/** A golden folder, or a case of it, that makes no sense. */
export function invalid(found: string): SensebindError {
  return new SensebindError(
    'GOLDEN_INVALID',
    `Expected golden data with one checkpoint and one golden.json, found ${found}`,
    'See tests/golden/README.md for the format.',
  );
}
