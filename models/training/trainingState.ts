import { readFile } from 'node:fs/promises';
import Type, { type Static } from '#typebox';
import { Compile } from '#typebox/compile';
import { messageOf, SensebindError } from '../../runtime/errors';
import { FileWriter } from '../onnx/fileWriter';
import type { AdamWState } from './adamW';

/** First line of the file, as JSON; the numbers follow: parameters, first moments, second moments, float32. */
const Header = Type.Object(
  {
    format: Type.Literal('sensebind-training/1'),
    fingerprint: Type.String({ description: 'Of all that decides what is learnt: data, recipe, seed.' }),
    step: Type.Integer({ minimum: 0 }),
    length: Type.Integer({ minimum: 1, maximum: 2 ** 30 }),
    losses: Type.Array(Type.Number()),
    seconds: Type.Number({ minimum: 0 }),
  },
  { additionalProperties: false },
);
type Header = Static<typeof Header>;
const validator = Compile(Header);

/** All that is needed to go on with a training. */
export interface TrainingState {
  readonly parameters: Float32Array;
  readonly optimiser: AdamWState;
  /** Of every step. */
  readonly losses: readonly number[];
  /** Time spent on it so far, over all runs. */
  readonly seconds: number;
}

const NEWLINE = 10;
const FLOAT32_BYTES = 4;

/**
 * Writes a state: the file is whole, or the one before.
 *
 * @throws {SensebindError} `FILE_UNWRITABLE`, `DISK_FULL`
 */
export async function writeTrainingState(path: string, state: TrainingState, fingerprint: string): Promise<void> {
  const { parameters, optimiser, losses, seconds } = state;
  const header: Header = {
    format: 'sensebind-training/1',
    fingerprint,
    step: optimiser.step,
    length: parameters.length,
    losses: [...losses],
    seconds,
  };
  const file = await FileWriter.create(path);
  try {
    await file.appendNext(Buffer.from(`${JSON.stringify(header)}\n`));
    for (const numbers of [parameters, optimiser.first, optimiser.second]) {
      await file.appendNext(new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength));
    }
    await file.finish();
  } catch (error) {
    await file.discard();
    throw error;
  }
}

/**
 * A state that was written for the same data, recipe and seed; `undefined` where there is none.
 *
 * @throws {SensebindError} `TRAINING_STATE_INVALID` for a file that is something else or of another training;
 * `FILE_UNREADABLE`.
 */
export async function readTrainingState(path: string, fingerprint: string): Promise<TrainingState | undefined> {
  const bytes = await readIfThere(path);
  if (bytes === undefined) return undefined;
  const end = bytes.indexOf(NEWLINE);
  const header = parseHeader(bytes.subarray(0, Math.max(0, end)).toString('utf8'));
  if (header === undefined) throw stateInvalid(path, 'a file of something else');
  if (header.fingerprint !== fingerprint) throw stateInvalid(path, 'one of other data, another recipe or another seed');
  const { length, step, losses, seconds } = header;
  if (losses.length !== step) throw stateInvalid(path, `${losses.length} losses of ${step} steps`);
  if (bytes.length !== end + 1 + 3 * length * FLOAT32_BYTES) throw stateInvalid(path, 'a file of another length');
  const part = (index: number): Float32Array => {
    const start = end + 1 + index * length * FLOAT32_BYTES;
    return new Float32Array(Uint8Array.from(bytes.subarray(start, start + length * FLOAT32_BYTES)).buffer);
  };
  return { parameters: part(0), optimiser: { step, first: part(1), second: part(2) }, losses, seconds };
}

async function readIfThere(path: string): Promise<Buffer | undefined> {
  try {
    return await readFile(path);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw new SensebindError(
      'FILE_UNREADABLE',
      `Expected to read ${path}, found that ${messageOf(error)}`,
      'Check that it is a file that may be read, or choose another folder.',
      { cause: error },
    );
  }
}

function parseHeader(text: string): Header | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return validator.Check(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function stateInvalid(path: string, found: string): SensebindError {
  return new SensebindError(
    'TRAINING_STATE_INVALID',
    `Expected the state of this training at ${path}, found ${found}`,
    'Remove the folder to start the training again, or choose another one with --work.',
  );
}
