import type { Clock, Micros } from '../../../runtime/clock';
import { systemClock } from '../../../runtime/clock';
import { Rate } from '../../../runtime/rate';
import type { Modality, Reading } from '../../../runtime/reading';
import type { SourceStatus } from '../../../runtime/source';
import type { ScoresPayload } from '../payloads';
import { type Preview, Previewer } from './preview';

/** What is known of a source at the moment. */
export interface LiveSource {
  readonly source: string;
  readonly modality: Modality;
  readonly status: SourceStatus;
}

/** What a stage did so far. */
export interface StageFigures {
  readonly perSecond: number;
  /** By reason. */
  readonly drops: Readonly<Record<string, number>>;
  /** Median and 95th percentile of what a step took, by its name. */
  readonly steps: Readonly<Record<string, { readonly p50Micros: Micros; readonly p95Micros: Micros }>>;
}

/** Something that started, goes on, or ended. */
export interface LiveEvent {
  readonly id: string;
  readonly phase: 'new' | 'update' | 'end';
  /** For people. */
  readonly title: string;
  readonly source: string | null;
  readonly probability: number | null;
  readonly startMicros: Micros;
  readonly endMicros: Micros | null;
}

/** What really happens in a simulated world: for whoever looks, never for what is judged. */
export interface LiveTruth {
  readonly event: string;
  readonly title: string;
  readonly startMicros: Micros;
  readonly endMicros: Micros | null;
}

/** Probabilities of all labels at an instant. */
interface LiveScores {
  readonly endMicros: Micros;
  readonly probabilities: readonly (number | null)[];
}

interface ScoreHistory {
  readonly source: string;
  labelSet: string;
  labels: readonly { readonly label: string; readonly title: string }[];
  past: readonly LiveScores[];
}

/** All that the sidebar and the live page show, as JSON. */
export interface Snapshot {
  readonly nowMicros: Micros;
  readonly sources: readonly (LiveSource & {
    readonly node: string;
    readonly perSecond: number;
    readonly preview?: Preview;
  })[];
  readonly stages: readonly ({ readonly node: string; readonly name: string } & StageFigures)[];
  readonly scores: readonly (Readonly<ScoreHistory> & { readonly node: string })[];
  readonly events: readonly (LiveEvent & { readonly node: string })[];
  /** Empty unless a world is simulated. */
  readonly truth: readonly (LiveTruth & { readonly node: string })[];
}

interface SourceEntry extends LiveSource {
  readonly previewer: Previewer;
  readonly rate: Rate;
}

const MOST_SCORES = 120;
const MOST_EVENTS = 100;

/** Nobody who looks waits for longer before looking again. */
const WATCHED_MICROS = 5_000_000;

/**
 * What all nodes of the process do, for whoever looks: the sidebar and the live page. While nobody looks it only keeps the
 * newest reading of each source and the last scores and events, all bounded.
 */
export class LiveBoard {
  readonly #clock: Clock;
  readonly #sources = new Map<string, SourceEntry>();
  readonly #stages = new Map<string, { readonly name: string; readonly figures: () => StageFigures }>();
  readonly #scores = new Map<string, ScoreHistory & { readonly node: string }>();
  #events: readonly (LiveEvent & { readonly node: string })[] = [];
  #truth: readonly (LiveTruth & { readonly node: string })[] = [];
  #watchedMicros: Micros = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @param node - Id of the node. */
  status(node: string, { source, modality, status }: LiveSource): void {
    const { previewer = new Previewer(), rate = new Rate(this.#clock) } = this.#sources.get(node) ?? {};
    this.#sources.set(node, { source, modality, status, previewer, rate });
  }

  reading(node: string, reading: Reading): void {
    const entry = this.#sources.get(node);
    if (entry === undefined) return;
    entry.rate.add();
    entry.previewer.take(reading, this.#isWatched());
  }

  /** A node that does something with what it gets. */
  stage(node: string, stage: { readonly name: string; readonly figures: () => StageFigures }): void {
    this.#stages.set(node, stage);
  }

  scores(node: string, { source, labelSet, labels, endMicros, meaningful }: ScoresPayload): void {
    const key = `${node} ${source} ${labelSet.split('@')[0]}`;
    const known = this.#scores.get(key);
    const isSame = known?.labelSet === labelSet;
    const probabilities = labels.map(({ probability }) => (meaningful ? probability : null));
    this.#scores.set(key, {
      node,
      source,
      labelSet,
      labels: isSame ? known.labels : labels.map(({ label, title }) => ({ label, title })),
      past: [...(isSame ? known.past : []), { endMicros, probabilities }].slice(-MOST_SCORES),
    });
  }

  /** Takes the place of what is known of the same event. */
  event(node: string, event: LiveEvent): void {
    const isKnown = this.#events.some(({ id }) => id === event.id);
    this.#events = isKnown
      ? this.#events.map((known) => (known.id === event.id ? { ...event, node } : known))
      : [...this.#events, { ...event, node }].slice(-MOST_EVENTS);
  }

  /** Something really begins, or ends: then the one that goes on has an end. */
  truth(
    node: string,
    { event, title, phase }: Pick<LiveTruth, 'event' | 'title'> & { phase: 'started' | 'ended' },
  ): void {
    const nowMicros = this.#clock.epochMicros();
    const isIt = (one: LiveTruth & { node: string }): boolean =>
      one.node === node && one.event === event && one.endMicros === null;
    const ended = this.#truth.map((one) => (isIt(one) ? { ...one, endMicros: nowMicros } : one));
    const begun = phase === 'started' ? [{ node, event, title, startMicros: nowMicros, endMicros: null }] : [];
    this.#truth = [...ended, ...begun].slice(-MOST_EVENTS);
  }

  /** A node was closed. Events stay, as what has happened has happened. */
  forget(node: string): void {
    this.#sources.delete(node);
    this.#stages.delete(node);
    this.#truth = this.#truth.filter((one) => one.node !== node);
    for (const [key, { node: of }] of this.#scores) if (of === node) this.#scores.delete(key);
  }

  /** Everything; and from now on previews are gathered, for as long as somebody asks. */
  snapshot(): Snapshot {
    this.#watchedMicros = this.#clock.monotonicMicros();
    const sources = [...this.#sources].map(([node, { previewer, rate, ...source }]) => {
      const preview = previewer.preview();
      const figures = { node, ...source, perSecond: rate.perSecond() };
      return preview === undefined ? figures : { ...figures, preview };
    });
    return {
      nowMicros: this.#clock.epochMicros(),
      sources,
      stages: [...this.#stages].map(([node, { name, figures }]) => ({ node, name, ...figures() })),
      scores: [...this.#scores.values()].sort((left, right) => left.source.localeCompare(right.source)),
      events: this.#events,
      truth: this.#truth,
    };
  }

  #isWatched(): boolean {
    return this.#clock.monotonicMicros() - this.#watchedMicros < WATCHED_MICROS;
  }
}

/** The one of this process. */
export const liveBoard = new LiveBoard(systemClock);
