import { Compile, type Validator } from '#typebox/compile';
import { type Clock, type Millis, sleep } from '../clock';
import type { BrokerLink } from '../mqtt/link';
import type { ReceivedMessage } from '../mqtt/received';
import type { CommandTopics } from '../mqtt/topics';
import { newId } from '../newId';
import { AnswerMemory, fingerprintOf, type Remembered } from './answerMemory';
import type { Problem, ResponseMessage } from './commandMessages';
import { CommandRates } from './commandRates';
import { Errand, type ErrandEnd } from './errand';
import { refusal, schemaRefusal } from './problems';
import { type Command, type ReadCommand, readCommand } from './readCommand';
import { answer, type ReplyAddress, replyAddress } from './reply';
import type { AnyVerb } from './verb';

/** A command that was done or refused, for the log. */
export interface CommandReport {
  readonly verb: string;
  /** Who said that it was: not to be believed. */
  readonly by: string | null;
  readonly status: ResponseMessage['status'];
  readonly problem?: Problem;
}

export interface CommandDeskOptions {
  readonly link: Pick<BrokerLink, 'answer' | 'publish'>;
  readonly topics: CommandTopics;
  readonly verbs: Readonly<Record<string, AnyVerb>>;
  /** Answers go to topics under these only, beside the node's own. */
  readonly responsePrefixes: readonly string[];
  readonly clock: Clock;
  readonly onReport: (report: CommandReport) => void;
}

/** A message that asks for something, and how it is read. */
export interface Inquiry {
  readonly message: ReceivedMessage;
  readonly verb: string;
  readonly read: (payload: Buffer) => ReadCommand;
  /** It was refused, or could not be done. */
  readonly onFailed?: () => void;
}

/** An inquiry, and where its answer goes. */
interface Asked {
  readonly verb: string;
  readonly message: ReceivedMessage;
  readonly address: ReplyAddress;
  readonly onFailed: () => void;
}

/** Commands that may wait for others of their lane. */
const MAX_WAITING = 64;

/** How long commands that are under way may take when the node stops. */
const FAREWELL = 5000 as Millis;

/** A command that has not begun after this long is expired, whatever its publisher said. */
const LONGEST_WAIT_SECONDS = 30;

/**
 * Takes commands off the broker, refuses what is not allowed, has the others done and answers. Never throws; what is
 * refused costs less than what is done, and is counted.
 */
export class CommandDesk {
  readonly #options: CommandDeskOptions;
  readonly #rates: CommandRates;
  readonly #memory: AnswerMemory;
  readonly #validators: ReadonlyMap<string, Validator>;
  readonly #lanes = new Map<string, Promise<void>>();
  readonly #counts: Record<string, number> = {};
  #waiting = 0;
  #isClosed: boolean = false;

  constructor(options: CommandDeskOptions) {
    this.#options = options;
    this.#rates = new CommandRates(options.clock);
    this.#memory = new AnswerMemory(options.clock);
    this.#validators = new Map(Object.entries(options.verbs).map(([verb, { schema }]) => [verb, Compile(schema)]));
  }

  /** Commands refused, by reason. */
  counters(): Readonly<Record<string, number>> {
    return { ...this.#counts };
  }

  /** Takes a message on a topic of commands. */
  take(message: ReceivedMessage): void {
    const verb = this.#options.topics.verbOf(message.topic);
    this.inquire({ message, verb, read: readCommand });
  }

  /** Takes a message that asks for something in another form. */
  inquire({ message, verb, read, onFailed = () => undefined }: Inquiry): void {
    // What clears a retained topic is no command.
    if (message.payload.length === 0) return;
    const { topics, responsePrefixes } = this.#options;
    const address = replyAddress(message, { topics, verb, responsePrefixes });
    const asked: Asked = { verb, message, address, onFailed };
    const admission = this.#rates.admit(address.isAllowed ? address.topic : '');
    if (admission === 'refused-silently') this.#count('rate_limited');
    else if (admission === 'refused') this.#refuse(asked, null, TOO_MANY);
    else {
      const found = readUnlessRefused(asked, read);
      if (found.kind === 'refused') this.#refuse(asked, found.tx, found.problem);
      else this.#order(found.command, asked);
    }
  }

  /** Refuses what comes from now on, and waits a while for what is under way. Always ends. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const isDone = new AbortController();
    void Promise.all(this.#lanes.values()).then(() => isDone.abort());
    if (this.#lanes.size > 0) await sleep(this.#options.clock, FAREWELL, isDone.signal);
  }

  #order(command: Command, asked: Asked): void {
    const { verbs } = this.#options;
    const { verb } = asked;
    const handler = Object.hasOwn(verbs, verb) ? verbs[verb] : undefined;
    const problem = handler === undefined ? unsupported(asked) : this.#problemOf(command, verb, handler);
    if (handler === undefined || problem !== undefined) this.#refuse(asked, command.tx, problem ?? unsupported(asked));
    else if (handler.lane === null || command.tx === null) this.#enqueue(handler, command, asked);
    else this.#orderOnce(handler, command, asked);
  }

  #problemOf(command: Command, verb: string, handler: AnyVerb): Problem | undefined {
    if (this.#isClosed) return refusal('stopping', 'expected a node that goes on, found one that is about to stop');
    if (this.#waiting >= MAX_WAITING)
      return refusal('busy', `expected at most ${MAX_WAITING} commands to wait, found more`);
    if (command.ifRevision !== undefined && handler.hasRevision !== true)
      return refusal('unknown_field', `expected no if_rev with ${verb}, which has no revisions`);
    if (this.#validators.get(verb)?.Check(command.data) === true) return undefined;
    return schemaRefusal(handler.schema, command.data, ['data']);
  }

  #orderOnce(handler: AnyVerb, command: Command, asked: Asked): void {
    const { verb, message, address } = asked;
    const key = JSON.stringify([address.topic, command.by, command.tx]);
    const fingerprint = fingerprintOf(verb, message.payload);
    const before = this.#memory.find(key);
    if (before === undefined) {
      this.#enqueue(handler, command, asked, this.#memory.begin(key, fingerprint));
    } else if (before.fingerprint !== fingerprint) {
      this.#refuse(asked, command.tx, refusal('tx_reused', 'expected one command a tx, found another one with it'));
    } else {
      this.#count('repeated');
      if (before.answer === undefined) before.isAskedAgain = true;
      else answer(this.#options.link, address, before.answer);
    }
  }

  #enqueue(handler: AnyVerb, command: Command, asked: Asked, remembered?: Remembered): void {
    const { verb, message, address } = asked;
    const { clock, link, topics, onReport } = this.#options;
    const waitSeconds = Math.min(message.expirySeconds ?? LONGEST_WAIT_SECONDS, LONGEST_WAIT_SECONDS);
    const errand = new Errand({
      verb,
      handler,
      command,
      clock,
      topics,
      link,
      jobId: newId(clock.epochMicros()).toLowerCase(),
      beginBeforeMicros: clock.monotonicMicros() + waitSeconds * 1e6,
      onAnswer: (response) => {
        answer(link, address, response);
        if (remembered === undefined) return;
        remembered.answer = response;
        if (remembered.isAskedAgain) answer(link, address, response);
        remembered.isAskedAgain = false;
      },
    });
    this.#waiting++;
    const lane = handler.lane ?? errand.jobId;
    const turn = (this.#lanes.get(lane) ?? Promise.resolve()).then(async () => {
      const end = await errand.run();
      this.#waiting--;
      if (this.#lanes.get(lane) === turn) this.#lanes.delete(lane);
      if (end.problem !== undefined) asked.onFailed();
      if (handler.lane !== null) onReport(reportOf(verb, command, end));
    });
    this.#lanes.set(lane, turn);
  }

  #refuse({ address: to, onFailed }: Asked, tx: string | null, problem: Problem): void {
    this.#count(problem.code);
    answer(this.#options.link, to, { s: 'rsp/1', verb: to.verb, tx, status: 'error', error: problem });
    this.#options.onReport({ verb: to.verb, by: null, status: 'error', problem });
    onFailed();
  }

  #count(reason: string): void {
    this.#counts[reason] = (this.#counts[reason] ?? 0) + 1;
  }
}

const TOO_MANY = refusal('rate_limited', 'expected at most 10 commands a second, found more');

/** What can be refused before anything of a command is read, is. */
function readUnlessRefused({ message, address }: Asked, read: Inquiry['read']): ReadCommand {
  const problem = earlyRefusal(message, address);
  return problem === undefined ? read(message.payload) : { kind: 'refused', tx: null, problem };
}

function earlyRefusal(message: ReceivedMessage, address: ReplyAddress): Problem | undefined {
  if (message.retained) return refusal('retained', 'expected a command that nobody keeps, found a retained one');
  if (!address.isAllowed)
    return refusal('response_topic', 'expected a response topic of this node, found one elsewhere');
  if (message.waited && message.expirySeconds === undefined)
    return refusal('expired', 'expected a command of now, found one that waited on the broker without an expiry');
  return undefined;
}

function unsupported({ address }: Asked): Problem {
  return refusal('unsupported', `expected a verb that this version knows, found "${address.verb}"`);
}

function reportOf(verb: string, { by }: Command, { status, problem }: ErrandEnd): CommandReport {
  return { verb, by, status, ...(problem === undefined ? {} : { problem }) };
}
