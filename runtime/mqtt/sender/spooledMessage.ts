import Type from '#typebox';
import { Compile } from '#typebox/compile';
import type { Message } from '../message';

/** A message and both places where it may go. */
export interface OutgoingMessage {
  readonly topic: string;
  /** For what comes too late for the live topic, so that an alarm of hours ago starts nothing (reference/mqtt.md §4). */
  readonly lateTopic: string;
  readonly message: Message;
}

/** Kind of the records that this module writes into the spool. A changed format is another kind. */
export const MESSAGE_KIND = 1;

const Topic = Type.String({ minLength: 1, maxLength: 1024 });
const headerValidator = Compile(
  Type.Object({
    topic: Topic,
    lateTopic: Topic,
    properties: Type.Object({
      contentType: Type.String({ maxLength: 256 }),
      text: Type.Boolean(),
      expirySeconds: Type.Optional(Type.Integer({ minimum: 0 })),
      attributes: Type.Optional(Type.Record(Type.String(), Type.String())),
    }),
  }),
);

const LENGTH_BYTES = 4;

/** Length of the header (4 bytes, little-endian), a header in JSON, the payload as it is. */
export function encodeOutgoing({ topic, lateTopic, message }: OutgoingMessage): Buffer {
  const header = Buffer.from(JSON.stringify({ topic, lateTopic, properties: message.properties }));
  const body = Buffer.allocUnsafe(LENGTH_BYTES + header.length + message.payload.length);
  body.writeUInt32LE(header.length);
  header.copy(body, LENGTH_BYTES);
  message.payload.copy(body, LENGTH_BYTES + header.length);
  return body;
}

/** The reverse; `undefined` for what is no message. The payload is a view into `body`. */
export function decodeOutgoing(body: Buffer): OutgoingMessage | undefined {
  if (body.length < LENGTH_BYTES) return undefined;
  const end = LENGTH_BYTES + body.readUInt32LE();
  if (end > body.length) return undefined;
  const header = parseJson(body.toString('utf8', LENGTH_BYTES, end));
  if (!headerValidator.Check(header)) return undefined;
  const { topic, lateTopic, properties } = header;
  return { topic, lateTopic, message: { payload: body.subarray(end), properties } };
}

/** A document that says of itself whether it is `historical` (event/1) says so when it comes late. */
export function asHistorical(message: Message): Message {
  if (message.properties.contentType !== 'application/json') return message;
  const document = parseJson(message.payload.toString());
  if (typeof document !== 'object' || document === null || !('historical' in document)) return message;
  return { ...message, payload: Buffer.from(JSON.stringify({ ...document, historical: true })) };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
