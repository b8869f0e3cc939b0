import { nearWords } from '../../models/text/nearWords';
import type { Millis } from '../clock';
import { isSensebindError } from '../errors';
import { withoutSecrets } from '../mqtt/address';
import { checkLabelSet } from '../zeroshot/labelSet';
import { parseDuration } from './duration';
import type { Problem } from './problem';
import { ruleProblems } from './ruleProblems';
import type { ConfigDocument, SourcesDocument } from './schema';
import { metricsProblems } from './service';

const SHORTEST_WINDOW = 100 as Millis;
const LONGEST_WINDOW = 60_000 as Millis;

type SourceDocument = ConfigDocument['sources'][string];

export const DEFAULT_HOP = 1000 as Millis;
export const DEFAULT_SPOOL_BYTES = 2 ** 28;
export const DEFAULT_SPOOL_LIFE = (7 * 24 * 3_600_000) as Millis;

/** What the schema cannot say: how the parts of a configuration fit each other. */
export function crossProblems(document: SourcesDocument): Problem[] {
  return [
    ...(document.broker === undefined ? [] : brokerProblems(document.broker)),
    ...Object.entries(document.sources).flatMap(([id, source]) => [
      ...windowProblems(id, source),
      ...labelProblems(id, source, Object.keys(document.labels ?? {})),
    ]),
    ...Object.entries(document.labels ?? {}).flatMap(([id, labelSet]) => labelSetProblems(id, labelSet)),
    ...ruleProblems(document),
    ...metricsProblems(document.metrics),
  ];
}

function brokerProblems(broker: ConfigDocument['broker']): Problem[] {
  const problems: Problem[] = [];
  const url = URL.canParse(broker.url) ? new URL(broker.url) : undefined;
  const at = (key: string, message: string, cure: string) => problems.push({ path: ['broker', key], message, cure });
  if (!url)
    at(
      'url',
      `expected an address, found ${JSON.stringify(withoutSecrets(broker.url))}`,
      'write it as mqtt://HOST:PORT',
    );
  if (url?.username || url?.password) {
    at(
      'url',
      'expected an address without a user name and password, found them in it',
      'use "username" and "passwordFile" or "passwordEnv": secrets do not belong in this file',
    );
  }
  if (broker.passwordFile !== undefined && broker.passwordEnv !== undefined) {
    at(
      'passwordEnv',
      'expected one place of the password, found "passwordFile" and "passwordEnv"',
      'remove one of them',
    );
  }
  const passwordKey = broker.passwordFile === undefined ? 'passwordEnv' : 'passwordFile';
  if (broker[passwordKey] !== undefined && broker.username === undefined) {
    at(passwordKey, 'expected a user name with the password, found none', 'add "username"');
  }
  if ((broker.certFile === undefined) !== (broker.keyFile === undefined)) {
    const key = broker.certFile === undefined ? 'keyFile' : 'certFile';
    at(key, 'expected "certFile" and "keyFile" together, found one of them', 'add the other');
  }
  const secure = url?.protocol === 'mqtts:' || url?.protocol === 'wss:';
  for (const key of ['caFile', 'certFile', 'keyFile'] as const) {
    if (broker[key] !== undefined && !secure) {
      at(
        key,
        `expected an address that starts with mqtts:// or wss://, found ${withoutSecrets(broker.url)}`,
        'change "url", or remove this',
      );
    }
  }
  return problems;
}

function windowProblems(id: string, source: SourceDocument): Problem[] {
  const window = parseDuration(source.window ?? '') ?? LONGEST_WINDOW;
  const hop = parseDuration(source.hop ?? '') ?? DEFAULT_HOP;
  const problems: Problem[] = [];
  if (window < SHORTEST_WINDOW || window > LONGEST_WINDOW) {
    problems.push({
      path: ['sources', id, 'window'],
      message: `expected a window of 100ms to 60s, found ${source.window}`,
    });
  }
  if (hop < SHORTEST_WINDOW || hop > window) {
    problems.push({
      path: ['sources', id, 'hop'],
      message: `expected a hop of at least 100ms and no longer than the window (${window / 1000}s), found ${hop / 1000}s`,
      cure: 'what lies between two windows would never be looked at',
    });
  }
  return problems;
}

function labelProblems(id: string, source: SourceDocument, known: readonly string[]): Problem[] {
  return (source.labels ?? []).flatMap((labelSet, index) => {
    if (known.includes(labelSet)) return [];
    const [near] = nearWords(labelSet, known, 1);
    return [
      {
        path: ['sources', id, 'labels', index],
        message: `expected the id of a label set of this file (${known.join(', ') || 'there is none'}), found "${labelSet}"`,
        cure: near === undefined ? 'add it under "labels"' : `did you mean "${near}"?`,
      },
    ];
  });
}

function labelSetProblems(id: string, labelSet: NonNullable<ConfigDocument['labels']>[string]): Problem[] {
  try {
    checkLabelSet({ ...labelSet, id, revision: labelSet.revision ?? DEFAULT_REVISION });
    return [];
  } catch (error) {
    if (!isSensebindError(error, 'CONFIG_INVALID')) throw error;
    return [{ path: ['labels', id], message: error.message, cure: error.cure }];
  }
}

export const DEFAULT_REVISION = 1;
