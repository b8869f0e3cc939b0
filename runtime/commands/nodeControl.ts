import type { Clock } from '../clock';
import type { Config } from '../config/config';
import type { Seen } from '../interpreter';
import { DEFAULT_THRESHOLD, type LabelReader, LabelStates } from '../labelStates';
import type { LaneSource } from '../lane';
import { LabelPublisher } from '../mqtt/labelPublisher';
import type { NodePublisher } from '../mqtt/nodePublisher';
import type { ReceivedMessage } from '../mqtt/received';
import { settingOf } from '../mqtt/topics';
import { Slices } from '../slices';
import type { LabelBook } from '../zeroshot/labelBook';
import type { LabelStore } from '../zeroshot/labelFile';
import { nameOf, wordsOfId } from '../zeroshot/labelSet';
import type { LabelSets } from '../zeroshot/labelSets';
import type { Scores } from '../zeroshot/score';
import { CommandDesk, type CommandReport } from './commandDesk';
import { labelSettings, promptText, readPrompt, readThreshold } from './labelSettings';
import type { AnyVerb } from './verb';
import { labelVerbs } from './verbs/labels';
import { nodeVerbs } from './verbs/node';
import { type Recordings, recordingVerbs } from './verbs/recording';
import { type SourceSwitches, sourceVerbs } from './verbs/sources';

/** What commands need of the process around a pipeline. What is left out cannot be commanded. */
export interface ControlServices {
  readonly labelStore?: LabelStore;
  readonly switches?: SourceSwitches;
  readonly recordings?: Recordings;
  /** Ends the process gracefully, to be started again. */
  readonly restart?: () => void;
}

export interface NodeControlOptions {
  /** The one in use: it may be replaced. */
  readonly config: () => Config;
  readonly publisher: NodePublisher;
  readonly labelSets: LabelSets;
  readonly book: LabelBook;
  readonly sources: () => readonly LaneSource[];
  readonly services: ControlServices;
  /** Called with `announce`, before all else that is retained comes again. */
  readonly announced: () => void;
  readonly clock: Clock;
  readonly onReport: (report: CommandReport) => void;
  /** What telling of labels failed of. */
  readonly onFailed: (error: unknown) => void;
}

/** What may be set of a label, and how it is read. */
const SETTINGS = new Map([
  ['threshold', readThreshold],
  ['prompt', readPrompt],
]);

/** What a node does when it is told to, and what it tells of its labels. */
export class NodeControl {
  readonly #options: NodeControlOptions;
  readonly #desk: CommandDesk;
  readonly #states: LabelStates;
  readonly #labels: LabelPublisher;
  readonly #slices: Slices;
  /** Labels whose settings are told of. */
  readonly #known = new Set<string>();

  constructor(options: NodeControlOptions) {
    const { publisher, book, clock, onReport, onFailed } = options;
    const config = options.config();
    this.#options = options;
    this.#slices = new Slices(clock, onFailed);
    this.#labels = new LabelPublisher(publisher.link, publisher.topics);
    this.#states = new LabelStates({
      node: config.node,
      readers: () => readersOf(options.config()),
      labelSets: () => book.current(),
      clock,
      onState: (state) => this.#labels.state(state),
      onFailed,
    });
    this.#desk = new CommandDesk({
      link: publisher.link,
      topics: publisher.topics.commands,
      verbs: this.#verbs(),
      responsePrefixes: config.commands?.responsePrefixes ?? [],
      clock,
      onReport,
    });
    options.labelSets.onChanged(() => this.#labelsChanged());
  }

  /** Before the node is online: so that its labels are known by then. */
  start(): void {
    for (const _ of this.#tellSettings());
    const { config, publisher } = this.#options;
    if (config().commands?.enabled === false) return;
    const { link, topics } = publisher;
    const take = (message: ReceivedMessage): void => this.#desk.take(message);
    link.subscribe({ filter: topics.commands.filter, retained: 'when-new', take });
    const set = (message: ReceivedMessage): void => this.#set(message);
    link.subscribe({ filter: topics.labelSettings, retained: 'when-new', take: set });
  }

  /** What words say about something that a source or group saw. */
  observe(of: string, scores: Scores, seen: Seen): void {
    this.#states.observe(of, scores, seen);
  }

  /** Where readings go that are recorded. */
  get recordings(): Recordings | undefined {
    return this.#options.services.recordings;
  }

  /** Commands refused, by reason. */
  counters(): Readonly<Record<string, number>> {
    const counts = Object.entries(this.#desk.counters());
    return Object.fromEntries(counts.map(([reason, count]) => [`command_${reason}`, count]));
  }

  /** Takes no more commands, and ends what they began. Always ends. */
  async close(): Promise<void> {
    await Promise.all([this.#desk.close(), this.#options.services.recordings?.close()]);
  }

  /** Nothing more is observed. */
  finish(): void {
    this.#slices.cancel();
    this.#states.close();
  }

  #verbs(): Readonly<Record<string, AnyVerb>> {
    const { config, publisher, book, sources, services, announced, clock } = this.#options;
    const { switches, recordings, restart } = services;
    return {
      ...labelVerbs(book),
      ...labelSettings(book),
      ...(switches === undefined ? {} : sourceVerbs(sources, switches)),
      ...(recordings === undefined ? {} : recordingVerbs(sources, recordings, config)),
      ...nodeVerbs({
        config: () => ({ ...config(), labelSets: book.current().map(({ labelSet }) => nameOf(labelSet)) }),
        announce: () => {
          announced();
          publisher.link.refresh();
        },
        clock,
        ...(restart === undefined ? {} : { restart }),
      }),
    };
  }

  /** Takes a message on `…/label/<l>/<what>/set`. */
  #set(message: ReceivedMessage): void {
    const { label, setting } = settingOf(message.topic);
    const read = SETTINGS.get(setting);
    if (read === undefined) return;
    this.#desk.inquire({
      message,
      verb: `label/${setting}`,
      read: (payload) => read(label, payload),
      // So that a dashboard that shows what it sent shows again what is so.
      onFailed: () => {
        if (this.#known.has(label)) this.#labels.remind(label);
      },
    });
  }

  #labelsChanged(): void {
    this.#states.labelsChanged();
    this.#slices.run(this.#tellSettings());
  }

  /** Label by label. */
  *#tellSettings(): Generator<void> {
    const known = new Set<string>();
    for (const { labelSet } of this.#options.book.current()) {
      for (const { id, threshold = DEFAULT_THRESHOLD, prompts = [wordsOfId(id)] } of labelSet.labels) {
        if (!known.has(id)) this.#labels.setting({ label: id, threshold, prompt: promptText(prompts) });
        known.add(id);
        this.#known.add(id);
        yield;
      }
    }
    for (const label of this.#known) {
      if (known.has(label)) continue;
      this.#labels.clear(label);
      this.#known.delete(label);
      yield;
    }
  }
}

function readersOf({ sources, fusion }: Config): readonly LabelReader[] {
  return [...sources, ...fusion.map((group) => ({ ...group, sources: Object.keys(group.sources) }))];
}
