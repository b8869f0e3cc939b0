import Type from '#typebox';
import { Compile } from '#typebox/compile';
import type { Embedding } from '../../runtime/embedding';
import { SensebindError } from '../../runtime/errors';
import { unit } from '../../runtime/inference/vectors';
import { FLAG_BITS } from '../../runtime/mqtt/flagBits';
import type { Flag } from '../../runtime/reading';
import { NO_SCALE } from '../../runtime/zeroshot/arithmetic';

const Micros = Type.Optional(Type.Integer({ minimum: 0 }));
const Text = Type.Optional(Type.String({ maxLength: 256 }));

/** An embedding as JSON: as our nodes write it, with less where somebody else did. */
const PlainEmbedding = Compile(
  Type.Object({
    vector: Type.Array(Type.Number(), { minItems: 2, maxItems: 65_536 }),
    space: Type.String({ minLength: 1, maxLength: 160 }),
    encoder: Text,
    modality: Text,
    preset: Text,
    precision: Text,
    logitScale: Type.Optional(Type.Number({ exclusiveMinimum: 0, maximum: 1000 })),
    sources: Type.Optional(Type.Array(Type.String({ maxLength: 256 }), { maxItems: 64 })),
    startMicros: Micros,
    endMicros: Micros,
    sequence: Type.Optional(Type.Integer({ minimum: 0 })),
    flags: Type.Optional(Type.Array(Type.String({ maxLength: 64 }), { maxItems: 64 })),
  }),
);

/** A vector that was sent as integers of 8 bits is this far from unit length at most. */
const LENGTH_TOLERANCE = 0.02;

/**
 * The embedding in plain data that came over MQTT, HTTP or a file; nothing for what has no vector.
 *
 * @throws {SensebindError} `INPUT_INVALID` for a vector without a space, not of unit length, or with other mistakes.
 */
export function plainEmbedding(value: unknown): Embedding | undefined {
  if (typeof value !== 'object' || value === null || !('vector' in value)) return undefined;
  const plain = { ...value, vector: plainVector(value.vector) };
  if (!PlainEmbedding.Check(plain)) {
    const [first] = PlainEmbedding.Errors(plain);
    throw invalid(`${first?.instancePath ?? ''} ${first?.message ?? ''}`.trim());
  }
  const length = Math.hypot(...plain.vector);
  if (!(Math.abs(length - 1) <= LENGTH_TOLERANCE)) throw invalid(`a vector of length ${Number(length.toPrecision(4))}`);
  const { startMicros = 0, endMicros = startMicros, flags = [] } = plain;
  return {
    vector: unit(plain.vector),
    space: plain.space,
    encoder: plain.encoder ?? '',
    modality: plain.modality ?? '',
    preset: plain.preset ?? '',
    precision: plain.precision ?? '',
    logitScale: plain.logitScale ?? NO_SCALE,
    sources: plain.sources ?? [],
    startMicros,
    endMicros,
    sequence: plain.sequence ?? 0,
    flags: flags.filter(isFlag),
  };
}

/** Typed arrays stay so in messages, and become objects with numbered keys in a Buffer's JSON: those are no vector. */
function plainVector(vector: unknown): unknown {
  return vector instanceof Float32Array || vector instanceof Float64Array ? [...vector] : vector;
}

/** Flags of newer versions are passed over. */
function isFlag(flag: string): flag is Flag {
  return Object.hasOwn(FLAG_BITS, flag);
}

function invalid(found: string): SensebindError {
  return new SensebindError(
    'INPUT_INVALID',
    `expected an embedding with a vector of unit length and its space, found: ${found}`,
    'pass on the payload of an encode node as it is, or as JSON.stringify(msg.payload) writes it',
  );
}
