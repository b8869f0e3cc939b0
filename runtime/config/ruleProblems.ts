import { nearWords } from '../../models/text/nearWords';
import { leavesOf } from '../events/rule';
import { parseDuration } from './duration';
import type { Problem } from './problem';
import { DEFAULT_FUSION, resolveCondition } from './resolveRules';
import type { ConditionDocument, FusionDocument } from './ruleSchema';
import type { SourcesDocument } from './schema';

type Path = readonly (string | number)[];

/** How fusion and rules fit the sources and label sets of a configuration. */
export function ruleProblems(document: SourcesDocument): Problem[] {
  const { fusion = {}, rules = {} } = document;
  return [
    ...Object.entries(fusion).flatMap(([id, group]) => fusionProblems(id, group, document)),
    ...Object.entries(rules).flatMap(([id, rule]) => conditionProblems(rule.when, ['rules', id, 'when'], document)),
  ];
}

function fusionProblems(id: string, group: FusionDocument, document: SourcesDocument): Problem[] {
  const at = (key: string): Path => ['fusion', id, key];
  const sources = Object.keys(document.sources);
  const sets = Object.keys(document.labels ?? {});
  const problems: Problem[] = [];
  if (sources.includes(id)) {
    problems.push({
      path: ['fusion', id],
      message: 'expected an id of its own, found that of a source',
      cure: 'rename it',
    });
  }
  for (const source of Object.keys(group.sources)) {
    if (!sources.includes(source)) problems.push(unknown([...at('sources'), source], 'a source', source, sources));
  }
  for (const [index, set] of (group.labels ?? []).entries()) {
    if (!sets.includes(set)) problems.push(unknown([...at('labels'), index], 'a label set', set, sets));
  }
  return [...problems, ...timingProblems(id, group)];
}

const SHORTEST_HOP = 100;

function timingProblems(id: string, group: FusionDocument): Problem[] {
  const millis = (key: keyof typeof DEFAULT_FUSION): number => parseDuration(group[key] ?? '') ?? DEFAULT_FUSION[key];
  const problems: Problem[] = [];
  if (millis('hop') < SHORTEST_HOP) {
    problems.push({ path: ['fusion', id, 'hop'], message: `expected a hop of at least 100ms, found ${group.hop}` });
  }
  if (2 * millis('tolerance') > millis('hop')) {
    problems.push({
      path: ['fusion', id, 'tolerance'],
      message: `expected at most half a hop (${millis('hop') / 2}ms), found ${millis('tolerance')}ms`,
      cure: 'what a source saw would belong to two joint windows',
    });
  }
  if (millis('forgetAfter') <= millis('hop') + millis('tolerance')) {
    problems.push({
      path: ['fusion', id, 'forgetAfter'],
      message: `expected more than a hop and the tolerance (${millis('hop') + millis('tolerance')}ms), found ${millis('forgetAfter')}ms`,
    });
  }
  if (millis('halfLife') <= 0) {
    problems.push({ path: ['fusion', id, 'halfLife'], message: 'expected more than nothing, found 0' });
  }
  return problems;
}

const KINDS = ['label', 'measure', 'all', 'any'] as const;

/** Keys that belong to one kind only. */
const KEYS_OF_KIND: Readonly<Record<(typeof KINDS)[number], readonly string[]>> = {
  label: ['label', 'of', 'set', 'on', 'off'],
  measure: ['measure', 'of', 'above', 'below', 'until'],
  all: ['all'],
  any: ['any'],
};

function conditionProblems(condition: ConditionDocument, path: Path, document: SourcesDocument): Problem[] {
  const kinds = KINDS.filter((kind) => condition[kind] !== undefined);
  const [kind] = kinds;
  if (kind === undefined || kinds.length > 1) {
    return [{ path, message: `expected exactly one of ${KINDS.join(', ')}, found ${kinds.join(' and ') || 'none'}` }];
  }
  const stray = Object.keys(condition).find((key) => !KEYS_OF_KIND[kind].includes(key));
  if (stray !== undefined) {
    return [
      { path: [...path, stray], message: `expected nothing of the kind beside "${kind}", found it`, cure: 'remove it' },
    ];
  }
  switch (kind) {
    case 'label':
      return labelProblems(condition, path, document);
    case 'measure':
      return measureProblems(condition, path, document);
    case 'all':
    case 'any':
      return (condition[kind] ?? []).flatMap((one, index) => conditionProblems(one, [...path, kind, index], document));
  }
}

function labelProblems(condition: ConditionDocument, path: Path, document: SourcesDocument): Problem[] {
  const { of, on, off, label = '', set } = condition;
  const scored = [...Object.entries(document.sources), ...Object.entries(document.fusion ?? {})];
  const found = scored.find(([id]) => id === of);
  if (found === undefined) {
    const ids = scored.map(([id]) => id);
    return [unknown([...path, 'of'], 'a source or a group', of ?? 'nothing', ids)];
  }
  const sets = found[1].labels ?? [];
  if (set !== undefined && !sets.includes(set)) {
    return [unknown([...path, 'set'], `a label set of "${of}"`, set, sets)];
  }
  if (off !== undefined && on !== undefined && off > on) {
    return [{ path: [...path, 'off'], message: `expected at most "on" (${on}), found ${off}` }];
  }
  const looked = set === undefined ? sets : [set];
  const known = looked.flatMap((id) => document.labels?.[id]?.labels.map((one) => one.id) ?? []);
  const holders = looked.filter((id) => document.labels?.[id]?.labels.some((one) => one.id === label));
  if (holders.length > 1) {
    return [
      { path, message: `expected one label set with "${label}", found ${holders.join(', ')}`, cure: 'add "set"' },
    ];
  }
  return holders.length === 1 ? [] : [unknown([...path, 'label'], `a label of "${of}"`, label, known)];
}

function measureProblems(condition: ConditionDocument, path: Path, document: SourcesDocument): Problem[] {
  const { of, above, below, until } = condition;
  const sources = Object.keys(document.sources);
  if (of === undefined || !sources.includes(of)) {
    return [unknown([...path, 'of'], 'a source', of ?? 'nothing', sources)];
  }
  if ((above === undefined) === (below === undefined)) {
    const found = above === undefined ? 'none' : 'both';
    return [{ path, message: `expected one of above and below, found ${found}` }];
  }
  const [leaf] = leavesOf(resolveCondition(condition, document));
  const isWrongWay = leaf?.kind === 'measure' && (leaf.direction === 'above' ? leaf.off > leaf.on : leaf.off < leaf.on);
  if (!isWrongWay) return [];
  const side = above === undefined ? `at least "below" (${below})` : `at most "above" (${above})`;
  return [{ path: [...path, 'until'], message: `expected ${side}, found ${until}` }];
}

function unknown(path: Path, what: string, found: string, known: readonly string[]): Problem {
  const [near] = nearWords(found, known, 1);
  return {
    path,
    message: `expected the id of ${what} (${known.join(', ') || 'there is none'}), found "${found}"`,
    ...(near === undefined ? {} : { cure: `did you mean "${near}"?` }),
  };
}
