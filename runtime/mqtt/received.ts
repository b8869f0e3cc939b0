import type { IPublishPacket } from 'mqtt';

/** A message from the broker, as it came. Whatever is in it was written by others. */
export interface ReceivedMessage {
  readonly topic: string;
  readonly payload: Buffer;
  /** The broker kept it from before; with MQTT 5 and without `echo`, also one that was published to be kept. */
  readonly retained: boolean;
  /** It was published while this client was away, and waited on the broker. */
  readonly waited: boolean;
  /** MQTT 5: where an answer is wanted, and what it must carry. */
  readonly responseTopic?: string;
  readonly correlation?: Buffer;
  /** MQTT 5: what is left of its life. */
  readonly expirySeconds?: number;
}

/** What is read of the broker. */
export interface Subscription {
  /** Topics; `+` and `#` as in MQTT. */
  readonly filter: string;
  /** Whether messages that the broker keeps are wanted on every connect, or only when the subscription is new there. */
  readonly retained: 'always' | 'when-new';
  /** What this client publishes itself is wanted, too; MQTT 3.1.1 always gives it. */
  readonly echo?: boolean;
  /** Must not throw, and must be quick. */
  readonly take: (message: ReceivedMessage) => void;
}

export function receivedMessage(packet: IPublishPacket, { waited }: { readonly waited: boolean }): ReceivedMessage {
  const { topic, payload, retain, properties = {} } = packet;
  const { responseTopic, correlationData, messageExpiryInterval } = properties;
  return {
    topic,
    payload: typeof payload === 'string' ? Buffer.from(payload) : payload,
    retained: retain,
    waited,
    ...(responseTopic === undefined ? {} : { responseTopic }),
    ...(correlationData === undefined ? {} : { correlation: correlationData }),
    ...(messageExpiryInterval === undefined ? {} : { expirySeconds: messageExpiryInterval }),
  };
}

/** Whether a topic is one of those that a filter names. Topics of the broker itself (`$SYS`) only by their name. */
export function topicMatches(filter: string, topic: string): boolean {
  const wanted = filter.split('/');
  const levels = topic.split('/');
  if (topic.startsWith('$') && wanted[0] !== levels[0]) return false;
  for (const [index, level] of wanted.entries()) {
    if (level === '#') return true;
    if (index >= levels.length || (level !== '+' && level !== levels[index])) return false;
  }
  return wanted.length === levels.length;
}
