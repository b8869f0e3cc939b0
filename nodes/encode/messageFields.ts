import Type, { type Static } from '#typebox';
import { Check, Convert } from '#typebox/value';
import { schemaProblems } from '../../runtime/config/schemaProblems';
import { SensebindError } from '../../runtime/errors';

/** What a message says beside numbers that do not explain themselves. */
const Fields = Type.Object({
  /** Of sound. */
  sampleRateHz: Type.Optional(Type.Number({ minimum: 1, maximum: 1_000_000, title: 'samples a second' })),
  /** Of interleaved sound in a Buffer. */
  channels: Type.Optional(Type.Integer({ minimum: 1, maximum: 32 })),
  /** Of motion. */
  rateHz: Type.Optional(Type.Number({ minimum: 0.1, maximum: 100_000, title: 'samples a second' })),
  /** Of a picture. */
  width: Type.Optional(Type.Integer({ minimum: 1, maximum: 65_535 })),
  height: Type.Optional(Type.Integer({ minimum: 1, maximum: 65_535 })),
  /** What one step stands for. */
  unit: Type.Optional(Type.String({ maxLength: 16 })),
  /** Of a range profile: distance between two values. */
  binMetres: Type.Optional(Type.Number({ exclusiveMinimum: 0, maximum: 1000 })),
});
export type MessageFields = Static<typeof Fields>;

/**
 * What a message says of its numbers. Only those fields are looked at that are there.
 *
 * @throws {SensebindError} `INPUT_INVALID` for one that makes no sense.
 */
export function fieldsOf(message: Readonly<Record<string, unknown>>): MessageFields {
  const present = Object.keys(Fields.properties)
    .map((key) => [key, message[key]])
    .filter(([, value]) => value !== undefined && value !== null && value !== '');
  const fields = Convert(Fields, Object.fromEntries(present));
  if (Check(Fields, fields)) return fields;
  const problems = schemaProblems(Fields, fields).map(
    ({ path, message: problem }) => `msg.${path.join('.')}: ${problem}`,
  );
  throw new SensebindError('INPUT_INVALID', problems.join('; '), 'set it to what is true of msg.payload, or remove it');
}
