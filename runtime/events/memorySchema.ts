import Type from '#typebox';
import { Compile } from '#typebox/compile';
import type { DetectorMemory } from './detector';

const Micros = Type.Number();
const Instant = Type.Object({ monotonicMicros: Micros, epochMicros: Micros });
const orNull = <Schema extends Type.TSchema>(schema: Schema) => Type.Union([schema, Type.Null()]);

const Episode = Type.Union([
  Type.Object({ kind: Type.Literal('idle'), onSince: orNull(Instant), restUntilMicros: orNull(Micros) }),
  Type.Object({
    kind: Type.Literal('active'),
    start: Instant,
    offSinceMicros: orNull(Micros),
    updatedMicros: Micros,
  }),
]);

const Rule = Type.Object({
  rule: Type.String({ minLength: 1, maxLength: 64 }),
  definition: Type.String({ maxLength: 64 }),
  episode: Episode,
  open: orNull(
    Type.Object({ id: Type.String({ minLength: 1, maxLength: 64 }), sequence: Type.Integer({ minimum: 0 }) }),
  ),
  latestStartMicros: orNull(Micros),
  setBacks: Type.Optional(Type.Integer({ minimum: 0 })),
  leaves: Type.Array(Type.Object({ isOn: Type.Boolean(), peak: orNull(Type.Number()), seen: orNull(Instant) }), {
    maxItems: 32_768,
  }),
});

const Memory = Type.Object({
  format: Type.Literal('sensebind-events/1'),
  at: Instant,
  rules: Type.Array(Rule, { maxItems: 1000 }),
});
const validator = Compile(Memory);

/** The memory of a detector as text. */
export function encodeMemory(memory: DetectorMemory): string {
  return `${JSON.stringify({ format: 'sensebind-events/1', ...memory })}\n`;
}

/** The reverse; `undefined` for anything else, as another version may have written. */
export function decodeMemory(text: string): DetectorMemory | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return validator.Check(value) ? { at: value.at, rules: value.rules } : undefined;
  } catch {
    // Not JSON: cut off, or not ours.
    return undefined;
  }
}
