import type { Clock, Millis, Timer } from '../../../runtime/clock';
import { EventKeeper } from '../../../runtime/eventKeeper';
import type { DetectedEvent } from '../../../runtime/events/detectedEvent';
import type { Seen } from '../../../runtime/interpreter';
import type { Reading } from '../../../runtime/reading';
import type { Scores } from '../../../runtime/zeroshot/score';
import type { Message } from '../defineNode';
import { eventPayload } from '../eventPayload';
import { liveBoard } from '../live/board';
import { type EventPayload, ORIGIN, type Origin } from '../payloads';
import { LearningDetector } from './learningDetector';
import { LearningFile } from './learningFile';
import type { RuleTemplate } from './ruleTemplate';

/** A rule and what its events are called. */
export interface TitledRule {
  readonly rule: RuleTemplate;
  readonly title: string;
}

export interface EventMakerOptions {
  /** Id of the node. */
  readonly node: string;
  readonly rules: readonly TitledRule[];
  readonly clock: Clock;
  /** Takes the message of each event. */
  readonly send: (message: Message) => void;
  readonly fail: (error: unknown) => void;
  readonly warn: (text: string) => void;
}

/** So that a crash loses no more of an event than this. */
const SAVE_PERIOD = 10_000 as Millis;

/** Makes messages of events, shows them on the live board, and keeps those that go on over a restart. */
export class EventMaker {
  readonly #options: EventMakerOptions;
  readonly #titles: ReadonlyMap<string, string>;
  readonly #file: LearningFile;
  readonly #detector: LearningDetector;
  readonly #keeper: EventKeeper<ReturnType<LearningDetector['memory']>>;
  #beat: Timer | undefined;
  #count = 0;

  private constructor(options: EventMakerOptions) {
    const { node, rules, clock, fail, warn } = options;
    this.#options = options;
    this.#titles = new Map(rules.map(({ rule, title }) => [rule.id, title]));
    this.#file = new LearningFile(node, (file) =>
      warn(`what was kept of events could not be read; it is in ${file} now`),
    );
    this.#detector = new LearningDetector({
      node,
      clock,
      rules: rules.map(({ rule }) => rule),
      onEvent: (event) => this.#tell(event),
    });
    this.#keeper = new EventKeeper(this.#file, { memory: () => this.#detector.memory(), onFailed: fail });
  }

  /**
   * Goes on with the events that the node had before.
   *
   * @throws {SensebindError} `FILE_UNREADABLE`.
   */
  static async open(options: EventMakerOptions): Promise<EventMaker> {
    const maker = new EventMaker(options);
    const memory = await maker.#file.load();
    if (memory !== undefined) maker.#detector.restore(memory);
    maker.#saveNowAndThen();
    return maker;
  }

  /** Events that go on. */
  get active(): number {
    return this.#detector.active;
  }

  /** Events that began since the start. */
  get count(): number {
    return this.#count;
  }

  /** @throws {SensebindError} `INPUT_UNSUPPORTED` for more sources than there may be. */
  observeScores(of: string, scores: Scores, seen: Seen): void {
    this.#detector.observeScores(of, scores, seen);
  }

  /** @throws {SensebindError} `INPUT_UNSUPPORTED` for more sources than there may be. */
  observeReading(reading: Reading): void {
    this.#detector.observeReading(reading);
  }

  /** Events that go on are kept for the next start, unless the node is gone for good. */
  async close({ isRemoved }: { readonly isRemoved: boolean }): Promise<void> {
    this.#beat?.cancel();
    this.#detector.close();
    if (!isRemoved) this.#keeper.touch();
    await this.#keeper.settled();
    if (isRemoved) await this.#file.remove();
  }

  #tell(event: DetectedEvent): void {
    const { node, send } = this.#options;
    const payload = eventPayload(event, { title: this.#titles.get(event.rule) ?? event.rule });
    if (event.phase === 'new') this.#count++;
    if (event.phase !== 'update') this.#keeper.touch();
    liveBoard.event(node, {
      id: event.id,
      phase: event.phase,
      title: payload.title ?? event.rule,
      source: payload.source ?? null,
      probability: payload.probability ?? null,
      startMicros: event.startMicros,
      endMicros: event.endMicros,
    });
    send(eventMessage(payload));
  }

  #saveNowAndThen(): void {
    const save = (): void => {
      if (this.#detector.active > 0) this.#keeper.touch();
      this.#saveNowAndThen();
    };
    this.#beat = this.#options.clock.setTimer(SAVE_PERIOD, save, { background: true });
  }
}

/** The topic is the rule. */
function eventMessage(payload: EventPayload): Message {
  const origin: Origin = { kind: 'event', source: payload.source ?? payload.rule };
  const message = { topic: payload.rule, payload, [ORIGIN]: origin };
  return message;
}
