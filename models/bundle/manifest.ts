import Type, { type Static } from '#typebox';
import { Compile } from '#typebox/compile';

/** A whole number of at least one. */
const Count = Type.Integer({ minimum: 1, maximum: 2 ** 31 - 1 });

const Sha256 = Type.String({ pattern: '^[0-9a-f]{64}$' });

/** A file of the bundle, by its path relative to the folder. */
const BundleFile = Type.Object(
  {
    file: Type.String({ minLength: 1, maxLength: 255, description: 'Path inside the bundle, with forward slashes.' }),
    bytes: Type.Integer({ minimum: 0 }),
    sha256: Sha256,
  },
  { additionalProperties: false },
);

/** Pictures: `[batch, channels, frames, height, width]` where `frames` is given, else `[batch, channels, height, width]`. */
const PictureSpec = Type.Object(
  {
    kind: Type.Literal('picture'),
    channels: Count,
    frames: Type.Optional(Count),
    height: Count,
    width: Count,
  },
  { additionalProperties: false },
);

/** Sound as a log-mel picture: `[batch, 1, melBins, columns]`; `clips` of `clipSeconds` are averaged. */
const SoundSpec = Type.Object(
  {
    kind: Type.Literal('sound'),
    sampleRateHz: Count,
    clipSeconds: Type.Number({ exclusiveMinimum: 0 }),
    clips: Count,
    melBins: Count,
    columns: Count,
  },
  { additionalProperties: false },
);

/** Uniformly sampled channels: `[batch, channels, samples]`, `samples = rateHz * windowSeconds`. */
const SeriesSpec = Type.Object(
  {
    kind: Type.Literal('series'),
    channels: Count,
    rateHz: Type.Number({ exclusiveMinimum: 0 }),
    windowSeconds: Type.Number({ exclusiveMinimum: 0 }),
    samples: Count,
  },
  { additionalProperties: false },
);

/**
 * Strength over distance, linear and not negative: `[batch, 1, bins]`, each value `(ln(strength + floor) - mean) /
 * deviation`. `floor` is about the noise of the sensor, in its own unit.
 */
const ProfileSpec = Type.Object(
  {
    kind: Type.Literal('profile'),
    bins: Count,
    binMetres: Type.Number({ exclusiveMinimum: 0, description: 'Distance between two values.' }),
    floor: Type.Number({ exclusiveMinimum: 0 }),
    mean: Type.Number(),
    deviation: Type.Number({ exclusiveMinimum: 0 }),
  },
  { additionalProperties: false },
);

/** Token ids, int32: `[batch, length]`. */
const TokensSpec = Type.Object(
  { kind: Type.Literal('tokens'), length: Count, vocabulary: Count },
  { additionalProperties: false },
);

/** What an encoder's input tensor looks like, and so what a window of its modality must hold. */
export const InputSpec = Type.Union([PictureSpec, SoundSpec, SeriesSpec, ProfileSpec, TokensSpec]);
export type InputSpec = Static<typeof InputSpec>;
export type PictureSpec = Static<typeof PictureSpec>;
export type SoundSpec = Static<typeof SoundSpec>;
export type SeriesSpec = Static<typeof SeriesSpec>;
export type ProfileSpec = Static<typeof ProfileSpec>;
export type TokensSpec = Static<typeof TokensSpec>;

/**
 * How weights are stored. A CPU computes fp32 and fp16 in float32; int8 products are computed in whole numbers, with a
 * scale of the activations that holds for one item, so that such encoders take one at a time.
 */
export const Precision = Type.Union([Type.Literal('fp32'), Type.Literal('fp16'), Type.Literal('int8')]);
export type Precision = Static<typeof Precision>;

/** A precision that the numbers of a checkpoint can be written in. */
export type StoredPrecision = Exclude<Precision, 'int8'>;

const Cosine = Type.Number({ minimum: -1, maximum: 1 });

/** How an encoder became int8, and how well it agrees with what it was made of. */
const Quantization = Type.Object(
  {
    scheme: Type.Literal('dynamic-u8s8', {
      description: 'Activations unsigned, scaled at each run; weights signed, a scale a column (a row, of tables).',
    }),
    smoothing: Type.Number({ minimum: 0, maximum: 1, description: "SmoothQuant's exponent." }),
    calibration: Type.Object(
      {
        source: Type.String({ minLength: 1, maxLength: 512, description: 'Where the inputs came from, in words.' }),
        inputs: Count,
      },
      { additionalProperties: false },
    ),
    heldBack: Type.Object(
      { inputs: Count, worstCosine: Cosine, meanCosine: Cosine },
      { additionalProperties: false, description: 'Inputs that nothing was chosen by, against the encoder before.' },
    ),
    int8Layers: Type.Integer({ minimum: 0, description: '0 where the encoder stayed as it was.' }),
    fp32Layers: Type.Array(Type.String({ minLength: 1, maxLength: 256 }), {
      maxItems: 4096,
      description: 'Layers that went back to what they were, the most harmful first; a stem is never int8.',
    }),
  },
  { additionalProperties: false },
);
export type Quantization = Static<typeof Quantization>;

const EncoderManifest = Type.Object(
  {
    model: BundleFile,
    weights: Type.Union([BundleFile, Type.Null()], { description: 'External weights beside the model.' }),
    precision: Precision,
    input: InputSpec,
    preset: Type.String({ minLength: 1, maxLength: 64, description: 'How raw readings become the input tensor.' }),
    logitScale: Type.Number({ exclusiveMinimum: 0, description: 'Multiplies a cosine; never baked into the vector.' }),
    parameters: Type.Integer({ minimum: 0 }),
    quantization: Type.Optional(Quantization),
  },
  { additionalProperties: false },
);
export type EncoderManifest = Static<typeof EncoderManifest>;

/** `manifest.json` of a bundle. */
export const Manifest = Type.Object(
  {
    format: Type.Literal('sensebind-bundle/1'),
    name: Type.String({ minLength: 1, maxLength: 128 }),
    variant: Type.String({ minLength: 1, maxLength: 128 }),
    space: Type.String({ minLength: 1, maxLength: 160, description: 'Family and hash of the frozen anchor.' }),
    dimensions: Count,
    trained: Type.Boolean({ description: 'False for random weights, whose scores mean nothing.' }),
    licence: Type.Object(
      {
        name: Type.String({ minLength: 1, maxLength: 256 }),
        text: Type.String({ minLength: 1, maxLength: 65_536 }),
        source: Type.String({ minLength: 1, maxLength: 1024 }),
      },
      { additionalProperties: false },
    ),
    notice: Type.Optional(
      Type.String({
        maxLength: 512,
        pattern: '^[^\\u0000-\\u001f\\u007f-\\u009f]+$',
        description: 'What its labels must not be taken for: one line, shown wherever they are.',
      }),
    ),
    tokenizer: Type.Optional(BundleFile),
    encoders: Type.Record(Type.String({ pattern: '^[a-z][a-z0-9_-]{0,63}$' }), EncoderManifest, {
      additionalProperties: false,
      minProperties: 1,
    }),
  },
  { additionalProperties: false },
);
export type Manifest = Static<typeof Manifest>;
export type BundleFile = Static<typeof BundleFile>;

/** Compiled once: checks bytes from outside against {@link Manifest}. */
export const manifestValidator = Compile(Manifest);
