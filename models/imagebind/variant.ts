import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import Type, { type Static } from '#typebox';
import { Compile } from '#typebox/compile';
import { messageOf, SensebindError } from '../../runtime/errors';
import { MODALITIES } from './modality';

const FORMAT = 'sensebind-variant/1';

const Count = Type.Integer({ minimum: 1, maximum: 65_535 });
const Preset = Type.String({
  pattern: '^[a-z0-9][a-z0-9-]{0,63}$',
  description: 'How raw readings become the tensor.',
});
const Heads = Type.Integer({ minimum: 1, maximum: 65_535, description: 'Attention heads of every block.' });

/** Pictures of several frames; `stride` is frames, vertical, horizontal. */
const VisionVariant = Type.Object(
  {
    heads: Heads,
    stride: Type.Tuple([Count, Count, Count]),
    frames: Count,
    height: Count,
    width: Count,
    preset: Preset,
  },
  { additionalProperties: false },
);

/** Pictures of one channel; `stride` is vertical, horizontal. */
const PictureVariant = Type.Object(
  { heads: Heads, stride: Type.Tuple([Count, Count]), height: Count, width: Count, preset: Preset },
  { additionalProperties: false },
);

/** Log-mel pictures of sound; `stride` is mel bins, columns. */
const SoundVariant = Type.Object(
  {
    heads: Heads,
    stride: Type.Tuple([Count, Count]),
    melBins: Count,
    columns: Count,
    sampleRateHz: Type.Integer({ minimum: 1, maximum: 1_000_000 }),
    clipSeconds: Type.Number({ exclusiveMinimum: 0, maximum: 3600 }),
    clips: Count,
    preset: Preset,
  },
  { additionalProperties: false },
);

/** Motion; `kernel` samples make a token, without overlap. */
const MotionVariant = Type.Object(
  {
    heads: Heads,
    kernel: Count,
    rateHz: Type.Number({ exclusiveMinimum: 0, maximum: 1_000_000 }),
    windowSeconds: Type.Number({ exclusiveMinimum: 0, maximum: 3600 }),
    preset: Preset,
  },
  { additionalProperties: false },
);

const TextVariant = Type.Object({ heads: Heads, preset: Preset }, { additionalProperties: false });

/** What the shapes of a checkpoint cannot tell about its encoders (reference/imagebind.md §1.1). */
export const Variant = Type.Object(
  {
    format: Type.Literal(FORMAT),
    name: Type.String({ minLength: 1, maxLength: 128 }),
    encoders: Type.Object(
      {
        vision: Type.Optional(VisionVariant),
        text: Type.Optional(TextVariant),
        audio: Type.Optional(SoundVariant),
        depth: Type.Optional(PictureVariant),
        thermal: Type.Optional(PictureVariant),
        imu: Type.Optional(MotionVariant),
      },
      { additionalProperties: false, minProperties: 1 },
    ),
  },
  { additionalProperties: false },
);
export type Variant = Static<typeof Variant>;
export type VisionVariant = Static<typeof VisionVariant>;
export type PictureVariant = Static<typeof PictureVariant>;
export type SoundVariant = Static<typeof SoundVariant>;
export type MotionVariant = Static<typeof MotionVariant>;
export type TextVariant = Static<typeof TextVariant>;

const variantValidator = Compile(Variant);

/** The encoders of the published checkpoint (reference/imagebind.md §1.1 and §2-7). */
const PUBLISHED: Required<Variant['encoders']> = {
  vision: { heads: 16, stride: [2, 14, 14], frames: 2, height: 224, width: 224, preset: 'clip' },
  text: { heads: 16, preset: 'clip-bpe' },
  audio: {
    heads: 12,
    stride: [10, 10],
    melBins: 128,
    columns: 204,
    sampleRateHz: 16_000,
    clipSeconds: 2,
    clips: 3,
    preset: 'kaldi-fbank',
  },
  depth: { heads: 8, stride: [16, 16], height: 224, width: 224, preset: 'metric' },
  thermal: { heads: 12, stride: [16, 16], height: 224, width: 224, preset: 'gray8' },
  imu: { heads: 8, kernel: 8, rateHz: 400, windowSeconds: 5, preset: 'ego4d' },
};

/** The encoders of the small model of the simulated world: `IMAGEBIND_MINI` in layout.ts. */
const MINI: Required<Variant['encoders']> = {
  vision: { heads: 4, stride: [1, 8, 8], frames: 1, height: 64, width: 64, preset: 'clip' },
  text: { heads: 4, preset: 'clip-bpe' },
  audio: {
    heads: 4,
    stride: [16, 16],
    melBins: 64,
    columns: 204,
    sampleRateHz: 16_000,
    clipSeconds: 2,
    clips: 1,
    preset: 'kaldi-fbank',
  },
  depth: { heads: 4, stride: [8, 8], height: 64, width: 64, preset: 'metric' },
  thermal: { heads: 4, stride: [4, 4], height: 32, width: 32, preset: 'kelvin' },
  imu: { heads: 4, kernel: 20, rateHz: 200, windowSeconds: 5, preset: 'ego4d' },
};

/** The named variants: the only list of them. Dimensions of the demo: `IMAGEBIND_DEMO` in layout.ts. */
export const VARIANTS: readonly Variant[] = [
  { format: FORMAT, name: 'imagebind_huge', encoders: PUBLISHED },
  { format: FORMAT, name: 'imagebind_mini', encoders: MINI },
  publishedWithHeads('imagebind_demo', { vision: 4, text: 2, audio: 4, depth: 2, thermal: 4, imu: 2 }),
];

/** Far more than a variant or the golden.json of a folder needs. */
const FILE_LIMIT_BYTES = 2 ** 22;

/**
 * The variant of that name, or the one in that file: our own JSON, or a golden.json whose `config` holds
 * `<modality>_num_heads` (tests/golden/README.md); all else is then as published.
 *
 * @throws {SensebindError} `VARIANT_INVALID` for anything else.
 */
export async function readVariant(nameOrPath: string): Promise<Variant> {
  const named = VARIANTS.find(({ name }) => name === nameOrPath);
  if (named !== undefined) return named;
  const text = await readText(nameOrPath);
  if (text === undefined) throw variantInvalid(`neither a variant nor a file is called "${nameOrPath}"`);
  return parseVariant(text, nameOrPath);
}

/**
 * The variant described by the JSON beside a checkpoint (`x.pth` → `x.json`); `undefined` when there is no such file.
 *
 * @throws {SensebindError} `VARIANT_INVALID` when the file describes none.
 */
export async function variantBeside(checkpointPath: string): Promise<Variant | undefined> {
  const { dir, name } = path.parse(checkpointPath);
  const file = path.join(dir, `${name}.json`);
  const text = await readText(file);
  return text === undefined ? undefined : parseVariant(text, file);
}

/**
 * A variant from the text of a file.
 *
 * @param file - Path for the message, and the name of a variant that has none of its own.
 * @throws {SensebindError} `VARIANT_INVALID`
 */
export function parseVariant(text: string, file: string): Variant {
  const value = parseJson(text, file);
  const heads = headsOfConfig(value);
  return heads === undefined ? checked(value, file) : publishedWithHeads(path.basename(file, '.json'), heads);
}

async function readText(file: string): Promise<string | undefined> {
  try {
    const { size } = await stat(file);
    if (size > FILE_LIMIT_BYTES) throw variantInvalid(`${file} is larger than ${FILE_LIMIT_BYTES} bytes`);
    return await readFile(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    if (error instanceof SensebindError) throw error;
    throw variantInvalid(`${file} cannot be read: ${messageOf(error)}`, { cause: error });
  }
}

function parseJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw variantInvalid(`${file} is not JSON: ${messageOf(error)}`, { cause: error });
  }
}

/** `<modality>_num_heads` of a golden.json, by modality; `undefined` for any other content. */
function headsOfConfig(value: unknown): Readonly<Record<string, unknown>> | undefined {
  if (!isRecord(value)) return undefined;
  const { config } = value;
  if (!isRecord(config)) return undefined;
  const heads = MODALITIES.map((modality) => [modality, config[`${modality}_num_heads`]] as const);
  const given = heads.filter(([, count]) => count !== undefined);
  return given.length === 0 ? undefined : Object.fromEntries(given);
}

/** The published variant with other heads, for the modalities that have some. */
function publishedWithHeads(name: string, heads: Readonly<Record<string, unknown>>): Variant {
  const encoders = MODALITIES.filter((modality) => modality in heads).map((modality) => [
    modality,
    { ...PUBLISHED[modality], heads: heads[modality] },
  ]);
  return checked({ format: FORMAT, name, encoders: Object.fromEntries(encoders) }, name);
}

function checked(value: unknown, file: string): Variant {
  if (variantValidator.Check(value)) return value;
  const problems = variantValidator
    .Errors(value)
    .map(({ instancePath, message }) => `${instancePath || '/'} ${message}`);
  throw variantInvalid(`${file}: ${problems.slice(0, 3).join('; ')}`);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A variant that does not say what is needed; `found` completes the sentence. */
export function variantInvalid(found: string, options?: ErrorOptions): SensebindError {
  const names = VARIANTS.map(({ name }) => name).join(', ');
  return new SensebindError(
    'VARIANT_INVALID',
    `Expected a variant (${names}), a JSON of format ${FORMAT} or a golden.json with heads, found that ${found}`,
    `Name one of ${names}, or describe the encoders in a JSON file beside the checkpoint.`,
    options,
  );
}
