import { Socket } from 'node:net';
import { connect, type IClientOptions, type MqttClient } from 'mqtt';
import { generate, type IPublishPacket, writeToStream } from 'mqtt-packet';
import type { Clock, Millis, Timer } from '../clock';
import { messageOf } from '../errors';
import type { Message } from './message';
import { PacketLengths } from './packetLengths';
import { type ReceivedMessage, receivedMessage, type Subscription } from './received';

export type ProtocolVersion = '5' | '3.1.1';

/** Where the broker is and who we are there. Secrets come from files or the environment (runtime/config/secrets.ts). */
export interface BrokerAccess {
  readonly url: string;
  readonly clientId: string;
  readonly username?: string;
  readonly password?: string;
  /** PEM. */
  readonly ca?: Buffer;
  readonly cert?: Buffer;
  readonly key?: Buffer;
}

/** What the broker says when we are gone without a goodbye. */
export interface Will {
  readonly topic: string;
  readonly message: Message;
}

/** What a broker allows, from its CONNACK. */
export interface BrokerLimits {
  /** QoS 1 messages that may wait for their acknowledgement. */
  readonly receiveMaximum: number;
  readonly maximumPacketBytes: number;
}

/** Why there is no connection (any more). */
export type ConnectionEnd =
  | { readonly kind: 'version-refused' }
  /** `lasting`: trying again soon will not help, as with bad credentials. */
  | { readonly kind: 'refused'; readonly reason: string; readonly lasting: boolean; readonly cure: string }
  /** It took the connection, and ended it without an answer: what old brokers do with a version they do not know. */
  | { readonly kind: 'unanswered'; readonly reason: string }
  | { readonly kind: 'lost'; readonly reason: string; readonly because: LossCause };

/** What the broker said, or did, before a connection was lost; `message-size` is of one that we sent. */
export type LossCause = 'message-size' | 'received-size' | 'taken-over' | 'other';

export interface ConnectionEvents {
  connected(limits: BrokerLimits): void;
  received(message: ReceivedMessage): void;
  /** A ping was answered. */
  answered(): void;
  /** All that waited in the socket is out. */
  drained(): void;
  /** Once, and nothing after it. */
  ended(end: ConnectionEnd): void;
}

export interface ConnectionOptions {
  readonly access: BrokerAccess;
  readonly version: ProtocolVersion;
  /** Left out where the end of the connection says nothing of the node. */
  readonly will?: Will;
  readonly keepaliveSeconds: number;
  readonly clock: Clock;
}

const CONNECT_TIMEOUT = 10_000 as Millis;

/** A blink of the network must not show every device as gone; needs a session that outlives the connection. */
const WILL_DELAY_SECONDS = 5;
const SESSION_EXPIRY_SECONDS = 3600;

/** What we accept (reference/mqtt.md §3). */
const RECEIVE_MAXIMUM = 64;
const MAXIMUM_PACKET_BYTES = 2 ** 20;

/** Unsent bytes in the socket from which on the link counts as congested. */
const CONGESTED_BYTES = 2 ** 20;

/** CONNACK codes of MQTT 3.1.1 §3.2.2.3 (1 to 5) and MQTT 5 §3.2.2.2 (from 128). */
const VERSION_REFUSED: ReadonlySet<number> = new Set([1, 132]);
const LASTING_REFUSALS: ReadonlySet<number> = new Set([2, 4, 5, 133, 134, 135, 138, 140, 144, 149, 153, 154, 155]);

const PACKET_TOO_LARGE = 149;

/** Why a broker ends a connection (MQTT 5 §3.14.2.1), where that changes what is done next. */
const LOSS_CAUSES: ReadonlyMap<number | undefined, LossCause> = new Map([
  [PACKET_TOO_LARGE, 'message-size'],
  [142, 'taken-over'],
]);

// MQTT.js would keep a buffer for each of 65,536 numbers: 8 MB of 160, for some nanoseconds a message.
writeToStream.cacheNumbers = false;

/** One connection to a broker: one MQTT.js client, used once, so that none of its queues outlives its connection. */
export class Connection {
  readonly #client: MqttClient;
  readonly #options: ConnectionOptions;
  readonly #events: ConnectionEvents;
  #reason: string = '';
  #because: LossCause = 'other';
  #open: boolean = false;
  #ended: boolean = false;
  #reached: boolean = false;
  /** Messages that come before our subscriptions waited in the broker's session. */
  #isSubscribed: boolean = true;
  #heardMicros = 0;
  #watchdog: Timer | undefined;

  constructor(options: ConnectionOptions, events: ConnectionEvents) {
    this.#options = options;
    this.#events = events;
    this.#client = connect(options.access.url, clientOptions(options));
    this.#listen();
    this.#client.connect();
    const { stream } = this.#client;
    stream.on('drain', () => {
      if (this.#open) this.#events.drained();
    });
    this.#limitPackets();
    stream.once('connect', () => {
      this.#reached = true;
      // Scores follow their embedding at once; they must not wait until the broker's kernel acknowledges it (40 ms).
      if (stream instanceof Socket) stream.setNoDelay(true);
    });
  }

  get open(): boolean {
    return this.#open;
  }

  /** More is waiting in the socket than should be: what may be dropped should be. */
  get congested(): boolean {
    return this.#client.stream.writableLength > CONGESTED_BYTES;
  }

  /**
   * QoS 0: handed to the socket, at once and in one piece. MQTT.js would write it in some forty pieces, which leave in the
   * next tick, together with those of what follows; a packet of QoS 0 needs nothing else of it. How long a message is on
   * its way (tests/bench/latency.ts): p95 3.0 to 3.1 ms before, 2.1 to 3.0 in quiet runs since.
   */
  send(topic: string, message: Message): void {
    const packet = { cmd: 'publish', topic, payload: message.payload, qos: 0, retain: false, dup: false } as const;
    const protocolVersion = this.#options.version === '5' ? 5 : 4;
    this.#client.stream.write(generate({ ...packet, ...this.#properties(message) }, { protocolVersion }));
  }

  /** QoS 1. `done` gets the broker's answer, and is not called when the connection ends before it. */
  deliver(
    topic: string,
    message: Message,
    { retain, done }: { readonly retain: boolean; readonly done: (refusal: string | undefined) => void },
  ): void {
    this.#client.publish(topic, message.payload, { qos: 1, retain, ...this.#properties(message) }, (error) => {
      // Errors without a code are the end of the connection, which is told in a moment.
      if (!this.#ended && (!error || reasonCode(error) !== undefined)) done(error ? messageOf(error) : undefined);
    });
  }

  /** At QoS 1. `done` gets the broker's refusal, where it has one. */
  subscribe({ filter, retained, echo = false }: Subscription, done: (refusal: string | undefined) => void): void {
    const rh = retained === 'always' ? 0 : 1;
    this.#client.subscribe(filter, { qos: 1, nl: !echo, rap: !echo, rh }, (error) => {
      this.#isSubscribed = true;
      if (!this.#ended && (!error || reasonCode(error) !== undefined)) done(error ? messageOf(error) : undefined);
    });
  }

  /** Asks for a sign of life, which comes after everything sent before has been read. */
  ping(): void {
    if (this.#open) this.#client.sendPing();
  }

  /** Says goodbye, so that the will is not sent. Resolves when the socket is closed, after a while by force. */
  async close(): Promise<void> {
    this.#finish();
    await new Promise<void>((resolve) => {
      const force = this.#options.clock.setTimer(1000 as Millis, () => {
        this.#client.stream.destroy();
        resolve();
      });
      this.#client.end(!this.#open, {}, () => {
        force.cancel();
        resolve();
      });
    });
    this.#open = false;
  }

  #listen(): void {
    const client = this.#client;
    client.on('connect', (packet) => {
      this.#open = true;
      this.#isSubscribed = !packet.sessionPresent;
      this.#watch();
      this.#events.connected({
        // 0 is forbidden for both: as good as nothing said.
        receiveMaximum: packet.properties?.receiveMaximum || 65_535,
        maximumPacketBytes: packet.properties?.maximumPacketSize || 268_435_455,
      });
    });
    client.on('packetreceive', (packet) => {
      this.#heardMicros = this.#options.clock.monotonicMicros();
      if (packet.cmd === 'pingresp' && this.#open) this.#events.answered();
    });
    client.on('message', (_topic, _payload, packet) => {
      if (!this.#ended) this.#events.received(receivedMessage(packet, { waited: !this.#isSubscribed }));
    });
    client.on('disconnect', (packet) => {
      this.#because = LOSS_CAUSES.get(packet.reasonCode) ?? 'other';
      this.#reason = `the broker ended the connection with reason ${packet.reasonCode}${explained(packet.reasonCode)}`;
    });
    // The listener stays after the end: an error event without one would end the process.
    client.on('error', (error) => {
      const code = reasonCode(error);
      if (!this.#open && code !== undefined) return this.#end(refusal(code, messageOf(error)));
      if (this.#reason === '') this.#reason = messageOf(error);
      // After what is not MQTT, MQTT.js reads nothing more, and lets the connection stand.
      this.#client.stream.destroy();
    });
    client.on('close', () => {
      const reason = this.#reason || 'the connection was closed';
      if (this.#reached && !this.#open) this.#end({ kind: 'unanswered', reason });
      else this.#end({ kind: 'lost', reason, because: this.#because });
    });
  }

  /** We say what we take at most, but brokers of MQTT 3.1.1 never hear it. */
  #limitPackets(): void {
    const { stream } = this.#client;
    const lengths = new PacketLengths(MAXIMUM_PACKET_BYTES);
    stream.on('data', (bytes: Buffer) => {
      if (lengths.accept(bytes)) return;
      this.#because = 'received-size';
      this.#reason = `it sent a packet of more than the ${MAXIMUM_PACKET_BYTES} bytes that are taken`;
      stream.destroy();
    });
  }

  /**
   * MQTT.js has had several faults here; a peer that is silent for two keep-alives is gone (reference/mqtt.md §5). It is
   * asked in between, since a broker may have told MQTT.js to ask it far less often (MQTT 5, Server Keep Alive).
   */
  #watch(): void {
    const { clock, keepaliveSeconds } = this.#options;
    this.#heardMicros = clock.monotonicMicros();
    const look = () => {
      const silentMicros = clock.monotonicMicros() - this.#heardMicros;
      if (silentMicros < 2e6 * keepaliveSeconds) {
        if (silentMicros >= 0.5e6 * keepaliveSeconds) this.ping();
        this.#watchdog = clock.setTimer((keepaliveSeconds * 1000) as Millis, look, { background: true });
        return;
      }
      this.#reason = `the broker was silent for ${2 * keepaliveSeconds} s`;
      this.#client.stream.destroy();
    };
    this.#watchdog = clock.setTimer((keepaliveSeconds * 1000) as Millis, look, { background: true });
  }

  #end(end: ConnectionEnd): void {
    if (this.#ended) return;
    this.#finish();
    this.#open = false;
    this.#client.end(true);
    this.#events.ended(end);
  }

  #finish(): void {
    this.#ended = true;
    this.#watchdog?.cancel();
  }

  #properties(message: Message): { properties?: NonNullable<IPublishPacket['properties']> } {
    if (this.#options.version !== '5') return {};
    const { contentType, text, expirySeconds, attributes, correlation } = message.properties;
    return {
      properties: {
        contentType,
        payloadFormatIndicator: text,
        ...(expirySeconds === undefined ? {} : { messageExpiryInterval: expirySeconds }),
        ...(attributes === undefined ? {} : { userProperties: { ...attributes } }),
        ...(correlation === undefined ? {} : { correlationData: correlation }),
      },
    };
  }
}

function clientOptions({ access, version, will, keepaliveSeconds }: ConnectionOptions): IClientOptions {
  const isFive = version === '5';
  return {
    ...access,
    protocolVersion: isFive ? 5 : 4,
    manualConnect: true,
    reconnectPeriod: 0,
    connectTimeout: CONNECT_TIMEOUT,
    queueQoSZero: false,
    resubscribe: false,
    keepalive: keepaliveSeconds,
    // Otherwise a stream of QoS 0 messages puts off the ping for ever, and a half-open link is never noticed.
    reschedulePings: false,
    // 3.1.1 knows no expiry: a session would stay on the broker for ever.
    clean: !isFive,
    ...(isFive
      ? {
          properties: {
            sessionExpiryInterval: SESSION_EXPIRY_SECONDS,
            receiveMaximum: RECEIVE_MAXIMUM,
            maximumPacketSize: MAXIMUM_PACKET_BYTES,
          },
        }
      : {}),
    ...(will === undefined ? {} : { will: willOptions(will, isFive) }),
  };
}

function willOptions({ topic, message }: Will, isFive: boolean): NonNullable<IClientOptions['will']> {
  return {
    topic,
    payload: message.payload,
    qos: 1,
    retain: true,
    ...(isFive
      ? { properties: { willDelayInterval: WILL_DELAY_SECONDS, contentType: message.properties.contentType } }
      : {}),
  };
}

/** The broker's code, where an error is its answer; errors of the socket have names. */
function reasonCode(error: Error): number | undefined {
  const code: unknown = 'code' in error ? error.code : undefined;
  return typeof code === 'number' ? code : undefined;
}

function refusal(code: number, reason: string): ConnectionEnd {
  if (VERSION_REFUSED.has(code)) return { kind: 'version-refused' };
  const lasting = LASTING_REFUSALS.has(code);
  return { kind: 'refused', reason: `${reason} (code ${code})`, lasting, cure: cureOf(code, lasting) };
}

function cureOf(code: number, lasting: boolean): string {
  if (!lasting) return 'the broker may be busy; trying again';
  if (code === 144 || code === PACKET_TOO_LARGE || code === 153)
    return "allow the node's last will: baseTopic/v1/NODE/status";
  if (code === 154) return 'allow retained messages in the broker: the state of nodes and sources needs them';
  if (code === 155) return 'allow QoS 1 in the broker: the state of nodes and sources needs it';
  return "check broker.username, the password's file or environment variable, and the node id";
}

/** The reasons that tell an administrator what to do (MQTT 5 §3.14.2.1). */
function explained(reason: number | undefined): string {
  if (reason === 142) return ': another client connected with the same client id; node ids must differ';
  if (reason === PACKET_TOO_LARGE) return ': a message was too large for it';
  if (reason === 139) return ': it is shutting down';
  return '';
}
