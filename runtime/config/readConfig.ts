import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { LineCounter, parseDocument } from 'yaml';
import type { TSchema } from '#typebox';
import { bundleFolder } from '../../models/mini/location';
import { messageOf, SensebindError } from '../errors';
import type { BrokerConfig, Config, PublishConfig, SourceConfig, SourcesConfig, SpoolConfig } from './config';
import { crossProblems, DEFAULT_HOP, DEFAULT_REVISION, DEFAULT_SPOOL_BYTES, DEFAULT_SPOOL_LIFE } from './crossChecks';
import { parseDuration } from './duration';
import { type LocatedProblem, Locator, type Problem } from './problem';
import { resolveFusion, resolveRule } from './resolveRules';
import { type ConfigDocument, type DeviceKind, looseSchema, type SourcesDocument, sourcesSchema } from './schema';
import { schemaProblems } from './schemaProblems';
import { resolveService } from './service';

/** A configuration is a page or two; the largest sensible one has thousands of labels. */
const MAX_BYTES = 4 * 2 ** 20;

/** Aliases multiply what a file says; a configuration needs few. */
const MAX_ALIASES = 100;

/**
 * Reads a configuration file.
 *
 * @throws {SensebindError} `FILE_UNREADABLE`; `CONFIG_INVALID` with every problem that was found, each with file, line
 * and column.
 */
export async function readConfig(file: string, devices: readonly DeviceKind[]): Promise<Config> {
  return parseConfig(await textOf(file), { file, devices });
}

/** As {@link readConfig}, for commands that neither encode nor publish: the bundle and the broker may be left out. */
export async function readSourcesConfig(file: string, devices: readonly DeviceKind[]): Promise<SourcesConfig> {
  const document = parseDocumentWith(sourcesSchema(devices), await textOf(file), { file, devices });
  return resolveSources(document, folderOf(file));
}

/** As {@link readConfig}, of a text; `file` is where its relative paths start, and what errors call it. */
export function parseConfig(text: string, options: ConfigOptions): Config {
  const document = parseDocumentWith(looseSchema(options.devices), text, options);
  // Its schema was checked: this is the border where bytes become a type.
  return resolve(document as ConfigDocument, folderOf(options.file));
}

interface ConfigOptions {
  readonly file: string;
  readonly devices: readonly DeviceKind[];
}

function folderOf(file: string): string {
  return path.dirname(path.resolve(file));
}

async function textOf(file: string): Promise<string> {
  return readFile(file, 'utf8').catch((error: unknown) => {
    throw new SensebindError(
      'FILE_UNREADABLE',
      `expected a configuration at ${file}, found: ${messageOf(error)}`,
      'check the path and its permissions',
      { cause: error },
    );
  });
}

function parseDocumentWith(schema: TSchema, text: string, { file, devices }: ConfigOptions): SourcesDocument {
  if (Buffer.byteLength(text) > MAX_BYTES) {
    throw invalid(file, [{ ...TOP, message: `expected at most ${MAX_BYTES} bytes, found ${Buffer.byteLength(text)}` }]);
  }
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, version: '1.2' });
  // What YAML warns of, such as a tag that it does not know, is never what a configuration means.
  const complaints = [...document.errors, ...document.warnings];
  if (complaints.length > 0) {
    throw invalid(
      file,
      complaints.map((error) => {
        const { line, col } = lines.linePos(error.pos[0]);
        return {
          path: [],
          line: Math.max(1, line),
          column: Math.max(1, col),
          message: `expected YAML, found: ${error.message}`,
        };
      }),
    );
  }
  const value = toValue(file, () => document.toJS({ maxAliasCount: MAX_ALIASES }));
  const locator = new Locator(document, lines);
  const found = problemsOf(value, { schema, devices });
  if (found.kind === 'problems')
    throw invalid(
      file,
      found.problems.map((problem) => locator.locate(problem)),
    );
  return found.document;
}

const TOP = { path: [], line: 1, column: 1 } as const;

function toValue(file: string, convert: () => unknown): unknown {
  try {
    return convert();
  } catch (error) {
    throw invalid(file, [{ ...TOP, message: `expected plain YAML, found: ${messageOf(error)}` }]);
  }
}

type Checked =
  | { readonly kind: 'document'; readonly document: SourcesDocument }
  | { readonly kind: 'problems'; readonly problems: readonly Problem[] };

function problemsOf(
  value: unknown,
  { schema, devices }: { readonly schema: TSchema; readonly devices: readonly DeviceKind[] },
): Checked {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return { kind: 'problems', problems: [{ path: [], message: 'expected a map of settings, found something else' }] };
  }
  const shape = schemaProblems(schema, value);
  const inDevices = deviceProblems(value, devices);
  if (shape.length + inDevices.length > 0) return { kind: 'problems', problems: [...shape, ...inDevices] };
  // The schema was just checked: this is the border where bytes become a type.
  const document = value as SourcesDocument;
  const cross = crossProblems(document);
  return cross.length > 0 ? { kind: 'problems', problems: cross } : { kind: 'document', document };
}

/** The options of a device are checked with the schema of its own kind, so that no other kind is talked about. */
function deviceProblems(value: object, devices: readonly DeviceKind[]): Problem[] {
  const sources: unknown = Reflect.get(value, 'sources');
  if (typeof sources !== 'object' || sources === null) return [];
  return Object.entries(sources).flatMap(([id, source]: [string, unknown]) => {
    const device: unknown = typeof source === 'object' && source !== null ? Reflect.get(source, 'device') : undefined;
    const kind: unknown = typeof device === 'object' && device !== null ? Reflect.get(device, 'kind') : undefined;
    const declared = devices.find((candidate) => candidate.kind === kind);
    return declared ? schemaProblems(declared.options, device, ['sources', id, 'device']) : [];
  });
}

function resolve(document: ConfigDocument, folder: string): Config {
  return {
    ...resolveSources(document, folder),
    baseTopic: document.baseTopic ?? 'sensebind',
    bundle: bundleFolder(document.bundle, folder),
    broker: resolveBroker(document, folder),
    spool: resolveSpool(document.spool, folder),
    labelSets: Object.entries(document.labels ?? {}).map(([id, labelSet]) => ({
      ...labelSet,
      id,
      revision: labelSet.revision ?? DEFAULT_REVISION,
    })),
    fusion: Object.entries(document.fusion ?? {}).map(([id, group]) => resolveFusion(id, group)),
    rules: Object.entries(document.rules ?? {}).map(([id, rule]) => resolveRule(id, rule, document)),
    publish: resolvePublish(document.publish),
    ...resolveService(document, folder),
    ...(document.commands === undefined ? {} : { commands: document.commands }),
  };
}

function resolveSources({ node, sources }: SourcesDocument, folder: string): SourcesConfig {
  return { folder, node, sources: Object.entries(sources).map(([id, source]) => resolveSource(id, source)) };
}

/** The client id is the node's, so that a broker's access rules can speak of `%c` (reference/mqtt.md §4). */
function resolveBroker({ broker, node }: ConfigDocument, folder: string): BrokerConfig {
  const { passwordFile, passwordEnv, protocol, clientId, caFile, certFile, keyFile, homeAssistant, ...rest } = broker;
  return {
    ...rest,
    protocol: protocol ?? 'auto',
    clientId: clientId ?? node,
    homeAssistant: { enabled: homeAssistant?.enabled ?? true, prefix: homeAssistant?.prefix ?? 'homeassistant' },
    ...(passwordFile === undefined ? {} : { password: { file: path.resolve(folder, passwordFile) } }),
    ...(passwordEnv === undefined ? {} : { password: { environment: passwordEnv } }),
    ...(caFile === undefined ? {} : { caFile: path.resolve(folder, caFile) }),
    ...(certFile === undefined ? {} : { certFile: path.resolve(folder, certFile) }),
    ...(keyFile === undefined ? {} : { keyFile: path.resolve(folder, keyFile) }),
  };
}

function resolveSpool(spool: ConfigDocument['spool'], folder: string): SpoolConfig {
  return {
    ...(spool?.folder === undefined ? {} : { folder: path.resolve(folder, spool.folder) }),
    maxBytes: spool?.maxMegabytes === undefined ? DEFAULT_SPOOL_BYTES : spool.maxMegabytes * 1e6,
    life: parseDuration(spool?.life ?? '') ?? DEFAULT_SPOOL_LIFE,
  };
}

function resolveSource(id: string, source: ConfigDocument['sources'][string]): SourceConfig {
  const window = parseDuration(source.window ?? '');
  return {
    id,
    device: { ...source.device },
    enabled: source.enabled ?? true,
    ...(window === undefined ? {} : { window }),
    hop: parseDuration(source.hop ?? '') ?? DEFAULT_HOP,
    channel: source.channel ?? 0,
    labels: source.labels ?? [],
  };
}

function resolvePublish(publish: ConfigDocument['publish']): PublishConfig {
  return {
    embeddings: {
      enabled: publish?.embeddings?.enabled ?? true,
      elementType: publish?.embeddings?.elementType ?? 'f16le',
      maxRateHz: publish?.embeddings?.maxRateHz ?? Number.POSITIVE_INFINITY,
    },
    scores: { topK: publish?.scores?.topK ?? 5, maxRateHz: publish?.scores?.maxRateHz ?? 2 },
  };
}

function invalid(file: string, problems: readonly LocatedProblem[]): SensebindError {
  const sorted = problems.toSorted((a, b) => a.line - b.line || a.column - b.column);
  const list = sorted.map(({ line, column, path: keys, message, cure }) => {
    const where = keys.length > 0 ? ` ${keys.join('.')}:` : '';
    return `\n  ${file}:${line}:${column}${where} ${message}${cure === undefined ? '' : ` → ${cure}`}`;
  });
  const count = sorted.length === 1 ? '1 problem' : `${sorted.length} problems`;
  return new SensebindError(
    'CONFIG_INVALID',
    `expected a valid configuration, found ${count}:${list.join('')}\n`,
    'correct the lines above and check again with sensebind run --check CONFIG',
  );
}
