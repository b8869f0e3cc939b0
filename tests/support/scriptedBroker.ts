import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import mqttPacket, { type IConnectPacket, type Packet } from 'mqtt-packet';

/** One connection to a {@link ScriptedBroker}. */
export interface ScriptedClient {
  /** From 0, in the order of their CONNECT. */
  readonly attempt: number;
  readonly connect: IConnectPacket;
  /** Sends a packet in the version of MQTT that the client asked for. */
  send(packet: Packet): void;
  readonly socket: Socket;
}

export interface ReceivedPacket {
  readonly attempt: number;
  readonly packet: Packet;
}

/** What a broker does with a packet, CONNECT included. */
export type Script = (packet: Packet, client: ScriptedClient) => void;

/** A broker that misbehaves on purpose: real sockets and packets, and a script in place of good manners. */
export class ScriptedBroker {
  readonly received: ReceivedPacket[] = [];
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #script: Script;
  #attempts = 0;
  #onReceived = (): void => undefined;

  private constructor(script: Script) {
    this.#script = script;
    this.#server = createServer((socket) => this.#serve(socket));
  }

  static async start(
    context: { after(cleanUp: () => Promise<void>): void },
    script: Script = polite,
  ): Promise<ScriptedBroker> {
    const broker = new ScriptedBroker(script);
    broker.#server.listen(0, '127.0.0.1');
    await once(broker.#server, 'listening');
    context.after(async () => {
      broker.cut();
      broker.#server.close();
      await once(broker.#server, 'close');
    });
    return broker;
  }

  get url(): string {
    const address = this.#server.address();
    if (typeof address !== 'object' || address === null) throw new Error('expected a port');
    return `mqtt://127.0.0.1:${address.port}`;
  }

  /** Ends every connection, as a network does. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  /** Resolves once a packet that fits has been received. */
  until(fits: (received: ReceivedPacket) => boolean): Promise<ReceivedPacket> {
    return new Promise((resolve) => {
      const look = (): void => {
        const found = this.received.find(fits);
        if (found) resolve(found);
      };
      const before = this.#onReceived;
      this.#onReceived = () => {
        before();
        look();
      };
      look();
    });
  }

  #serve(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('close', () => this.#sockets.delete(socket)).on('error', () => undefined);
    const parser = mqttPacket.parser();
    let client: ScriptedClient | undefined;
    parser.on('packet', (packet: Packet) => {
      if (packet.cmd === 'connect') {
        const { protocolVersion = 4 } = packet;
        const send = (answer: Packet): boolean => socket.write(mqttPacket.generate(answer, { protocolVersion }));
        client = { attempt: this.#attempts++, connect: packet, send, socket };
      }
      if (!client) throw new Error(`expected CONNECT first, found ${packet.cmd}`);
      this.received.push({ attempt: client.attempt, packet });
      this.#onReceived();
      this.#script(packet, client);
    });
    socket.on('data', (bytes: Buffer) => void parser.parse(bytes));
  }
}

/** What a broker should do. */
export function polite(packet: Packet, { send, socket }: ScriptedClient): void {
  if (packet.cmd === 'connect') send(connack(0));
  if (packet.cmd === 'publish' && packet.qos === 1) {
    send({ cmd: 'puback', messageId: packet.messageId ?? 0, reasonCode: 0 });
  }
  if (packet.cmd === 'pingreq') send({ cmd: 'pingresp' });
  if (packet.cmd === 'disconnect') socket.end();
}

/** The answer to CONNECT; `properties` are those of MQTT 5. */
export function connack(code: number, properties: Extract<Packet, { cmd: 'connack' }>['properties'] = {}): Packet {
  return { cmd: 'connack', sessionPresent: false, returnCode: code, reasonCode: code, properties };
}

/** Payloads that were published on a topic, in one attempt or all. */
export function published(broker: ScriptedBroker, topic: string, attempt?: number): string[] {
  return broker.received
    .filter((received) => attempt === undefined || received.attempt === attempt)
    .map(({ packet }) => packet)
    .filter((packet) => packet.cmd === 'publish')
    .filter((packet) => packet.topic === topic)
    .map(({ payload }) => payload.toString());
}

/** For `until`: a message on a topic, in an attempt. */
export const publish =
  (topic: string, attempt = 0) =>
  (received: ReceivedPacket): boolean =>
    received.attempt === attempt && received.packet.cmd === 'publish' && received.packet.topic === topic;
