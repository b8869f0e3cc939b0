/** What a message needs beside its topic. */
export interface Message {
  readonly payload: Buffer;
  /** MQTT 5 only; payloads describe themselves, so that nothing is lost on 3.1.1. */
  readonly properties: MessageProperties;
}

export interface MessageProperties {
  readonly contentType: string;
  /** The payload is UTF-8. */
  readonly text: boolean;
  readonly expirySeconds?: number;
  /** Named after CloudEvents attributes (reference/mqtt.md §2.6). */
  readonly attributes?: Readonly<Record<string, string>>;
  /** What whoever asked wants to see in the answer. */
  readonly correlation?: Buffer;
}

/** Removes what a topic retains. */
export const CLEARED: Message = { payload: Buffer.alloc(0), properties: { contentType: 'text/plain', text: true } };

/** A bare word, such as `online`. */
export function wordMessage(word: string): Message {
  return { payload: Buffer.from(word), properties: { contentType: 'text/plain', text: true } };
}

/** A JSON document. */
export function jsonMessage(
  document: object,
  properties: Omit<MessageProperties, 'contentType' | 'text'> = {},
): Message {
  return {
    payload: Buffer.from(JSON.stringify(document)),
    properties: { contentType: 'application/json', text: true, ...properties },
  };
}

/**
 * Bytes of the PUBLISH packet at most, to be held against the broker's maximum packet size before sending: one that is
 * too large costs the connection (reference/mqtt.md §1). MQTT 5 §2.1.4, §3.3.
 */
export function packetBytes(topic: string, message: Message): number {
  const { contentType, attributes, correlation } = message.properties;
  const fixedHeader = 5;
  const topicAndId = 2 + Buffer.byteLength(topic) + 2;
  const lengthFormatExpiry = 4 + 2 + 5;
  let properties = lengthFormatExpiry + 3 + Buffer.byteLength(contentType);
  if (correlation !== undefined) properties += 3 + correlation.length;
  for (const [name, value] of Object.entries(attributes ?? {})) {
    properties += 5 + Buffer.byteLength(name) + Buffer.byteLength(value);
  }
  return fixedHeader + topicAndId + properties + message.payload.length;
}

/** A copy of a message that may be kept for days: a small payload would keep the whole pool that it was cut from. */
export function forLong({ payload, properties }: Message): Message {
  if (payload.byteLength === payload.buffer.byteLength) return { payload, properties };
  const own = Buffer.allocUnsafeSlow(payload.length);
  payload.copy(own);
  return { payload: own, properties };
}
