import type { Static, TObject } from '#typebox';
import { Check, Convert } from '#typebox/value';
import { schemaProblems } from '../../runtime/config/schemaProblems';
import { SensebindError } from '../../runtime/errors';

/** One step from a version of a node's settings to the next; old flows load for ever. */
export interface Migration {
  /** The version that it makes. */
  readonly to: number;
  up(settings: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>>;
}

export interface SettingsFormat<Schema extends TObject> {
  /** Node type, for messages. */
  readonly type: string;
  readonly schema: Schema;
  /** Oldest first; the first version is 1. */
  readonly migrations: readonly Migration[];
}

/**
 * The settings of a node as it was deployed: brought to the newest version; empty fields left out; numbers and switches
 * that came as text, as values of environment variables do, converted; checked.
 *
 * @throws {SensebindError} `CONFIG_INVALID` with all that is wrong.
 */
export function readSettings<Schema extends TObject>(
  definition: Readonly<Record<string, unknown>>,
  { type, schema, migrations }: SettingsFormat<Schema>,
): Static<Schema> {
  const settings = withoutEmpty(migrated(definition, migrations));
  const known = Object.fromEntries(Object.keys(schema.properties).map((key) => [key, settings[key]]));
  const value = Convert(schema, withoutEmpty(known));
  if (Check(schema, value)) return value;
  const problems = schemaProblems(schema, value).map(
    ({ path, message, cure }) => `${path.join('.')}: ${message}${cure === undefined ? '' : ` (${cure})`}`,
  );
  throw new SensebindError('CONFIG_INVALID', problems.join('; '), `open the ${type} node and correct it`);
}

function migrated(
  definition: Readonly<Record<string, unknown>>,
  migrations: readonly Migration[],
): Readonly<Record<string, unknown>> {
  const version = Number(definition['version'] ?? 1);
  return migrations.filter(({ to }) => to > version).reduce((settings, { up }) => up(settings), definition);
}

/** Also in the rows of a table. */
function withoutEmpty(settings: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const entries = Object.entries(settings).filter(([, value]) => value !== '' && value !== undefined);
  return Object.fromEntries(entries.map(([key, value]) => [key, Array.isArray(value) ? value.map(cleared) : value]));
}

function cleared(row: unknown): unknown {
  return isRow(row) ? withoutEmpty(row) : row;
}

function isRow(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
