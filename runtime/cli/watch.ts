import type { Command } from 'commander';
import { connectAsync, type MqttClient } from 'mqtt';
import { type Millis, systemClock } from '../clock';
import { messageOf, SensebindError } from '../errors';
import { withoutSecrets } from '../mqtt/address';
import { decodeEmbedding } from '../mqtt/embeddingMessage';
import { flagsOfBits } from '../mqtt/flagBits';
import { type SchemaId, type ScoresMessage, validators } from '../mqtt/messages';
import { kindOfTopic, type TopicKind } from '../mqtt/topics';
import { untilInterrupted } from './interrupt';
import { type OutputOptions, print, printNote } from './output';
import { parseRunTime } from './runTime';

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
  const client = await subscriber(broker);
  client.on('error', (error) => printNote(`broker: ${error.message}`));
  client.on('message', (topic, payload) => show(topic, payload, flags));
  await client.subscribeAsync(`${flags.base}/v1/#`, { qos: 1 });
  await finished(runTime, flags.signal);
  await client.endAsync(true);
}

/** MQTT 5, and 3.1.1 with brokers that refuse it. @throws {SensebindError} `BROKER_UNREACHABLE` */
async function subscriber(broker: string): Promise<MqttClient> {
  try {
    return await connectAsync(broker, { protocolVersion: 5 }, false).catch(() =>
      connectAsync(broker, { protocolVersion: 4 }, false),
    );
  } catch (error) {
    throw new SensebindError(
      'BROKER_UNREACHABLE',
      `Expected a broker at ${withoutSecrets(broker)}, found: ${messageOf(error)}`,
      'Check the address, and that the broker runs.',
      { cause: error },
    );
  }
}

/** Resolves when the time is over or the signal comes. */
function finished(runTime: Millis | undefined, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
    if (runTime !== undefined) systemClock.setTimer(runTime, resolve);
  });
}

function show(topic: string, payload: Buffer, { json }: OutputOptions): void {
  try {
    const kind = kindOfTopic(topic);
    if (kind === undefined) return;
    const line = json ? JSON.stringify({ topic, ...asObject(kind, payload) }) : asText(kind, payload);
    if (line !== undefined) print(json ? line : `${topic}  ${line}`);
  } catch (error) {
    printNote(`${topic}: ${messageOf(error)}`);
  }
}

function asObject(kind: TopicKind, payload: Buffer): object {
  switch (kind) {
    case 'status':
    case 'source-status':
      return { status: payload.toString('utf8') };
    case 'embedding': {
      const { message, vector } = decodeEmbedding(payload);
      return { ...message, v: [...vector] };
    }
    default:
      return parse(SCHEMAS[kind], payload);
  }
}

const SCHEMAS = {
  info: 'info/1',
  health: 'health/1',
  'source-state': 'source/1',
  scores: 'scores/1',
} as const satisfies Record<Exclude<TopicKind, 'status' | 'source-status' | 'embedding'>, SchemaId>;

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
      return payload.toString('utf8');
    case 'embedding': {
      const { message } = decodeEmbedding(payload);
      return `${message.m} embedding ${message.seq}, ${message.d} × ${message.dt}, ${flagsOfBits(message.q).join(', ') || 'no flags'}`;
    }
    case 'scores': {
      const message = parse('scores/1', payload);
      return isScores(message) ? scoresLine(message) : undefined;
    }
    case 'info':
    case 'health':
    case 'source-state':
      return undefined;
  }
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
