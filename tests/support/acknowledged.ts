import mqttPacket, { type Packet, type Parser } from 'mqtt-packet';
import type { ProxyTap } from './delayingProxy';

interface Conversation {
  readonly client: Parser;
  readonly broker: Parser;
  /** Ids of messages without an answer, by packet id. */
  readonly inFlight: Map<number, number>;
}

/**
 * Reads along what a client and a real broker say to each other over MQTT 5, and knows which messages the broker has
 * acknowledged: those whose payload is JSON with a number `id`, at QoS 1.
 */
export class Acknowledged implements ProxyTap {
  /** How often the broker has taken each message. */
  readonly times = new Map<number, number>();
  /** The most messages without an answer, of any kind, on one connection. */
  mostInFlight = 0;
  readonly #conversations = new Map<number, Conversation>();

  toServer(bytes: Buffer, connection: number): void {
    this.#conversation(connection).client.parse(bytes);
  }

  toClient(bytes: Buffer, connection: number): void {
    this.#conversation(connection).broker.parse(bytes);
  }

  /** Messages that were acknowledged more than once. */
  get doubled(): number {
    return [...this.times.values()].filter((times) => times > 1).length;
  }

  #conversation(connection: number): Conversation {
    const known = this.#conversations.get(connection);
    if (known !== undefined) return known;
    const conversation: Conversation = {
      client: mqttPacket.parser(),
      broker: mqttPacket.parser({ protocolVersion: 5 }),
      inFlight: new Map(),
    };
    conversation.client.on('packet', (packet: Packet) => {
      if (packet.cmd !== 'publish' || packet.qos !== 1) return;
      conversation.inFlight.set(packet.messageId ?? 0, idOf(packet.payload));
      this.mostInFlight = Math.max(this.mostInFlight, conversation.inFlight.size);
    });
    conversation.broker.on('packet', (packet: Packet) => {
      if (packet.cmd !== 'puback') return;
      const id = conversation.inFlight.get(packet.messageId ?? 0) ?? -1;
      conversation.inFlight.delete(packet.messageId ?? 0);
      if (id >= 0) this.times.set(id, (this.times.get(id) ?? 0) + 1);
    });
    this.#conversations.set(connection, conversation);
    return conversation;
  }
}

function idOf(payload: string | Buffer): number {
  const found = /"id":(\d+)/.exec(payload.toString());
  return found === null ? -1 : Number(found[1]);
}
