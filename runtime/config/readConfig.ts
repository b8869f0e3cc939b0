import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { LineCounter, parseDocument } from 'yaml';
import type { Millis } from '../clock';
import { messageOf, SensebindError } from '../errors';
import type { BrokerConfig, Config, PublishConfig, SourceConfig, SpoolConfig } from './config';
import {
  crossProblems,
  DEFAULT_HOP,
  DEFAULT_REVISION,
  DEFAULT_SPOOL_BYTES,
  DEFAULT_SPOOL_LIFE,
  DEFAULT_WINDOW,
} from './crossChecks';
import { parseDuration } from './duration';
import { type LocatedProblem, Locator, type Problem } from './problem';
import { type ConfigDocument, type DeviceKind, looseSchema } from './schema';
import { schemaProblems } from './schemaProblems';

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
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw new SensebindError(
      'FILE_UNREADABLE',
      `expected a configuration at ${file}, found: ${messageOf(error)}`,
      'check the path and its permissions',
      { cause: error },
    );
  });
  return parseConfig(text, { file, devices });
}

/** As {@link readConfig}, of a text; `file` is where its relative paths start, and what errors call it. */
export function parseConfig(
  text: string,
  options: { readonly file: string; readonly devices: readonly DeviceKind[] },
): Config {
  const { file, devices } = options;
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
  const found = problemsOf(value, devices);
  if (found.kind === 'problems')
    throw invalid(
      file,
      found.problems.map((problem) => locator.locate(problem)),
    );
  return resolve(found.document, path.dirname(path.resolve(file)));
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
  | { readonly kind: 'document'; readonly document: ConfigDocument }
  | { readonly kind: 'problems'; readonly problems: readonly Problem[] };

function problemsOf(value: unknown, devices: readonly DeviceKind[]): Checked {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return { kind: 'problems', problems: [{ path: [], message: 'expected a map of settings, found something else' }] };
  }
  const shape = schemaProblems(looseSchema(devices), value);
  const inDevices = deviceProblems(value, devices);
  if (shape.length + inDevices.length > 0) return { kind: 'problems', problems: [...shape, ...inDevices] };
  // The schema was just checked: this is the border where bytes become a type.
  const document = value as ConfigDocument;
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
    folder,
    node: document.node,
    baseTopic: document.baseTopic ?? 'sensebind',
    bundle: path.resolve(folder, document.bundle),
    broker: resolveBroker(document, folder),
    spool: resolveSpool(document.spool, folder),
    sources: Object.entries(document.sources).map(([id, source]) => resolveSource(id, source)),
    labelSets: Object.entries(document.labels ?? {}).map(([id, labelSet]) => ({
      ...labelSet,
      id,
      revision: labelSet.revision ?? DEFAULT_REVISION,
    })),
    publish: resolvePublish(document.publish),
  };
}

/** The client id is the node's, so that a broker's access rules can speak of `%c` (reference/mqtt.md §4). */
function resolveBroker({ broker, node }: ConfigDocument, folder: string): BrokerConfig {
  const { passwordFile, passwordEnv, protocol, clientId, caFile, certFile, keyFile, ...rest } = broker;
  return {
    ...rest,
    protocol: protocol ?? 'auto',
    clientId: clientId ?? node,
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
  const length = (text: string | undefined, otherwise: Millis) => parseDuration(text ?? '') ?? otherwise;
  return {
    id,
    device: { ...source.device },
    enabled: source.enabled ?? true,
    window: length(source.window, DEFAULT_WINDOW),
    hop: length(source.hop, DEFAULT_HOP),
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
