/** The part of JSON Schema that options of devices use. */
export interface OptionSchema {
  readonly type?: 'string' | 'number' | 'integer' | 'boolean' | 'array' | 'object';
  readonly const?: unknown;
  readonly enum?: readonly (string | number)[];
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly title?: string;
  readonly description?: string;
}

export interface DeviceKind {
  readonly kind: string;
  readonly title: string;
  readonly options: {
    readonly properties: Readonly<Record<string, OptionSchema>>;
    readonly required?: readonly string[];
  };
  readonly found: readonly FoundDevice[];
}

export interface FoundDevice {
  readonly name: string;
  readonly options: DeviceOptions;
  readonly certainty: 'certain' | 'possible';
}

export interface DeviceOptions {
  readonly kind: string;
  readonly [option: string]: unknown;
}

/** Why a value is not one of the schema; `undefined` where it is. Environment variables are checked when they are known. */
export function problemOf(schema: OptionSchema, value: unknown): string | undefined {
  if (typeof value === 'string' && /^\$\{[^}]+\}$/.test(value)) return undefined;
  const words = schema.title ?? schema.description ?? '';
  if (schema.enum !== undefined)
    return schema.enum.includes(value as string) ? undefined : words || schema.enum.join(', ');
  if (schema.type === 'integer' || schema.type === 'number') return numberProblem(schema, value, words);
  if (schema.type === 'boolean') return typeof value === 'boolean' ? undefined : words;
  if (schema.type !== 'string') return undefined;
  if (typeof value !== 'string') return words;
  const { pattern, minLength = 0, maxLength = Number.POSITIVE_INFINITY } = schema;
  const isLong = value.length < minLength || value.length > maxLength;
  return isLong || (pattern !== undefined && !new RegExp(pattern).test(value)) ? words || (pattern ?? '') : undefined;
}

function numberProblem({ type, minimum, maximum }: OptionSchema, value: unknown, words: string): string | undefined {
  const isNumber = typeof value === 'number' && Number.isFinite(value);
  const isWhole = type !== 'integer' || Number.isInteger(value);
  const isInside =
    isNumber && value >= (minimum ?? Number.NEGATIVE_INFINITY) && value <= (maximum ?? Number.POSITIVE_INFINITY);
  if (isNumber && isWhole && isInside) return undefined;
  return [words, minimum === undefined ? '' : `≥ ${minimum}`, maximum === undefined ? '' : `≤ ${maximum}`]
    .filter((part) => part !== '')
    .join(' ');
}
