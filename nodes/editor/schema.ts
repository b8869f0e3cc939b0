/** The part of JSON Schema that options of devices use. */
export interface OptionSchema {
  readonly type?: 'string' | 'number' | 'integer' | 'boolean' | 'array' | 'object';
  readonly const?: unknown;
  readonly enum?: readonly (string | number)[];
  readonly pattern?: string;
  readonly minimum?: number;
  readonly exclusiveMinimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly items?: OptionSchema;
  readonly properties?: Readonly<Record<string, OptionSchema>>;
  readonly required?: readonly string[];
  readonly title?: string;
  readonly description?: string;
}

export interface DeviceKind {
  readonly kind: string;
  readonly title: string;
  readonly options: OptionSchema;
  /** For trying a flow without hardware. */
  readonly isSimulated: boolean;
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

/** One field of a dialog: an option, or a part of one. */
export interface OptionField {
  /** Where its value stands in the options. */
  readonly path: readonly string[];
  readonly schema: OptionSchema;
  readonly isRequired: boolean;
}

/** The fields of a kind of device, in the order in which it declares them; objects are taken apart. */
export function fieldsOf(schema: OptionSchema, path: readonly string[] = []): OptionField[] {
  return Object.entries(schema.properties ?? {}).flatMap(([key, option]) => {
    if (option.const !== undefined) return [];
    const here = [...path, key];
    if (option.type === 'object') return fieldsOf(option, here);
    return [{ path: here, schema: option, isRequired: schema.required?.includes(key) === true }];
  });
}

/** The value of a field; `undefined` where it is empty. */
export function valueAt(options: unknown, path: readonly string[]): unknown {
  let value = options;
  for (const key of path) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = (value as Readonly<Record<string, unknown>>)[key];
  }
  return value === '' ? undefined : value;
}

/** The options with another value in a field; what is empty is left out. */
export function withValue<Options extends object>(options: Options, path: readonly string[], value: unknown): Options {
  const [key, ...rest] = path;
  if (key === undefined) return options;
  const { [key]: before, ...others } = options as Readonly<Record<string, unknown>>;
  const inner = typeof before === 'object' && before !== null ? before : {};
  const now = rest.length === 0 ? value : withValue(inner, rest, value);
  const isEmpty =
    now === undefined ||
    (typeof now === 'object' && now !== null && !Array.isArray(now) && Object.keys(now).length === 0);
  return (isEmpty ? others : { ...others, [key]: now }) as Options;
}

/** `${NAME}`, which the runtime replaces by the value of an environment variable. */
export function isEnvironment(value: unknown): boolean {
  return typeof value === 'string' && /^\$\{[^}]+\}$/.test(value);
}

/** Why a value is not one of the schema; `undefined` where it is. Environment variables are checked when they are known. */
export function problemOf(schema: OptionSchema, value: unknown): string | undefined {
  if (isEnvironment(value)) return undefined;
  const words = schema.title ?? schema.description ?? '';
  if (schema.enum !== undefined) {
    return schema.enum.includes(value as string) ? undefined : schema.enum.join(', ');
  }
  switch (schema.type) {
    case 'integer':
    case 'number':
      return numberProblem(schema, value, words);
    case 'boolean':
      return typeof value === 'boolean' ? undefined : 'true, false';
    case 'array':
      return listProblem(schema, value, words);
    case 'string':
      return textProblem(schema, value, words);
    default:
      return undefined;
  }
}

function textProblem(schema: OptionSchema, value: unknown, words: string): string | undefined {
  const { pattern, minLength = 0, maxLength = Number.POSITIVE_INFINITY } = schema;
  const isRight =
    typeof value === 'string' &&
    value.length >= minLength &&
    value.length <= maxLength &&
    (pattern === undefined || new RegExp(pattern).test(value));
  return isRight ? undefined : words || pattern || `${minLength} … ${maxLength}`;
}

function listProblem(schema: OptionSchema, value: unknown, words: string): string | undefined {
  const { minItems = 0, maxItems = Number.POSITIVE_INFINITY, items = {} } = schema;
  const isRight =
    Array.isArray(value) &&
    value.length >= minItems &&
    value.length <= maxItems &&
    value.every((item) => problemOf(items, item) === undefined);
  return isRight ? undefined : [words, `${minItems} … ${maxItems}`].filter((part) => part !== '').join(' ');
}

function numberProblem(
  { type, minimum, exclusiveMinimum, maximum }: OptionSchema,
  value: unknown,
  words: string,
): string | undefined {
  const isRight =
    typeof value === 'number' &&
    Number.isFinite(value) &&
    (type !== 'integer' || Number.isInteger(value)) &&
    value >= (minimum ?? Number.NEGATIVE_INFINITY) &&
    value > (exclusiveMinimum ?? Number.NEGATIVE_INFINITY) &&
    value <= (maximum ?? Number.POSITIVE_INFINITY);
  if (isRight) return undefined;
  return [
    words,
    minimum === undefined ? '' : `≥ ${minimum}`,
    exclusiveMinimum === undefined ? '' : `> ${exclusiveMinimum}`,
    maximum === undefined ? '' : `≤ ${maximum}`,
  ]
    .filter((part) => part !== '')
    .join(' ');
}
