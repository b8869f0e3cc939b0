import type { Millis } from '../clock';
import type { Condition, Rule } from '../events/rule';
import { leavesOf } from '../events/rule';
import type { GroupConfig } from '../fusion/group';
import { parseDuration } from './duration';
import type { ConditionDocument, FusionDocument, RuleDocument } from './ruleSchema';
import type { SourcesDocument } from './schema';

/** Of a group, in milliseconds. */
export const DEFAULT_FUSION = { hop: 1000, tolerance: 250, wait: 500, halfLife: 2000, forgetAfter: 10_000 } as const;

const DEFAULT_UPDATE = 10_000 as Millis;

/** Three hops may be missed, and nothing is forgotten sooner than this. */
const SHORTEST_MEMORY = 10_000 as Millis;
const HOPS_REMEMBERED = 3;
const DEFAULT_SOURCE_HOP = 1000 as Millis;

/** A group with every default filled in. */
export function resolveFusion(id: string, group: FusionDocument): GroupConfig {
  const length = (key: keyof typeof DEFAULT_FUSION): Millis =>
    parseDuration(group[key] ?? '') ?? (DEFAULT_FUSION[key] as Millis);
  return {
    id,
    sources: { ...group.sources },
    method: group.method ?? 'embeddings',
    hop: length('hop'),
    tolerance: length('tolerance'),
    wait: length('wait'),
    halfLife: length('halfLife'),
    forgetAfter: length('forgetAfter'),
    labels: group.labels ?? [],
    ...(group.scale === undefined ? {} : { scale: group.scale }),
  };
}

/** A rule with every default filled in. */
export function resolveRule(id: string, rule: RuleDocument, document: SourcesDocument): Rule {
  const length = (text: string | undefined, otherwise: Millis): Millis => parseDuration(text ?? '') ?? otherwise;
  const when = resolveCondition(rule.when, document);
  return {
    id,
    when,
    minimumOn: length(rule.minimumOn, 0 as Millis),
    minimumOff: length(rule.minimumOff, 0 as Millis),
    coolDown: length(rule.coolDown, 0 as Millis),
    updateEvery: length(rule.updateEvery, DEFAULT_UPDATE),
    forgetAfter: length(rule.forgetAfter, memoryFor(when, document)),
    severity: rule.severity ?? 'info',
  };
}

/** A condition that was checked: of what is not there, the nearest that can be. */
export function resolveCondition(condition: ConditionDocument, document: SourcesDocument): Condition {
  const { of = '', label, measure, on, off } = condition;
  if (label !== undefined) {
    return {
      kind: 'label',
      of,
      label,
      labelSet: condition.set ?? labelSetWith(label, of, document),
      ...(on === undefined ? {} : { on }),
      ...(off === undefined ? {} : { off }),
    };
  }
  if (measure !== undefined) {
    const direction = condition.above === undefined ? 'below' : 'above';
    const limit = condition.above ?? condition.below ?? 0;
    return { kind: 'measure', of, measure, direction, on: limit, off: condition.until ?? limit };
  }
  const kind = condition.all === undefined ? 'any' : 'all';
  return { kind, conditions: (condition[kind] ?? []).map((one) => resolveCondition(one, document)) };
}

function labelSetWith(label: string, of: string, { sources, fusion = {}, labels = {} }: SourcesDocument): string {
  const sets = (sources[of] ?? fusion[of])?.labels ?? [];
  return sets.find((id) => labels[id]?.labels.some((one) => one.id === label)) ?? '';
}

function memoryFor(when: Condition, { sources, fusion = {} }: SourcesDocument): Millis {
  const hops = leavesOf(when).map(
    ({ of }) => parseDuration((sources[of] ?? fusion[of])?.hop ?? '') ?? DEFAULT_SOURCE_HOP,
  );
  return Math.max(SHORTEST_MEMORY, ...hops.map((hop) => HOPS_REMEMBERED * hop)) as Millis;
}
