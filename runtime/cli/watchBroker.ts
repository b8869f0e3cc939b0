import { connect, type IClientOptions, type MqttClient } from 'mqtt';
import { messageOf, SensebindError } from '../errors';
import { withoutSecrets } from '../mqtt/address';

/** How long to wait before a broker that went away is tried again. */
const RECONNECT_MILLIS = 2000;

/** As nodes accept it from brokers (runtime/mqtt/connection.ts). */
const MAXIMUM_PACKET_BYTES = 2 ** 20;

const CONNECTION_REFUSED: ReadonlySet<unknown> = new Set([2, 4, 5, 133, 134, 135, 138]);

export interface WatchedBroker {
  readonly address: string;
  readonly topic: string;
  readonly onMessage: (topic: string, payload: Buffer) => void;
  /** What happens on the way, in words. */
  readonly onNote: (note: string) => void;
  readonly signal: AbortSignal;
}

/**
 * Subscribes, over MQTT 5, and over 3.1.1 with brokers that refuse it. A broker that goes away later is waited for.
 *
 * @returns the end of it all; `undefined` when the signal came first.
 * @throws {SensebindError} `BROKER_UNREACHABLE`, or `BROKER_REFUSED` for the connection or the subscription.
 */
export async function watchBroker(watched: WatchedBroker): Promise<(() => Promise<void>) | undefined> {
  const client = await firstConnection(watched).catch((error: unknown) => {
    throw problem(watched, error);
  });
  if (!client) return undefined;
  client.on('message', watched.onMessage);
  try {
    await untilAborted(client.subscribeAsync(watched.topic, { qos: 1 }), watched.signal);
  } catch (error) {
    client.end(true);
    throw problem(watched, error);
  }
  tellChanges(client, watched);
  return () => client.endAsync(true);
}

async function firstConnection(watched: WatchedBroker): Promise<MqttClient | undefined> {
  try {
    return await connectOnce(watched, { protocolVersion: 5, properties: { maximumPacketSize: MAXIMUM_PACKET_BYTES } });
  } catch (error) {
    if (!isAnswer(error)) throw error;
    return connectOnce(watched, { protocolVersion: 4 }).catch((second: unknown) => {
      // The first answer says more than "unacceptable version".
      throw codeOf(second) === 1 ? error : second;
    });
  }
}

/** Only a broker that answered, or closed the connection, may want another version. */
function isAnswer(error: unknown): boolean {
  return typeof codeOf(error) === 'number' || codeOf(error) === undefined || codeOf(error) === 'ECONNRESET';
}

function connectOnce(
  { address, signal }: WatchedBroker,
  options: Pick<IClientOptions, 'protocolVersion' | 'properties'>,
): Promise<MqttClient | undefined> {
  return new Promise((resolve, reject) => {
    const client = connect(address, {
      ...options,
      reconnectPeriod: RECONNECT_MILLIS,
      reconnectOnConnackError: true,
      resubscribe: false,
    });
    const settle = (outcome: () => void): void => {
      signal.removeEventListener('abort', abort);
      client.off('connect', connected).off('error', failed).off('close', closed);
      // An error event without a listener would end the process.
      client.on('error', () => undefined);
      outcome();
    };
    const fail = (error: Error): void =>
      settle(() => {
        client.end(true);
        reject(error);
      });
    const connected = (): void => settle(() => resolve(client));
    const failed = (error: Error): void => fail(error);
    const closed = (): void => fail(new Error('it closed the connection'));
    const abort = (): void =>
      settle(() => {
        client.end(true);
        resolve(undefined);
      });
    client.on('connect', connected).on('error', failed).on('close', closed);
    signal.addEventListener('abort', abort, { once: true });
    if (signal.aborted) abort();
  });
}

/** Tells when the broker goes and comes, and why it does not come, each once. */
function tellChanges(client: MqttClient, { topic, onNote }: WatchedBroker): void {
  let told = '';
  const tell = (note: string): void => {
    if (note !== told) onNote(note);
    told = note;
  };
  let isThere = true;
  client.on('close', () => {
    if (isThere && !client.disconnecting) tell('broker: the connection is gone; trying again');
    isThere = false;
  });
  client.on('error', (error) => tell(`broker: ${messageOf(error)}; trying again`));
  client.on('connect', () => {
    isThere = true;
    tell('broker: connected again');
    client.subscribeAsync(topic, { qos: 1 }).catch((error: unknown) => tell(`broker: ${messageOf(error)}`));
  });
}

function problem({ address, topic }: WatchedBroker, error: unknown): SensebindError {
  const broker = withoutSecrets(address);
  const found = messageOf(error);
  if (CONNECTION_REFUSED.has(codeOf(error))) {
    return new SensebindError(
      'BROKER_REFUSED',
      `expected ${broker} to accept the connection, found: ${found}`,
      'write name and password into the address: mqtt://NAME:PASSWORD@HOST',
      { cause: error },
    );
  }
  if (/subscri|suback/i.test(found)) {
    return new SensebindError(
      'BROKER_REFUSED',
      `expected ${broker} to let us read ${topic}, found: ${found}`,
      "look at the broker's access rules (ACL)",
      { cause: error },
    );
  }
  return new SensebindError(
    'BROKER_UNREACHABLE',
    `expected a broker at ${broker}, found: ${found}`,
    'check the address, and that the broker runs',
    { cause: error },
  );
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}

/** Resolves when the work is done, or the signal comes. */
function untilAborted(work: Promise<unknown>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    work.then(() => resolve(), reject);
    signal.addEventListener('abort', () => resolve(), { once: true });
    if (signal.aborted) resolve();
  });
}
