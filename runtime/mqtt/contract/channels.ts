import { EMBEDDING_CONTENT_TYPE } from '../embeddingMessage';
import type { ContractSchemaId } from './schemas';

/** How the bytes of a payload are to be read. */
export type PayloadEncoding = 'word' | 'json' | 'msgpack' | 'binary';

/** A topic of contract v1 (reference/mqtt.md §4), and what is said on it. */
export interface Channel {
  /** Identifier in AsyncAPI. */
  readonly name: string;
  /** With `{parameters}`; {@link PARAMETERS} tells what they are. */
  readonly address: string;
  readonly summary: string;
  readonly qos: 0 | 1;
  readonly retain: boolean;
  /** After which a broker that speaks MQTT 5 throws it away. Left out: never. */
  readonly expirySeconds?: number;
  readonly encoding: PayloadEncoding;
  readonly contentType: string;
  readonly schema: ContractSchemaId;
  /** With MQTT 5, its user properties make it a CloudEvent in binary mode. */
  readonly isCloudEvent: boolean;
}

/** What stands in for a part of a topic. */
export const PARAMETERS: Readonly<Record<string, string>> = {
  base: 'Base topic of the configuration (baseTopic): one or more levels. Default: sensebind.',
  node: 'Id of the node.',
  source: 'Id of a source.',
  group: 'Id of a group of sources that are looked at together.',
  rule: 'Id of a rule.',
  label: 'Id of a label.',
  verb: 'Verb of a command, such as labels/put: one or more levels.',
  job: 'Id of a long command that is under way, from the answer to it.',
};

const NODE = '{base}/v1/{node}';

/** Seconds that a live message is worth sending. */
export const LIVE_EXPIRY_SECONDS = 5;
/** Three periods of the health message. */
export const HEALTH_EXPIRY_SECONDS = 30;

const retainedWord = {
  qos: 1,
  retain: true,
  encoding: 'word',
  contentType: 'text/plain',
  isCloudEvent: false,
} as const;
const json = { encoding: 'json', contentType: 'application/json' } as const;
const live = { qos: 0, retain: false, expirySeconds: LIVE_EXPIRY_SECONDS, isCloudEvent: true } as const;
const embedding = { ...live, encoding: 'msgpack', contentType: EMBEDDING_CONTENT_TYPE, schema: 'emb/1' } as const;
const scores = { ...live, ...json, schema: 'scores/1' } as const;
const event = { ...json, qos: 1, retain: false, schema: 'event/1', isCloudEvent: true } as const;

const setting = { encoding: 'word', contentType: 'text/plain', isCloudEvent: false } as const;
const told = { ...json, qos: 1, retain: false, isCloudEvent: false } as const;

/** Everything that a node publishes. */
export const publishedChannels: readonly Channel[] = [
  {
    ...retainedWord,
    name: 'nodeStatus',
    address: `${NODE}/status`,
    summary: 'Whether the node is there. "offline" is its will, sent 5 s after it is gone.',
    schema: 'status/1',
  },
  {
    ...json,
    name: 'nodeInfo',
    address: `${NODE}/info`,
    summary: 'Versions, models, sources, groups, rules and label sets of the node.',
    qos: 1,
    retain: true,
    schema: 'info/1',
    isCloudEvent: false,
  },
  {
    ...json,
    name: 'nodeHealth',
    address: `${NODE}/health`,
    summary: 'Rates, times, memory, and what was dropped and why; every 10 s.',
    qos: 0,
    retain: false,
    expirySeconds: HEALTH_EXPIRY_SECONDS,
    schema: 'health/1',
    isCloudEvent: false,
  },
  {
    ...retainedWord,
    name: 'sourceStatus',
    address: `${NODE}/src/{source}/status`,
    summary: 'Whether a source delivers. A degraded one counts as offline.',
    schema: 'source-status/1',
  },
  {
    ...json,
    name: 'sourceState',
    address: `${NODE}/src/{source}/state`,
    summary: 'State of a source, with the reason in words; on change.',
    qos: 1,
    retain: true,
    schema: 'source/1',
    isCloudEvent: false,
  },
  {
    ...embedding,
    name: 'sourceEmbedding',
    address: `${NODE}/src/{source}/emb`,
    summary: 'The vector of one window of one source.',
  },
  {
    ...scores,
    name: 'sourceScores',
    address: `${NODE}/src/{source}/scores`,
    summary: 'The labels that are nearest to what a source senses.',
  },
  {
    ...embedding,
    name: 'groupEmbedding',
    address: `${NODE}/fused/{group}/emb`,
    summary: 'The joint vector of several sources.',
  },
  {
    ...scores,
    name: 'groupScores',
    address: `${NODE}/fused/{group}/scores`,
    summary: 'The labels that are nearest to what several sources sense together.',
  },
  {
    ...event,
    name: 'event',
    address: `${NODE}/event/{rule}`,
    summary: 'Something started, goes on, or ended.',
  },
  {
    ...event,
    name: 'lateEvent',
    address: `${NODE}/backfill/event/{rule}`,
    summary: 'An event that waited for more than 30 s, with its own times: for records, not for automations.',
  },
  {
    ...retainedWord,
    name: 'labelState',
    address: `${NODE}/label/{label}/state`,
    summary: 'Whether a label is the case, after hysteresis and minimum times.',
    schema: 'label-state/1',
  },
  {
    ...json,
    name: 'labelAttributes',
    address: `${NODE}/label/{label}/attr`,
    summary: 'What the state of a label rests on.',
    qos: 1,
    retain: true,
    schema: 'label/1',
    isCloudEvent: false,
  },
  {
    ...retainedWord,
    name: 'labelThreshold',
    address: `${NODE}/label/{label}/threshold/state`,
    summary: 'The probability from which a label is on.',
    schema: 'threshold/1',
  },
  {
    ...retainedWord,
    name: 'labelPrompt',
    address: `${NODE}/label/{label}/prompt/state`,
    summary: 'The words that a label is compared with.',
    schema: 'prompt/1',
  },
  {
    ...told,
    name: 'answer',
    address: `${NODE}/rsp/{verb}`,
    summary: 'Answer to a command that named no response topic.',
    schema: 'rsp/1',
  },
  {
    ...told,
    name: 'job',
    address: `${NODE}/job/{job}`,
    summary: 'How far a long command is, and at last how it ended.',
    schema: 'job/1',
  },
];

/** What a node reads. */
export const receivedChannels: readonly Channel[] = [
  {
    name: 'readingsIn',
    address: `${NODE}/in/{source}/readings`,
    summary: 'What a board measures for a source of the node; QoS 0 will do. Refused where the broker retained it.',
    qos: 1,
    retain: false,
    encoding: 'binary',
    contentType: 'application/vnd.sensebind.readings;v=1',
    schema: 'readings/1',
    isCloudEvent: false,
  },
  {
    ...told,
    name: 'command',
    address: `${NODE}/cmd/{verb}`,
    summary: 'Something to do. Answered on the response topic, or on rsp/{verb}.',
    expirySeconds: 30,
    schema: 'cmd/1',
  },
  {
    ...setting,
    name: 'setLabelThreshold',
    address: `${NODE}/label/{label}/threshold/set`,
    summary: 'The probability from which a label is to be on.',
    qos: 1,
    retain: false,
    schema: 'threshold/1',
  },
  {
    ...setting,
    name: 'setLabelPrompt',
    address: `${NODE}/label/{label}/prompt/set`,
    summary: 'The words that a label is to be compared with.',
    qos: 1,
    retain: false,
    schema: 'prompt/1',
  },
];
