import type { BrokerLink } from '../mqtt/link';
import { jsonMessage } from '../mqtt/message';
import type { ReceivedMessage } from '../mqtt/received';
import type { CommandTopics } from '../mqtt/topics';
import { type ResponseMessage, VERB_PATTERN } from './commandMessages';
import { refusal } from './problems';

const EXPIRY_SECONDS = 30;

/** The largest answer: brokers in the cloud take no more than 128 KiB, and a reader must be able to hold it. */
const MAX_ANSWER_BYTES = 120 * 1024;

const MAX_CORRELATION_BYTES = 256;
const VERB = new RegExp(VERB_PATTERN);

/** Where an answer goes. */
export interface ReplyAddress {
  readonly topic: string;
  readonly correlation?: Buffer;
  /** The verb, or `unknown` for what cannot be one. */
  readonly verb: string;
  /** False: whoever asked wanted it where this node does not publish; it goes to the node's own topic. */
  readonly isAllowed: boolean;
}

/** The response topic of a command, if it is one where answers may go; else that of its verb. */
export function replyAddress(
  { responseTopic, correlation }: Pick<ReceivedMessage, 'responseTopic' | 'correlation'>,
  node: { readonly topics: CommandTopics; readonly verb: string; readonly responsePrefixes: readonly string[] },
): ReplyAddress {
  const verb = VERB.test(node.verb) ? node.verb : 'unknown';
  const isAllowed =
    responseTopic === undefined || isUnder(responseTopic, [node.topics.responses, ...node.responsePrefixes]);
  const isCarried = correlation !== undefined && correlation.length <= MAX_CORRELATION_BYTES;
  return {
    topic: isAllowed && responseTopic !== undefined ? responseTopic : node.topics.response(verb),
    ...(isCarried ? { correlation } : {}),
    verb,
    isAllowed,
  };
}

/** Plain levels under one of the prefixes, so that an answer cannot become a command or a state. */
function isUnder(topic: string, prefixes: readonly string[]): boolean {
  if (topic.length > 256 || !/^[\x21-\x7e]+$/.test(topic) || /[+#$]/.test(topic)) return false;
  const levels = topic.split('/');
  if (levels.some((level) => level === '')) return false;
  return prefixes.some((prefix) => topic.startsWith(`${prefix}/`));
}

export function answer(link: Pick<BrokerLink, 'answer'>, address: ReplyAddress, response: ResponseMessage): void {
  const { topic, correlation } = address;
  const properties = { expirySeconds: EXPIRY_SECONDS, ...(correlation === undefined ? {} : { correlation }) };
  link.answer(topic, jsonMessage(fitting(response), properties));
}

/** An answer that is too large for whoever is to read it becomes one that says so. */
export function fitting(response: ResponseMessage): ResponseMessage {
  const bytes = Buffer.byteLength(JSON.stringify(response));
  if (bytes <= MAX_ANSWER_BYTES) return response;
  const { s, verb, tx } = response;
  const problem = refusal('too_large', `expected an answer of at most ${MAX_ANSWER_BYTES} bytes, found ${bytes}`);
  return { s, verb, tx, status: 'error', error: problem };
}
