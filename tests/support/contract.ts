import { readFileSync } from 'node:fs';
import path from 'node:path';
import { connectAsync } from 'mqtt';
import { unpack } from 'msgpackr';
import { parse } from 'yaml';
import { Compile, type Validator } from '#typebox/schema';
import { readDiscovery } from './homeAssistant';
import { repositoryRoot } from './paths';

/** What of the shipped asyncapi.yaml is read here. */
interface Document {
  readonly channels: Readonly<
    Record<string, { readonly address: string; readonly messages: Readonly<Record<string, unknown>> }>
  >;
  readonly operations: Readonly<
    Record<
      string,
      {
        readonly action: 'send' | 'receive';
        readonly channel: { readonly $ref: string };
        readonly bindings: { readonly mqtt: { readonly retain: boolean } };
      }
    >
  >;
  readonly components: {
    readonly messages: Readonly<
      Record<string, { readonly contentType: string; readonly payload: { readonly schema: { readonly $ref: string } } }>
    >;
  };
}

interface ShippedChannel {
  readonly name: string;
  readonly topic: RegExp;
  readonly contentType: string;
  readonly validator: Validator;
  readonly isRetained: boolean;
  /** A node publishes on it; on others, whoever likes to, and what they like. */
  readonly isSent: boolean;
}

const RESOURCES = path.join(repositoryRoot, 'resources');

const LEVEL = '[a-z0-9_-]{1,64}';
const LEVELS = `${LEVEL}(?:/${LEVEL})*`;

const channels: readonly ShippedChannel[] = shippedChannels();

/**
 * What is wrong with a message, held against the files in resources/ alone, as anybody else could: nothing of the code
 * that publishes is used. A topic that they do not know is a problem.
 */
export function contractProblems(topic: string, payload: Uint8Array): string[] {
  const channel = channelOf(topic);
  if (channel === undefined) return [`${topic}: not a topic of resources/asyncapi.yaml`];
  const { contentType, validator, isRetained } = channel;
  // Removes what the topic retains.
  if (isRetained && payload.length === 0) return [];
  try {
    const [, errors] = validator.Errors(decode(payload, contentType));
    return errors.map(({ instancePath, message }) => `${topic}: ${instancePath} ${message}`);
  } catch (error) {
    return [`${topic}: not ${contentType}: ${error}`];
  }
}

/** The name that resources/asyncapi.yaml has for a topic. */
export function channelNameOf(topic: string): string | undefined {
  return channelOf(topic)?.name;
}

/** Looks at everything that a broker passes on. */
export interface ContractWatch {
  /** Resolves when all that the broker has now was looked at. */
  settled(): Promise<void>;
  /** @throws when a message was not as the contract says. */
  check(): void;
}

/**
 * Subscribes to all topics of nodes, and holds every message against the shipped files; what Home Assistant is told,
 * against what it documents.
 */
export async function watchContract(
  url: string,
  login: { readonly username?: string; readonly password?: string } = {},
): Promise<ContractWatch> {
  const problems: string[] = [];
  const client = await connectAsync(url, { ...login, reconnectPeriod: 0 });
  client.on('message', (topic, payload) => {
    if (problems.length >= 10 || isOfOthers(topic)) return;
    problems.push(...(isDiscovery(topic) ? discoveryProblems(topic, payload) : contractProblems(topic, payload)));
  });
  client.on('error', () => undefined);
  await client.subscribeAsync(['+/v1/#', 'homeassistant/device/+/config']);
  return {
    settled: async () => {
      // A broker answers a subscription after all that it had for the subscriber before.
      if (client.connected) await client.subscribeAsync('nothing').catch(() => undefined);
      await client.endAsync(true);
    },
    check: () => {
      if (problems.length > 0) throw new Error(`messages that break the contract:\n${problems.join('\n')}`);
    },
  };
}

/** What nodes only read: anybody may write there, and what they like. */
const isOfOthers = (topic: string): boolean =>
  channelOf(topic)?.isSent === false || /^[^/]+\/v1\/[^/]+\/(?:(?:cmd|in)\/|label\/[^/]+\/[^/]+\/set$)/.test(topic);

const isDiscovery = (topic: string): boolean => topic.startsWith('homeassistant/');

function discoveryProblems(topic: string, payload: Uint8Array): string[] {
  try {
    readDiscovery(topic, payload);
    return [];
  } catch (error) {
    return [String(error)];
  }
}

function channelOf(topic: string): ShippedChannel | undefined {
  return channels.find((channel) => channel.topic.test(topic));
}

function shippedChannels(): ShippedChannel[] {
  const document = parse(readFileSync(path.join(RESOURCES, 'asyncapi.yaml'), 'utf8')) as Document;
  return Object.entries(document.channels).map(([name, { address, messages }]) => {
    const [message = ''] = Object.keys(messages);
    const { contentType, payload } = document.components.messages[message]!;
    const schema: object = JSON.parse(readFileSync(path.join(RESOURCES, payload.schema.$ref), 'utf8'));
    const pattern = address.replaceAll(/\{(?:base|verb)\}/g, LEVELS).replaceAll(/\{[a-z]+\}/g, LEVEL);
    const operation = Object.values(document.operations).find(({ channel }) => channel.$ref === `#/channels/${name}`)!;
    return {
      name,
      topic: new RegExp(`^${pattern}$`),
      contentType,
      validator: Compile(schema),
      isRetained: operation.bindings.mqtt.retain,
      isSent: operation.action === 'send',
    };
  });
}

function decode(payload: Uint8Array, contentType: string): unknown {
  if (contentType === 'text/plain') return Buffer.from(payload).toString();
  if (contentType === 'application/json') return JSON.parse(Buffer.from(payload).toString());
  if (contentType.includes('msgpack')) return numbersOf(unpack(payload));
  if (contentType.startsWith('application/vnd.sensebind.readings')) return Buffer.from(payload).toString('latin1');
  throw new Error(`no reader for ${contentType}`);
}

/** msgpack has 64-bit integers, JSON Schema has numbers. */
function numbersOf(map: unknown): unknown {
  if (typeof map !== 'object' || map === null) return map;
  return Object.fromEntries(
    Object.entries(map).map(([key, value]: [string, unknown]) => [
      key,
      typeof value === 'bigint' ? Number(value) : value,
    ]),
  );
}
