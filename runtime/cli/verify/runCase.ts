import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { isSensebindError, messageOf } from '../../errors';
import type { Engine } from '../../inference/engine';
import { CLIP_MEAN, CLIP_STD } from '../../preprocess/byteLevels';
import type { EncoderInput } from '../../preprocess/input';
import type { Modality } from '../../reading';
import { type Deviation, embeddingDeviation, largestDifference } from './deviation';
import { type GoldenCase, invalid } from './goldenFolder';
import { readFloats, readNpy } from './npy';
import { type CaseKind, LEAST_COSINE, TOLERANCES } from './tolerances';

/** What came of one case. */
export interface CaseResult {
  readonly name: string;
  readonly kind: string;
  /** Largest deviation, in the unit of the tolerance; absent when the case could not be run. */
  readonly deviation?: number;
  readonly tolerance?: number;
  readonly cosine?: number;
  readonly ok: boolean;
  /** Why it could not be run. */
  readonly problem?: string;
}

/** The engine of a modality under a preset; opened once each. */
export type EngineFor = (modality?: Modality, preset?: string) => Promise<Engine>;

interface Context {
  readonly directory: string;
  readonly engineFor: EngineFor;
}

/** Runs one golden case through the code that production runs. A case that cannot be run is a failed one. */
export async function runCase(golden: GoldenCase, context: Context): Promise<CaseResult> {
  const name = [golden.kind, golden.modality, golden.input ?? `${golden.texts?.length ?? 0} texts`]
    .filter(Boolean)
    .join(' ');
  try {
    const kind = knownKind(golden.kind);
    const { deviation, cosine } = await CHECKS[kind](golden, context);
    const tolerance = TOLERANCES[kind];
    const ok = deviation <= tolerance && (cosine === undefined || cosine >= LEAST_COSINE);
    return { name, kind, deviation, tolerance, ...(cosine === undefined ? {} : { cosine }), ok };
  } catch (error) {
    if (!isSensebindError(error)) throw error;
    return { name, kind: golden.kind, ok: false, problem: error.message };
  }
}

const CHECKS: Readonly<Record<CaseKind, (golden: GoldenCase, context: Context) => Promise<Deviation>>> = {
  tokens: checkTokens,
  encoder: (golden, context) =>
    golden.modality === 'text' ? checkTextEncoder(golden, context) : checkEncoder(golden, context),
  image: checkImage,
  thermal: checkThermal,
  depth: checkDepth,
  audio: checkAudio,
  imu: checkMotion,
};

async function checkTokens({ texts = [], tokens = [] }: GoldenCase, { engineFor }: Context): Promise<Deviation> {
  if (texts.length === 0 || texts.length !== tokens.length)
    throw invalid(`${texts.length} texts, ${tokens.length} rows of tokens`);
  const engine = await engineFor();
  let different = 0;
  for (const [index, text] of texts.entries()) {
    const { items } = await engine.prepare('text', { kind: 'text', text });
    const expected = tokens[index] ?? [];
    const found = items[0]?.data ?? [];
    different +=
      expected.filter((id, position) => id !== found[position]).length + Math.abs(expected.length - found.length);
  }
  return { deviation: different };
}

async function checkTextEncoder(golden: GoldenCase, context: Context): Promise<Deviation> {
  if (golden.texts !== undefined && golden.tokens !== undefined) {
    const { deviation } = await checkTokens(golden, context);
    if (deviation > 0) throw invalid(`texts whose tokens differ from ours in ${deviation} places`);
  }
  const expected = await readFloats(fileOf(golden.output, context));
  const engine = await context.engineFor();
  const found: Float32Array[] = [];
  for (const input of await textInputs(golden, context)) found.push((await engine.encode('text', input)).vector);
  return embeddingDeviation(found, expected);
}

/** Texts where the case has some; else rows of token ids, in golden.json or an array. */
async function textInputs({ texts, tokens, input }: GoldenCase, context: Context): Promise<readonly EncoderInput[]> {
  if (texts !== undefined) return texts.map((text) => ({ kind: 'text', text }));
  if (tokens !== undefined) return tokens.map(tokenInput);
  const { data, shape } = await readNpy(fileOf(input, context));
  const length = shape.at(-1) ?? 0;
  const ids = Array.from(data, Number);
  return Array.from({ length: shape[0] ?? 0 }, (_, row) => tokenInput(ids.slice(row * length, (row + 1) * length)));
}

function tokenInput(ids: readonly number[]): EncoderInput {
  return { kind: 'tensor', data: Int32Array.from(ids), shape: [1, ids.length] };
}

async function checkEncoder(golden: GoldenCase, context: Context): Promise<Deviation> {
  const { modality } = golden;
  if (modality === undefined) throw invalid('an encoder case without a modality');
  const input = await readFloats(fileOf(golden.input, context));
  const expected = await readFloats(fileOf(golden.output, context));
  const engine = await context.engineFor();
  const [batch = 0, ...rest] = input.shape;
  const size = input.data.length / batch;
  // As the reference's forward(): from five dimensions on, the second counts clips, which are averaged.
  const shape = input.shape.length >= 5 ? rest : [1, ...rest];
  const found: Float32Array[] = [];
  for (let index = 0; index < batch; index++) {
    const data = input.data.subarray(index * size, (index + 1) * size);
    found.push((await engine.encode(modality, { kind: 'tensor', data, shape })).vector);
  }
  return embeddingDeviation(found, expected);
}

async function checkImage(golden: GoldenCase, context: Context): Promise<Deviation> {
  const { found, expected } = await prepared('vision', golden, {
    ...context,
    read: readPicture,
  });
  // [1, 3, frames, height, width], a still repeated; the reference gives one frame.
  const pixels = expected.length / CLIP_MEAN.length;
  const frames = found.length / expected.length;
  if (!Number.isInteger(frames)) throw invalid(`${expected.length} values for our ${found.length}`);
  let deviation = 0;
  for (const [channel, mean] of CLIP_MEAN.entries()) {
    const toByte = (value: number): number => Math.round(255 * (value * (CLIP_STD[channel] ?? 1) + mean));
    const theirs = expected.subarray(channel * pixels, (channel + 1) * pixels).map(toByte);
    for (let frame = 0; frame < frames; frame++) {
      const start = (channel * frames + frame) * pixels;
      const ours = found.subarray(start, start + pixels).map(toByte);
      deviation = Math.max(deviation, largestDifference(ours, theirs));
    }
  }
  return { deviation };
}

async function checkThermal(golden: GoldenCase, context: Context): Promise<Deviation> {
  const { found, expected } = await prepared('thermal', golden, {
    ...context,
    read: readPicture,
  });
  const toByte = (value: number): number => Math.round(255 * value);
  return { deviation: largestDifference(found.map(toByte), expected.map(toByte)) };
}

async function checkDepth(golden: GoldenCase, context: Context): Promise<Deviation> {
  const { found, expected } = await prepared('depth', golden, {
    ...context,
    read: async (file) => {
      const { data: metres, shape } = await readFloats(file);
      const [height = 0, width = 0] = shape.slice(-2);
      return { kind: 'depth', metres, width, height };
    },
  });
  return { deviation: largestDifference(found, expected) };
}

async function checkAudio(golden: GoldenCase, context: Context): Promise<Deviation> {
  const { sampleRate: sampleRateHz } = golden;
  if (sampleRateHz === undefined) throw invalid('an audio case without a sampleRate');
  const { found, expected } = await prepared('audio', golden, {
    ...context,
    read: async (file) => ({ kind: 'sound', sampleRateHz, channels: rows(await readFloats(file)) }),
  });
  // A recording shorter than a clip gives the same clip again and again: ours is encoded once.
  if (found.length === 0 || expected.length % found.length !== 0)
    throw invalid(`${expected.length} values for ${found.length}`);
  let deviation = 0;
  for (let start = 0; start < expected.length; start += found.length) {
    deviation = Math.max(deviation, largestDifference(found, expected.subarray(start, start + found.length)));
  }
  return { deviation };
}

async function checkMotion(golden: GoldenCase, context: Context): Promise<Deviation> {
  const { sampleRate: rateHz } = golden;
  if (rateHz === undefined) throw invalid('an imu case without a sampleRate');
  const { found, expected } = await prepared('imu', golden, {
    ...context,
    read: async (file) => ({ kind: 'motion', axes: rows(await readFloats(file)), timing: { rateHz } }),
  });
  return { deviation: largestDifference(found, expected) };
}

/** Our tensor of a raw input, clips one after the other, and the reference's. */
async function prepared(
  modality: Modality,
  golden: GoldenCase,
  context: Context & { readonly read: (file: string) => Promise<EncoderInput> },
): Promise<{ readonly found: Float32Array; readonly expected: Float32Array }> {
  const engine = await context.engineFor(modality, golden.preset);
  const { items } = await engine.prepare(modality, await context.read(fileOf(golden.input, context)));
  const { data: expected } = await readFloats(fileOf(golden.output, context));
  if (expected.length === 0) throw invalid('an empty array');
  const found = new Float32Array(items.reduce((sum, { data }) => sum + data.length, 0));
  let filled = 0;
  for (const { data } of items) {
    found.set(data, filled);
    filled += data.length;
  }
  return { found, expected };
}

async function readPicture(file: string): Promise<EncoderInput> {
  const bytes = await readFile(file).catch((error: unknown) => {
    throw invalid(`${file}: ${messageOf(error)}`);
  });
  return { kind: 'pictureFile', bytes };
}

/** The rows of `[channels, samples]`, or of `[samples]` alone. */
function rows({ data, shape }: Awaited<ReturnType<typeof readFloats>>): readonly Float32Array[] {
  const [length = 0, count = 1] = shape.toReversed();
  return Array.from({ length: count }, (_, row) => data.subarray(row * length, (row + 1) * length));
}

function fileOf(name: string | undefined, { directory }: Context): string {
  if (name === undefined) throw invalid('a case without its files');
  if (path.basename(name) !== name) throw invalid(`a file outside the folder: ${name}`);
  return path.join(directory, name);
}

function knownKind(kind: string): CaseKind {
  if (isKind(kind)) return kind;
  throw invalid(`a case of kind "${kind}"`);
}

function isKind(kind: string): kind is CaseKind {
  return Object.hasOwn(TOLERANCES, kind);
}
