import type { Command } from 'commander';
import { Compile } from '#typebox/compile';
import { type Millis, systemClock } from '../clock';
import { messageOf, SensebindError } from '../errors';
import { decodeEmbedding } from '../mqtt/embeddingMessage';
import type { EventMessage } from '../mqtt/eventMessage';
import { flagsOfBits } from '../mqtt/flagBits';
import { LabelStateWord } from '../mqtt/labelMessage';
import { type SchemaId, type ScoresMessage, SourceStatusWord, StatusWord, validators } from '../mqtt/messages';
import { isBaseTopic, kindOfTopic, type TopicKind } from '../mqtt/topics';
import { untilInterrupted } from './interrupt';
import { type OutputOptions, print, printNote, UsageError } from './output';
import { parseRunTime } from './runTime';
import { watchBroker } from './watchBroker';

interface WatchFlags extends OutputOptions {
  readonly base: string;
  readonly for?: string;
}

/** `sensebind watch`: what nodes publish on a broker, as it comes. */
export function registerWatch(program: Command): void {
  program
    .command('watch')
    .description('subscribe to a broker and show what Sensebind nodes publish')
    .argument('<broker>', 'address of the broker, such as mqtt://localhost:1883')
    .option('--base <topic>', 'base topic of the nodes', 'sensebind')
    .option('--for <duration>', 'stop by itself after this long, such as 20s')
    .option('--json', 'print one JSON object a message')
    .action((broker: string, flags: WatchFlags) => untilInterrupted((signal) => watch(broker, { ...flags, signal })));
}

async function watch(broker: string, flags: WatchFlags & { readonly signal: AbortSignal }): Promise<void> {
  const runTime = parseRunTime(flags.for);
  const signal = AbortSignal.any([flags.signal, parentGone()]);
  const stop = await watchBroker({
    address: broker,
    topic: `${parseBase(flags.base)}/v1/#`,
    onMessage: (topic, payload) => show(topic, payload, flags),
    onNote: printNote,
    signal,
  });
  if (!stop) return;
  await finished(runTime, signal);
  await stop();
}

function parseBase(base: string): string {
  if (isBaseTopic(base)) return base;
  throw new UsageError(
    `expected --base with a topic such as home/sensors, found ${base}`,
    'Leave it out for sensebind.',
  );
}

/** Fires when the process that started this one with a channel is gone, even by `kill -9`. */
function parentGone(): AbortSignal {
  const controller = new AbortController();
  process.once('disconnect', () => controller.abort());
  // Listening to it must not keep this process alive.
  process.channel?.unref();
  return controller.signal;
}

/** Resolves when the time is over or the signal comes. */
function finished(runTime: Millis | undefined, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const timer = runTime === undefined ? undefined : systemClock.setTimer(runTime, resolve);
    const abort = (): void => {
      timer?.cancel();
      resolve();
    };
    signal.addEventListener('abort', abort, { once: true });
  });
}

function show(topic: string, payload: Buffer, { json }: OutputOptions): void {
  try {
    const kind = kindOfTopic(topic);
    if (kind === undefined) return;
    const isCleared = payload.length === 0;
    const object = (): object => (isCleared ? { cleared: true } : asObject(kind, payload));
    const text = (): string | undefined => (isCleared ? '(cleared)' : asText(kind, payload));
    const line = json ? JSON.stringify({ ...object(), topic }) : text();
    if (line !== undefined) print(oneLine(json ? line : `${topic}  ${line}`));
  } catch (error) {
    printNote(oneLine(`${topic}: ${messageOf(error)}`));
  }
}

/** Whoever publishes must not be able to write lines of their own. */
function oneLine(text: string): string {
  return text.replaceAll('\n', '?');
}

function asObject(kind: TopicKind, payload: Buffer): object {
  switch (kind) {
    case 'status':
    case 'source-status':
      return { status: word(kind, payload) };
    case 'label-state':
      return { state: word(kind, payload) };
    case 'embedding': {
      const { message, vector } = decodeEmbedding(payload);
      return { ...message, v: [...vector] };
    }
    default:
      return parse(SCHEMAS[kind], payload);
  }
}

/** One of the few words of a topic. */
function word(kind: WordKind, payload: Buffer): string {
  const text = payload.subarray(0, LONGEST_WORD).toString('utf8');
  const { validator, example } = WORDS[kind];
  if (validator.Check(text)) return text;
  throw new SensebindError(
    'MESSAGE_INVALID',
    `expected a word such as ${example}, found ${JSON.stringify(text)}`,
    'look at who publishes on this topic',
  );
}

/** Bytes of a status that are looked at. */
const LONGEST_WORD = 32;

const WORDS = {
  status: { validator: Compile(StatusWord), example: 'online' },
  'source-status': { validator: Compile(SourceStatusWord), example: 'online' },
  'label-state': { validator: Compile(LabelStateWord), example: 'ON' },
} as const;
type WordKind = keyof typeof WORDS;

const SCHEMAS = {
  info: 'info/1',
  health: 'health/1',
  'source-state': 'source/1',
  scores: 'scores/1',
  label: 'label/1',
  event: 'event/1',
  'late-event': 'event/1',
} as const satisfies Record<Exclude<TopicKind, WordKind | 'embedding'>, SchemaId>;

function parse(schema: SchemaId, payload: Buffer): object {
  const value: unknown = JSON.parse(payload.toString('utf8'));
  const validator = validators[schema];
  if (validator.Check(value)) return value;
  const [problem] = validator.Errors(value);
  throw new SensebindError(
    'MESSAGE_INVALID',
    `Expected ${schema}, found: ${problem?.instancePath ?? ''} ${problem?.message ?? 'something else'}`,
    'Look at who publishes on this topic.',
  );
}

/** A line for a person; `undefined` for what only programs read. */
function asText(kind: TopicKind, payload: Buffer): string | undefined {
  switch (kind) {
    case 'status':
    case 'source-status':
    case 'label-state':
      return word(kind, payload);
    case 'embedding': {
      const { message } = decodeEmbedding(payload);
      return `${message.m} embedding ${message.seq}, ${message.d} × ${message.dt}, ${flagsOfBits(message.q).join(', ') || 'no flags'}`;
    }
    case 'scores': {
      const message = parse('scores/1', payload);
      return isScores(message) ? scoresLine(message) : undefined;
    }
    case 'event':
    case 'late-event': {
      const message = parse('event/1', payload);
      return isEvent(message) ? eventLine(message) : undefined;
    }
    case 'info':
      return noticeOf(parse('info/1', payload));
    case 'health':
    case 'source-state':
    case 'label':
      return undefined;
  }
}

/** What the labels of a node must not be taken for, where its weights need that said. */
function noticeOf(info: object): string | undefined {
  const { notice } = validators['info/1'].Check(info) ? (info.bundle ?? {}) : {};
  return notice === undefined ? undefined : `note: ${notice}`;
}

function isEvent(value: object): value is EventMessage {
  return validators['event/1'].Check(value);
}

function eventLine({ phase, severity, labels, p, measures, t_start, t_end, t_detect }: EventMessage): string {
  const seconds = (((t_end ?? t_detect) - t_start) / 1e6).toFixed(1);
  const seen = [
    ...labels.map((label) => (p === null ? label : `${label} ${(100 * p).toFixed(0)} %`)),
    ...measures.map(({ m, v, unit }) => `${m} ${v === null ? 'unknown' : `${v.toFixed(1)} ${unit}`}`),
  ];
  return `${phase} ${severity}, ${seconds} s: ${seen.join(', ')}`;
}

function isScores(value: object): value is ScoresMessage {
  return validators['scores/1'].Check(value);
}

/** Without trained weights a probability would look as if it meant something: similarities only. */
function scoresLine({ k, set }: ScoresMessage): string {
  const labels = k.map(({ l, p, cos }) =>
    p === null ? `cosine to "${l}" ${cos.toFixed(3)}` : `${l} ${(100 * p).toFixed(0)} %`,
  );
  return `${set}: ${labels.join(', ')}`;
}
