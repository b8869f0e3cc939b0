import type { TSchema } from '#typebox';
import { Settings } from '#typebox/system';
import { Errors } from '#typebox/value';
import { nearWords } from '../../models/text/nearWords';
import { withoutSecrets } from '../mqtt/address';
import type { Problem } from './problem';

/** All problems are told at once; a configuration with more than this is something else. */
const MOST_PROBLEMS = 200;

type Path = readonly (string | number)[];
type SchemaError = ReturnType<typeof Errors>[number];

/** What `value` has that `schema` forbids, and the other way round. `at` is where `value` stands in the document. */
export function schemaProblems(schema: TSchema, value: unknown, at: Path = []): Problem[] {
  return collectErrors(schema, value).flatMap((error) => {
    const path = [...at, ...keysOf(error.instancePath)];
    const found = follow(value, keysOf(error.instancePath));
    return describe(error, { schema: schemaAt(schema, error.schemaPath), path, found });
  });
}

/** TypeBox stops at eight errors unless told otherwise, and can only be told for the whole process. */
function collectErrors(schema: TSchema, value: unknown): readonly SchemaError[] {
  const { maxErrors } = Settings.Get();
  Settings.Set({ maxErrors: MOST_PROBLEMS });
  try {
    return [...Errors(schema, value)];
  } finally {
    Settings.Set({ maxErrors });
  }
}

interface Context {
  readonly schema: unknown;
  readonly path: Path;
  readonly found: unknown;
}

function describe(error: SchemaError, { schema, path, found }: Context): Problem[] {
  switch (error.keyword) {
    // Comes with an `additionalProperties` of its parent, which knows more.
    case 'boolean':
      return [];
    case 'additionalProperties':
      return error.params.additionalProperties.map((key) => unknownKey(key, { schema, path, found }));
    case 'required':
      return error.params.requiredProperties.map((key) => ({
        path: [...path, key],
        message: `expected the key "${key}", found none`,
        ...cureOf(propertyOf(schema, key)),
      }));
    case 'enum':
      return [notOneOf(error.params.allowedValues.map(String), { schema, path, found })];
    default:
      return [{ path, message: `expected ${expectation(error, schema)}, found ${shown(found)}` }];
  }
}

/** What people write for the options of devices, from other programs. Offered where the schema has such an option. */
const SYNONYMS: Readonly<Record<string, readonly string[]>> = {
  baud: ['baudRate'],
  baudrate: ['baudRate'],
  speed: ['baudRate'],
  scenario: ['script'],
  path: ['folder', 'file', 'device'],
  folder: ['path'],
  directory: ['folder', 'path'],
  file: ['path', 'folder', 'script'],
  device: ['path', 'name'],
  port: ['path'],
  rate: ['rateHz', 'sampleRateHz'],
  fps: ['rateHz'],
  address: ['url', 'host'],
};

function unknownKey(key: string, { schema, path, found }: Context): Problem {
  const known = Object.keys(field(schema, 'properties') ?? {});
  const pattern = Object.values(field(schema, 'patternProperties') ?? {})[0];
  if (known.length === 0 && pattern) {
    return {
      path: [...path, key],
      message: `expected an id of 1 to 64 letters a-z, digits, "-" or "_", found "${key}"`,
    };
  }
  if (key === 'password') {
    return {
      path: [...path, key],
      message: 'expected no secret in the configuration, found a password',
      cure: 'put it into a file of its own and name that in "passwordFile", or name an environment variable in "passwordEnv"',
    };
  }
  const present = Object.keys(typeof found === 'object' && found !== null ? found : {});
  const free = known.filter((name) => !present.includes(name));
  const synonyms = (SYNONYMS[key] ?? []).filter((name) => free.includes(name));
  const near = synonyms.length > 0 ? synonyms : nearWords(key, free, 2);
  return {
    path: [...path, key],
    message: `expected ${near.length > 0 ? '' : 'one of '}${(near.length > 0 ? near : known).map(quoted).join(' or ')}, found the unknown key "${key}"`,
    cure: near.length > 0 ? `did you mean ${near.map(quoted).join(' or ')}?` : 'remove it',
  };
}

function notOneOf(allowed: readonly string[], { path, found }: Context): Problem {
  const near = nearWords(String(found), allowed, 1);
  return {
    path,
    message: `expected one of ${allowed.join(', ')}, found ${shown(found)}`,
    ...(near.length > 0 ? { cure: `did you mean ${near.map(quoted).join(' or ')}?` } : {}),
  };
}

/** The words of the schema where it has some, else those of the validator. */
function expectation(error: SchemaError, schema: unknown): string {
  const title = field(schema, 'title');
  if (typeof title === 'string') return title;
  return error.message.replace(/^must (be |have |match )?/, (_, verb: string | undefined) =>
    verb === 'have ' ? '' : verb === 'match ' ? 'a match of ' : '',
  );
}

function cureOf(schema: unknown): { readonly cure?: string } {
  const words = ['title', 'description'].map((name) => field(schema, name)).find((text) => typeof text === 'string');
  return words === undefined ? {} : { cure: `add it: ${words}` };
}

function shown(found: unknown): string {
  if (found === undefined) return 'nothing';
  // In quotes, so that "2" and 2 can be told apart.
  const text = typeof found === 'object' || typeof found === 'string' ? JSON.stringify(found) : String(found);
  const safe = withoutSecrets(text);
  return safe.length > 60 ? `${safe.slice(0, 57)}…` : safe;
}

function quoted(text: string): string {
  return `"${text}"`;
}

/** The keys of a JSON pointer; list indexes become numbers. */
function keysOf(pointer: string): (string | number)[] {
  return pointer
    .split('/')
    .slice(1)
    .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'))
    .map((key) => (/^\d+$/.test(key) ? Number(key) : key));
}

function follow(value: unknown, keys: Path): unknown {
  return keys.reduce((inner: unknown, key) => field(inner, String(key)), value);
}

function schemaAt(schema: TSchema, schemaPath: string): unknown {
  return follow(schema, keysOf(schemaPath.replace(/^#/, '')));
}

function propertyOf(schema: unknown, key: string): unknown {
  return field(field(schema, 'properties'), key);
}

function field(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined;
}
