import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import Type, { type Static } from '#typebox';
import { Compile } from '#typebox/compile';
import { describeProcessor } from '../deviceCache/processor';
import { sensebindCacheDirectory } from '../deviceCache/settings';
import { runHelper } from '../helperProcess';
import type { EncoderSetup } from '../protocol';
import { sessionOptions } from '../session';
import type { EncoderFigures, EncoderRequest } from './encoderProgram';
import { cacheBytesOf, type EncoderNeeds, weightsBytesInMemory } from './estimate';

export interface MeasureOptions {
  readonly threads: number;
  /** Name or path of the onnxruntime module. */
  readonly runtimeModule?: string;
  /** Where figures are kept for the next time. */
  readonly folder?: string;
  /** Measures anew although figures are kept, and keeps the new ones. */
  readonly again?: boolean;
  /** Told before an encoder is opened, which takes seconds. */
  readonly onMeasure?: (modality: string) => void;
  readonly signal?: AbortSignal;
}

const Figures = Type.Object({
  format: Type.Literal('sensebind-figures/1'),
  privateBytes: Type.Number({ minimum: 0 }),
  forwardMillis: Type.Number({ exclusiveMinimum: 0 }),
});
const figuresValidator = Compile(Figures);

/** What packing leaves behind even where the packed weights come from a copy: 2 MB of an IMU, 38 MB of a thermal encoder. */
const MOST_PACKING_BYTES = 40e6;

/** Activations and what belongs to a session, where the system does not say. */
const SESSION_BYTES = 40e6;

const requireModule = createRequire(__filename);

/**
 * What an encoder takes on this machine, from opening and running it in a process of its own; kept, so that it is asked once
 * for each encoder, processor, runtime and number of threads. What a copy in the device cache would take follows from it.
 *
 * @throws {SensebindError} `ENCODE_FAILED`, `BUNDLE_INVALID`, `CONFIG_INVALID`, `PROGRAM_FAILED`, `REQUEST_ABORTED`.
 */
export async function measureEncoder(setup: EncoderSetup, options: MeasureOptions): Promise<EncoderNeeds> {
  const figures = await figuresOf(setup, options);
  const { fileBytes, precision } = setup;
  const weightsBytes = weightsBytesInMemory(fileBytes, precision);
  return {
    basis: 'measured',
    fileBytes,
    privateBytes: figures.privateBytes,
    cachedPrivateBytes:
      Math.max(0, figures.privateBytes - weightsBytes) + Math.min(MOST_PACKING_BYTES, 0.1 * weightsBytes),
    cachedMappedBytes: weightsBytes,
    cacheBytes: cacheBytesOf(fileBytes, precision),
    forwardMillis: figures.forwardMillis,
  };
}

type Figures = Omit<Static<typeof Figures>, 'format'>;

async function figuresOf(setup: EncoderSetup, options: MeasureOptions): Promise<Figures> {
  const { threads, runtimeModule = 'onnxruntime-node', again = false, onMeasure, signal } = options;
  const folder = options.folder ?? path.join(sensebindCacheDirectory(), 'figures');
  const file = path.join(folder, `${await nameOf(setup, { threads, runtimeModule })}.json`);
  const known: unknown = again
    ? undefined
    : await readFile(file, 'utf8')
        .then(JSON.parse)
        .catch(() => undefined);
  if (figuresValidator.Check(known)) return known;
  onMeasure?.(setup.modality);
  const request: EncoderRequest = { setup, threads, runtimeModule };
  const found = await runHelper<EncoderRequest, EncoderFigures>(path.join(__dirname, 'encoderProgram.js'), request, {
    purpose: `runs the ${setup.modality} encoder`,
    ...(signal === undefined ? {} : { signal }),
  });
  const { forwardMillis } = found;
  // Where the system does not say what a process takes: the weights, and as much as sessions take elsewhere.
  const privateBytes = found.privateBytes ?? weightsBytesInMemory(setup.fileBytes, setup.precision) + SESSION_BYTES;
  await keep(file, { privateBytes, forwardMillis });
  return { privateBytes, forwardMillis };
}

/** What cannot be kept is measured again the next time: slower, and nothing else. */
async function keep(file: string, figures: Figures): Promise<void> {
  const temporary = `${file}.${randomUUID()}.tmp`;
  try {
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(temporary, JSON.stringify({ format: 'sensebind-figures/1', ...figures }), { flush: true });
    await rename(temporary, file);
  } catch {
    await rm(temporary, { force: true }).catch(() => undefined);
  }
}

async function nameOf(
  { hash }: EncoderSetup,
  { threads, runtimeModule }: { readonly threads: number; readonly runtimeModule: string },
): Promise<string> {
  const options = JSON.stringify(sessionOptions({ provider: 'cpu', threads }));
  const key = [hash, await describeProcessor(), options, runtimeModule, versionOf(runtimeModule)];
  return createHash('sha256').update(JSON.stringify(key)).digest('hex').slice(0, 32);
}

function versionOf(runtimeModule: string): string {
  try {
    const description: unknown = requireModule(`${runtimeModule}/package.json`);
    return typeof description === 'object' && description !== null && 'version' in description
      ? String(description.version)
      : '';
  } catch {
    return '';
  }
}
