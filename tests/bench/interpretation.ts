import { type Millis, systemClock } from '../../runtime/clock';
import type { SourceConfig } from '../../runtime/config/config';
import type { Embedding } from '../../runtime/embedding';
import type { Rule } from '../../runtime/events/rule';
import type { GroupConfig } from '../../runtime/fusion/group';
import { Interpreter } from '../../runtime/interpreter';
import { LabelStates } from '../../runtime/labelStates';
import { LabelSets } from '../../runtime/zeroshot/labelSets';
import { embeddingOf } from '../support/vectors';
import { type Figure, percentile, timed } from './measure';

const DIMENSIONS = 1024;
const LABELS = 1000;
const SOURCES = 8;
const RULES = 100;
const SECONDS = 60;

/** Until the code is compiled; not counted. */
const WARM_UP_SECONDS = 30;

/** Design.md's rule 1, for any call on the main thread. */
const LARGEST_CALL_MILLIS = 5;

/** A tenth of a core, at one window a second and source. */
const MILLIS_A_SECOND = 100;

/** What scores, fusion of both kinds and rules cost: a thousand labels, eight sources, a window a second of each. */
export async function benchInterpretation(): Promise<Figure> {
  const labelSets = new LabelSets({ embedText: async (text) => randomEmbedding(text.length * 7919 + hash(text)) });
  const labels = Array.from({ length: LABELS }, (_, index) => ({ id: `label_${index}` }));
  await labelSets.put({ id: 'all', revision: 1, labels, background: ['silence', 'noise'] });
  const sources = Array.from({ length: SOURCES }, (_, index) => `source${index}`);
  let fused = 0;
  const fusion = [group('joint', 'embeddings', sources), group('late', 'scores', sources)];
  // A node that can be told what to do has a state of every label, too.
  const labelStates = new LabelStates({
    node: 'bench',
    readers: () => fusion.map(({ id, labels: read, hop }) => ({ id, labels: read, sources, hop })),
    labelSets: () => labelSets.current(),
    clock: systemClock,
    onState: () => undefined,
    onFailed: (error) => {
      throw error;
    },
  });
  const interpreter = new Interpreter({
    onScores: (of, scores, seen) => labelStates.observe(of, scores, seen),
    config: {
      node: 'bench',
      sources: sources.map(sourceConfig),
      fusion,
      rules: Array.from({ length: RULES }, (_, index) => ruleOn(index, sources)),
    },
    labelSets,
    clock: systemClock,
    onFused: () => {
      fused++;
    },
    onEvent: () => undefined,
    onLate: () => undefined,
    onFailed: (_, error) => {
      throw error;
    },
  });
  const embeddings = Array.from({ length: (WARM_UP_SECONDS + SECONDS) * SOURCES }, (_, index) =>
    randomEmbedding(index),
  );
  const calls: number[] = [];
  let before = process.cpuUsage();
  for (const [index, embedding] of embeddings.entries()) {
    const source = sources[index % SOURCES] ?? '';
    const span = { monotonicEndMicros: Math.floor(index / SOURCES) * 1e6 };
    if (index === WARM_UP_SECONDS * SOURCES) before = process.cpuUsage();
    const scoring = await timed(() => interpreter.embedding(source, embedding, { span, wantsScores: true }));
    // At most: both groups, and the turns between them.
    const fusing = await timed(() => interpreter.settled());
    if (index >= WARM_UP_SECONDS * SOURCES) calls.push(scoring, fusing);
  }
  const { user, system } = process.cpuUsage(before);
  interpreter.finish();
  labelStates.close();
  const perSecond = (user + system) / 1000 / SECONDS;
  const p50 = percentile(calls, 0.5);
  const p99 = percentile(calls, 0.99);
  const isCheap = perSecond < MILLIS_A_SECOND && fused >= 2 * (SECONDS - 1);
  return {
    name: `scores, fusion and rules: ${LABELS} labels, ${SOURCES} sources at 1 Hz, 2 groups, ${RULES} rules, states of labels`,
    measured: `${perSecond.toFixed(1)} ms of a core each second; one call p50 ${p50.toFixed(2)} ms, p99 ${p99.toFixed(2)} ms`,
    budget: `< ${MILLIS_A_SECOND} ms of a core each second; p99 ≤ ${LARGEST_CALL_MILLIS} ms`,
    holds: isCheap && p99 <= LARGEST_CALL_MILLIS,
    details: { perSecond, p50, p99, fused },
  };
}

function sourceConfig(id: string): SourceConfig {
  return { id, device: { kind: 'bench' }, enabled: true, hop: 1000 as Millis, channel: 0, labels: ['all'] };
}

function group(id: string, method: GroupConfig['method'], sources: readonly string[]): GroupConfig {
  return {
    id,
    sources: Object.fromEntries(sources.map((source) => [source, 1])),
    method,
    hop: 1000 as Millis,
    tolerance: 250 as Millis,
    // A joint window is complete when all sources are there, however far this run is ahead of the clock.
    wait: 1e9 as Millis,
    halfLife: 2000 as Millis,
    forgetAfter: 10_000 as Millis,
    labels: ['all'],
  };
}

function ruleOn(index: number, sources: readonly string[]): Rule {
  const of = sources[index % sources.length] ?? 'joint';
  return {
    id: `rule${index}`,
    when: { kind: 'label', of, labelSet: 'all', label: `label_${index * 9}`, on: 0.002 },
    minimumOn: 0 as Millis,
    minimumOff: 1000 as Millis,
    coolDown: 1000 as Millis,
    updateEvery: 10_000 as Millis,
    forgetAfter: 1e9 as Millis,
    severity: 'info',
  };
}

function hash(text: string): number {
  let value = 0;
  for (const letter of text) value = (value * 31 + letter.charCodeAt(0)) % 2_147_483_647;
  return value;
}

/** A direction drawn by a seed. */
function randomEmbedding(seed: number): Embedding {
  let state = seed + 1;
  const values = Array.from({ length: DIMENSIONS }, () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647 - 0.5;
  });
  return embeddingOf(values);
}
