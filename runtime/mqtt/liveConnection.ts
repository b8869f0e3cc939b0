import type { BrokerLimits, Connection } from './connection';
import type { Message } from './message';
import type { OutboxItem } from './sender/outbox';

/** A message at QoS 1. */
export type Delivery =
  | { readonly kind: 'answer'; readonly topic: string; readonly message: Message }
  | { readonly kind: 'retained'; readonly topic: string; readonly message: Message }
  | { readonly kind: 'posted'; readonly topic: string; readonly message: Message; readonly item: OutboxItem };

/** The connection of the moment, and what it still has to carry. */
export interface Live {
  readonly connection: Connection;
  readonly limits: BrokerLimits;
  readonly dirty: Set<string>;
  /** Topics whose oversize messages were told of: a stream of them is counted, not told one by one. */
  readonly toldOversize: Set<string>;
  /** Passing messages that wait for room in the socket, the last of each topic. */
  readonly held: Map<string, Message>;
  /** What waits for room in the window; of use only to those who are there now. */
  readonly answers: Pick<Delivery, 'topic' | 'message'>[];
  inFlight: number;
  /** Answers to come until all that the last connection may have ended over was sent again. */
  suspects: number;
}

/** A connection that has just begun: all of `dirty` has to be published on it. */
export function liveOf(connection: Connection, begun: Pick<Live, 'limits' | 'dirty' | 'suspects'>): Live {
  return { connection, ...begun, toldOversize: new Set(), held: new Map(), answers: [], inFlight: 0 };
}
