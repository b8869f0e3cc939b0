import { SensebindError } from '../../runtime/errors';
import type { Controller, Host, Message } from '../shared/defineNode';
import { EventMaker, type TitledRule } from '../shared/events/eventMaker';
import { liveBoard } from '../shared/live/board';
import { originOf, readingOf } from '../shared/payloads';
import { plainScores, type ScoresOfSource } from '../shared/plainScores';
import { type AlertSettings, alertRule } from './settings';

/** Scores and readings in, events out: a rule on labels and on measured values, with hysteresis and times. */
export class AlertController implements Controller {
  readonly #host: Host<AlertSettings>;
  readonly #rule: TitledRule;
  #events: EventMaker | undefined;

  /** @throws {SensebindError} `CONFIG_INVALID` */
  constructor(host: Host<AlertSettings>) {
    this.#host = host;
    this.#rule = alertRule(host.settings, host.id);
  }

  async start(): Promise<void> {
    const { id, clock, send, fail, warn } = this.#host;
    const show = (message: Message): void => {
      send(message);
      this.#show();
    };
    this.#events = await EventMaker.open({ node: id, rules: [this.#rule], clock, send: show, fail, warn });
    this.#show();
  }

  async input(message: Message): Promise<void> {
    const reading = readingOf(message.payload);
    const scores = reading === undefined ? plainScores(message.payload) : undefined;
    if (reading !== undefined) this.#events?.observeReading(reading);
    else if (scores !== undefined) this.#observe(scores, message);
    else throw neither(message.payload);
    this.#show();
  }

  async close(options: { readonly isRemoved: boolean }): Promise<void> {
    liveBoard.forget(this.#host.id);
    await this.#events?.close(options);
  }

  /** Durations run on the time that the message tells, so that a recording gives the same events each time. */
  #observe(scores: ScoresOfSource, message: Message): void {
    const { clock } = this.#host;
    const { source, flags, endMicros } = scores;
    const at = originOf({ ...message })?.at ?? { monotonicMicros: clock.monotonicMicros(), epochMicros: endMicros };
    this.#events?.observeScores(source, scores, { at, flags });
  }

  #show(): void {
    const { active = 0, count = 0 } = this.#events ?? {};
    const { title } = this.#rule;
    const text = active > 0 ? title.slice(0, 40) : `${count} so far`;
    this.#host.status.set({ fill: active > 0 ? 'blue' : 'green', shape: 'dot', text });
  }
}

function neither(payload: unknown): SensebindError {
  return new SensebindError(
    'INPUT_UNSUPPORTED',
    `expected scores or a reading in msg.payload, found ${payload === null ? 'null' : typeof payload}`,
    'wire a labels node, the second output of a sense node, or a source node to this node',
  );
}
