import type { Clock, Micros, Millis } from '../clock';
import type { BrokerLink } from '../mqtt/link';
import { jsonMessage } from '../mqtt/message';
import type { CommandTopics } from '../mqtt/topics';
import { RateLimit } from '../rateLimit';
import type { JobMessage, Problem, ResponseMessage } from './commandMessages';
import { problemOf, refusal } from './problems';
import type { Command } from './readCommand';
import { type AnyVerb, failed, type Outcome } from './verb';

export interface ErrandOptions {
  readonly verb: string;
  readonly handler: AnyVerb;
  readonly command: Command;
  readonly clock: Clock;
  readonly topics: CommandTopics;
  readonly link: Pick<BrokerLink, 'answer' | 'publish'>;
  readonly jobId: string;
  /** Afterwards it is not begun any more. */
  readonly beginBeforeMicros: Micros;
  /** The answer, or that it is accepted as a job. */
  readonly onAnswer: (response: ResponseMessage) => void;
}

export interface ErrandEnd {
  readonly status: 'ok' | 'error';
  readonly problem?: Problem;
}

/** After this long whoever asked is told that it takes longer. */
const PATIENCE = 2000 as Millis;

const PROGRESS_RATE_HZ = 1;
const EXPIRY_SECONDS = 30;

/** One command on its way: answered when it is done, or accepted as a job that tells how far it is. */
export class Errand {
  readonly #options: ErrandOptions;
  readonly #progressRate: RateLimit;
  #isAccepted: boolean = false;

  constructor(options: ErrandOptions) {
    this.#options = options;
    this.#progressRate = new RateLimit({ clock: options.clock, maxRateHz: PROGRESS_RATE_HZ });
  }

  get jobId(): string {
    return this.#options.jobId;
  }

  /** Never rejects. */
  async run(): Promise<ErrandEnd> {
    const { clock } = this.#options;
    const timer = clock.setTimer(PATIENCE, () => this.#accept(), { background: true });
    const outcome = await this.#outcome();
    timer.cancel();
    const end = { ...partsOf(outcome) };
    if (this.#isAccepted)
      this.#tellJob({ state: outcome.kind === 'done' ? 'done' : 'failed', ...end }, { isLast: true });
    else this.#options.onAnswer({ ...this.#head(), status: outcome.kind === 'done' ? 'ok' : 'error', ...end });
    return outcome.kind === 'done' ? { status: 'ok' } : { status: 'error', problem: outcome.problem };
  }

  async #outcome(): Promise<Outcome> {
    const { handler, command, clock, beginBeforeMicros } = this.#options;
    if (clock.monotonicMicros() > beginBeforeMicros)
      return failed(refusal('expired', 'expected a command of now, found one that waited too long for others'));
    try {
      return await handler.run({
        data: command.data,
        ifRevision: command.ifRevision,
        progress: (done, total) => this.#progress(done, total),
      });
    } catch (error) {
      return failed(problemOf(error));
    }
  }

  #accept(): void {
    this.#isAccepted = true;
    this.#options.onAnswer({ ...this.#head(), status: 'accepted', data: { job: this.jobId } });
    this.#tellJob({ state: 'running' });
  }

  #progress(done: number, total: number): void {
    if (this.#isAccepted && this.#progressRate.pass()) this.#tellJob({ state: 'running', done, total });
  }

  #tellJob(
    told: Omit<JobMessage, 's' | 'id' | 'verb' | 'tx' | 't'>,
    { isLast }: { readonly isLast: boolean } = { isLast: false },
  ): void {
    const { verb, command, clock, topics, link } = this.#options;
    const t = Math.max(0, clock.epochMicros());
    const message: JobMessage = { s: 'job/1', id: this.jobId, verb, tx: command.tx, t, ...told };
    const topic = topics.job(this.jobId);
    const packet = jsonMessage(message, { expirySeconds: EXPIRY_SECONDS });
    if (isLast) link.answer(topic, packet);
    else link.publish(topic, packet);
  }

  #head(): Pick<ResponseMessage, 's' | 'verb' | 'tx'> {
    const { verb, command } = this.#options;
    return { s: 'rsp/1', verb, tx: command.tx };
  }
}

function partsOf(outcome: Outcome): Pick<ResponseMessage, 'data' | 'error' | 'rev'> {
  const { revision } = outcome;
  const rev = revision === undefined ? {} : { rev: revision };
  if (outcome.kind === 'failed') return { error: outcome.problem, ...rev };
  return outcome.data === undefined ? rev : { data: { ...outcome.data }, ...rev };
}
