import type { Clock, Micros, Millis } from './clock';
import type { DetectedEvent } from './events/detectedEvent';
import { Detector } from './events/detector';
import type { LabelCondition, Rule } from './events/rule';
import type { Seen } from './interpreter';
import type { LabelMessage } from './mqtt/labelMessage';
import { Slices } from './slices';
import { columnsOf } from './zeroshot/labelColumns';
import type { Revision } from './zeroshot/labelSets';
import type { LabelScore, Scores } from './zeroshot/score';

/** A source or group that speaks of label sets. */
export interface LabelReader {
  readonly id: string;
  /** Ids of label sets. */
  readonly labels: readonly string[];
  /** Of a group: the sources that it speaks for. */
  readonly sources?: readonly string[];
  readonly hop: Millis;
}

/** The state of one label, after hysteresis and minimum times. */
export interface LabelState {
  readonly label: string;
  readonly isOn: boolean;
  readonly message: LabelMessage;
}

export interface LabelStatesOptions {
  readonly node: string;
  /** May change where {@link LabelStates.labelsChanged} is called then. */
  readonly readers: () => readonly LabelReader[];
  readonly labelSets: () => readonly Revision[];
  readonly clock: Clock;
  readonly onState: (state: LabelState) => void;
  /** What a change of labels failed of, in a later turn. */
  readonly onFailed: (error: unknown) => void;
}

/** Between two looks at a label that stays on. */
const UPDATE_EVERY = 10_000 as Millis;

const SHORTEST_MEMORY = 10_000 as Millis;
const HOPS_REMEMBERED = 3;

const MOST_AT_ONCE = 50;

/** With eight readers, some hundred conditions: a millisecond or two. */
const LABELS_A_PART = 25;

/** As everywhere, where a label says nothing (runtime/events/leaf.ts). */
export const DEFAULT_THRESHOLD = 0.5;

/**
 * Whether each label is the case: on from its threshold, off again below four fifths of it, with the times that it asks
 * for. A group decides for its sources, where it reads the same label set; else whoever reads it does. Nothing is said of a
 * label before somebody has spoken of it.
 */
export class LabelStates {
  readonly #options: LabelStatesOptions;
  #parts: readonly Part[];
  readonly #slices: Slices;
  #labels: ReadonlyMap<string, KnownLabel>;
  #rules: string;
  /** The last scores by label set and reader. */
  readonly #latest = new Map<string, Map<string, Scores>>();
  readonly #told = new Map<string, LabelState>();

  constructor(options: LabelStatesOptions) {
    this.#options = options;
    this.#slices = new Slices(options.clock, options.onFailed);
    this.#labels = knownLabels(options.labelSets());
    this.#rules = this.#rulesKey(this.#labels);
    this.#parts = [...this.#partsOf(this.#labels)];
  }

  /** Takes what a reader's words say. */
  observe(of: string, scores: Scores, { at, flags }: Seen): void {
    const [set = ''] = scores.labelSet.split('@');
    if (!decidersOf(set, this.#options.readers()).includes(of)) return;
    const before = this.#latest.get(set);
    if (before === undefined) this.#latest.set(set, new Map([[of, scores]]));
    else before.set(of, scores);
    for (const { detector } of this.#parts) detector.observeScores(of, scores, { at, flags });
    this.#tellFirst(scores, at.epochMicros);
  }

  /**
   * Label sets or their readers were changed: labels whose conditions are the same go on, others begin anew. Of many
   * labels, this takes some turns of the event loop; until then all is as before.
   */
  labelsChanged(): void {
    this.#slices.run(this.#change());
  }

  close(): void {
    this.#slices.cancel();
    for (const { detector } of this.#parts) detector.close();
  }

  *#change(): Generator<void> {
    const labels = knownLabels(this.#options.labelSets());
    yield;
    // Thresholds come with the scores: a thousand labels need not be made anew for one of them.
    const rules = this.#rulesKey(labels);
    const isOther = rules !== this.#rules;
    const made: Part[] = [];
    if (isOther) {
      for (const part of this.#partsOf(labels)) {
        made.push(part);
        yield;
      }
    }
    // In one step: what is observed from now on is judged by the new ones.
    this.#labels = labels;
    this.#latest.clear();
    if (isOther) {
      this.#rules = rules;
      this.#goOver(made);
    }
    for (const [label, told] of this.#told) {
      const known = labels.get(label);
      const { title, threshold } = told.message;
      if (known === undefined) this.#told.delete(label);
      else if (known.title !== title || known.threshold !== threshold) this.#retell(told, known);
      yield;
    }
  }

  /** Labels that are no more are not spoken of: their topics are cleared. */
  #goOver(parts: readonly Part[]): void {
    const memories = this.#parts.map(({ detector }) => detector.memory());
    for (const { detector } of this.#parts) detector.close();
    this.#parts = parts;
    const [first] = memories;
    if (first === undefined) return;
    const rules = memories.flatMap((memory) => memory.rules);
    for (const { detector, labels } of parts) {
      detector.restore({ at: first.at, rules: rules.filter(({ rule }) => labels.has(rule)) });
    }
  }

  /** A few at a time: a thousand labels must not hold up everything else. */
  #tellFirst(scores: Scores, sinceMicros: Micros): void {
    if (this.#told.size === this.#labels.size) return;
    let rest = MOST_AT_ONCE;
    for (const { id } of columnsOf(scores).labels) {
      if (this.#told.has(id)) continue;
      if (rest-- <= 0) return;
      this.#tell(id, { isOn: false, sinceMicros, sources: [], reason: null });
    }
  }

  #retell({ label, isOn, message }: LabelState, { title, threshold }: KnownLabel): void {
    const told = { label, isOn, message: { ...message, title, threshold } };
    this.#told.set(label, told);
    this.#options.onState(told);
  }

  *#partsOf(labels: ReadonlyMap<string, KnownLabel>): Generator<Part> {
    const { node, clock, readers } = this.#options;
    const ruleOf = ruleMaker(readers());
    const all = [...labels.values()];
    for (let start = 0; start < all.length; start += LABELS_A_PART) {
      const some = all.slice(start, start + LABELS_A_PART);
      const rules = some.map(ruleOf);
      const detector = new Detector({ node, rules, clock, onEvent: (event) => this.#take(event) });
      yield { detector, labels: new Set(some.map(({ id }) => id)) };
    }
  }

  /** Differs where rules differ. */
  #rulesKey(labels: ReadonlyMap<string, KnownLabel>): string {
    const readers = this.#options.readers().map((reader) => [reader.id, reader.labels, reader.sources, reader.hop]);
    const known = [...labels.values()].map(({ id, sets, times }) => [id, sets.map((set) => set.id), times]);
    return JSON.stringify([readers, known]);
  }

  #take({ rule, phase, startMicros, endMicros, evidence, reason }: DetectedEvent): void {
    const isOn = phase !== 'end';
    const sources = evidence.flatMap((one) => (one.isOn ? [one.of] : []));
    this.#tell(rule, { isOn, sinceMicros: isOn ? startMicros : (endMicros ?? startMicros), sources, reason });
  }

  #tell(
    label: string,
    state: {
      readonly isOn: boolean;
      readonly sinceMicros: Micros;
      readonly sources: readonly string[];
      readonly reason: LabelMessage['reason'];
    },
  ): void {
    const known = this.#labels.get(label);
    if (known === undefined) return;
    const { score, set } = this.#surest(label, known);
    const { isOn, sinceMicros, sources, reason } = state;
    const message: LabelMessage = {
      s: 'label/1',
      l: label,
      title: known.title,
      on: isOn,
      p: score?.probability ?? null,
      cos: score?.cosine ?? null,
      margin: score?.margin ?? null,
      since: Math.max(0, sinceMicros),
      src: [...sources],
      set,
      threshold: known.threshold,
      cal: null,
      reason,
    };
    const told = { label, isOn, message };
    this.#told.set(label, told);
    this.#options.onState(told);
  }

  /** The score of the reader that is surest of a label; none where nobody's means anything. */
  #surest(label: string, { sets }: KnownLabel): { readonly score: LabelScore | undefined; readonly set: string } {
    let best: { readonly score: LabelScore; readonly set: string } | undefined;
    for (const { id, index } of sets) {
      for (const scores of this.#latest.get(id)?.values() ?? []) {
        const score = scores.meaningful ? columnsOf(scores).at(index) : undefined;
        if (score?.label === label && (best === undefined || score.probability > best.score.probability))
          best = { score, set: scores.labelSet };
      }
    }
    const [first] = sets;
    return best ?? { score: undefined, set: `${first?.id ?? ''}@${first?.revision ?? 0}` };
  }
}

/** What detects some of the labels: a thousand are not made in one call. */
interface Part {
  readonly detector: Detector;
  readonly labels: ReadonlySet<string>;
}

/** A label by its id; where several sets have one of this name, title, threshold and times are those of the first. */
interface KnownLabel {
  readonly id: string;
  readonly title: string;
  readonly threshold: number;
  readonly sets: readonly { readonly id: string; readonly revision: number; readonly index: number }[];
  readonly times: { readonly on: Millis; readonly off: Millis; readonly gap: Millis };
}

/** Who decides for a label set: groups that read it, and sources that no such group speaks for. */
export function decidersOf(set: string, readers: readonly LabelReader[]): readonly string[] {
  const reading = readers.filter(({ labels }) => labels.includes(set));
  const spokenFor = new Set(reading.flatMap(({ sources = [] }) => sources));
  return reading.map(({ id }) => id).filter((id) => !spokenFor.has(id));
}

function knownLabels(labelSets: readonly Revision[]): ReadonlyMap<string, KnownLabel> {
  const known = new Map<string, KnownLabel>();
  for (const { labelSet, compiled } of labelSets) {
    for (const [index, { id, title, threshold = DEFAULT_THRESHOLD }] of compiled.labels.entries()) {
      const { on_ms = 0, off_ms = 0, min_gap_ms = 0 } = labelSet.labels[index] ?? {};
      const before = known.get(id);
      const sets = [...(before?.sets ?? []), { id: labelSet.id, revision: labelSet.revision, index }];
      const times = { on: on_ms as Millis, off: off_ms as Millis, gap: min_gap_ms as Millis };
      known.set(id, before === undefined ? { id, title, threshold, sets, times } : { ...before, sets });
    }
  }
  return known;
}

/** Makes the rules of labels; who decides for a label set is looked up once for all of its labels. */
function ruleMaker(readers: readonly LabelReader[]): (label: KnownLabel) => Rule {
  const hops = readers.map(({ hop }) => HOPS_REMEMBERED * hop);
  const forgetAfter = Math.max(SHORTEST_MEMORY, ...hops) as Millis;
  const sets = new Set(readers.flatMap(({ labels }) => labels));
  const deciders = new Map([...sets].map((set) => [set, decidersOf(set, readers)]));
  return ({ id, sets: labelSets, times }) => ({
    id,
    when: {
      kind: 'any',
      conditions: labelSets.flatMap(({ id: labelSet }) =>
        (deciders.get(labelSet) ?? []).map((of): LabelCondition => ({ kind: 'label', of, labelSet, label: id })),
      ),
    },
    minimumOn: times.on,
    minimumOff: times.off,
    coolDown: times.gap,
    updateEvery: UPDATE_EVERY,
    forgetAfter,
    severity: 'info',
  });
}
