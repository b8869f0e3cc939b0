import { randomUUID } from 'node:crypto';
import path from 'node:path';
import type { TestContext } from 'node:test';
import { connectAsync, type IClientPublishOptions, type MqttClient } from 'mqtt';
import { type Millis, sleep, systemClock } from '../../runtime/clock';
import type { ResponseMessage } from '../../runtime/commands/commandMessages';
import type { ControlServices } from '../../runtime/commands/nodeControl';
import type { Config, SourceConfig } from '../../runtime/config/config';
import type { Engine } from '../../runtime/inference/engine';
import { DiscoveryFile } from '../../runtime/mqtt/discovery/discoveryFile';
import { RetainedFile } from '../../runtime/mqtt/retained/retainedFile';
import { MutableSource } from '../../runtime/mutableSource';
import { Pipeline } from '../../runtime/pipeline';
import type { PipelineEvent } from '../../runtime/pipelineEvent';
import type { Driver } from '../../runtime/reading';
import { SupervisedSource } from '../../runtime/source';
import { SwitchedOff } from '../../runtime/switchedOff';
import { LabelFile } from '../../runtime/zeroshot/labelFile';
import type { LabelSet } from '../../runtime/zeroshot/labelSet';
import { openOutbox } from './spoolFolder';
import type { TinyBundle } from './tinyBundle';

export const ROOT = 'sensebind/v1/box';

export interface NodeUnderTestOptions {
  readonly url: string;
  readonly tiny: TinyBundle;
  readonly engine: Engine;
  /** Where it keeps what is to last: give it to another node for a restart. */
  readonly state: string;
  readonly labelSet?: LabelSet;
  readonly protocol?: '5' | '3.1.1';
  readonly services?: Partial<ControlServices>;
  readonly commands?: NonNullable<Config['commands']>;
  /** First level of the topics where it is told to Home Assistant; left out, it is not. */
  readonly discoveryPrefix?: string;
}

export interface NodeUnderTest {
  readonly pipeline: Pipeline;
  readonly events: readonly PipelineEvent[];
  readonly disabled: SwitchedOff;
  readonly mutes: SwitchedOff;
  stop(): Promise<void>;
}

export const HOUSE: LabelSet = {
  id: 'house',
  revision: 3,
  labels: [{ id: 'door_bell' }, { id: 'dog' }],
  background: ['silence'],
};

/** A node with one microphone that never ends, on a real broker; it is online when this resolves. */
export async function startNode(context: TestContext, options: NodeUnderTestOptions): Promise<NodeUnderTest> {
  const { url, tiny, engine, state, labelSet = HOUSE, protocol = '5', services, commands, discoveryPrefix } = options;
  const mutes = await SwitchedOff.open(path.join(state, 'muted'), systemClock);
  const disabled = await SwitchedOff.open(path.join(state, 'disabled'), systemClock);
  const create = () => new SupervisedSource('mic0', endlessSound('mic0'), { clock: systemClock });
  const events: PipelineEvent[] = [];
  let connected = (): void => undefined;
  const online = new Promise<void>((resolve) => {
    connected = resolve;
  });
  const pipeline = await Pipeline.create({
    config: configOf(url, { labelSet, protocol, commands, discoveryPrefix }),
    bundle: tiny.bundle,
    engine,
    access: { url, clientId: 'box' },
    outbox: await openOutbox(context),
    sources: [{ source: new MutableSource('mic0', 'audio', { create, mutes, disabled }), config: MICROPHONE }],
    clock: systemClock,
    version: '0.0.0',
    discoveryStore: new DiscoveryFile(path.join(state, 'discovery.json')),
    retainedStore: new RetainedFile(path.join(state, 'retained.json')),
    control: { labelStore: new LabelFile(path.join(state, 'labels.json')), switches: { mutes, disabled }, ...services },
    onEvent: (event) => {
      events.push(event);
      if (event.kind === 'broker' && event.event.kind === 'connected') connected();
    },
  });
  pipeline.start();
  let stopping: Promise<void> | undefined;
  const stop = (): Promise<void> => {
    stopping ??= pipeline.stop();
    return stopping;
  };
  context.after(stop);
  await online;
  return { pipeline, events, disabled, mutes, stop };
}

const MICROPHONE: SourceConfig = {
  id: 'mic0',
  device: { kind: 'wav' },
  enabled: true,
  window: 500 as Millis,
  hop: 200 as Millis,
  channel: 0,
  labels: ['house'],
};

function configOf(
  url: string,
  {
    labelSet,
    protocol,
    commands,
    discoveryPrefix,
  }: {
    readonly labelSet: LabelSet;
    readonly protocol: '5' | '3.1.1';
    readonly commands: Config['commands'] | undefined;
    readonly discoveryPrefix: string | undefined;
  },
): Config {
  return {
    folder: '/',
    node: 'box',
    baseTopic: 'sensebind',
    bundle: '/',
    broker: {
      url,
      protocol,
      clientId: 'box',
      ...(discoveryPrefix === undefined ? {} : { homeAssistant: { enabled: true, prefix: discoveryPrefix } }),
    },
    spool: { maxBytes: 2 ** 20, life: 60_000 as Millis },
    sources: [MICROPHONE],
    labelSets: [labelSet],
    fusion: [],
    rules: [],
    publish: {
      embeddings: { enabled: true, elementType: 'f16le', maxRateHz: Number.POSITIVE_INFINITY },
      scores: { topK: 5, maxRateHz: 1000 },
    },
    ...(commands === undefined ? {} : { commands }),
  };
}

/** A tone in readings of a tenth of a second, in real time. */
export function endlessSound(source: string): Driver {
  return {
    modality: 'audio',
    run: async (sink, signal) => {
      const samples = 1600;
      for (let tenth = 0; !signal.aborted; tenth++) {
        sink.reading({
          source,
          modality: 'audio',
          timeMicros: systemClock.epochMicros(),
          monotonicMicros: systemClock.monotonicMicros(),
          clockQuality: 'device',
          flags: [],
          sampleRateHz: 16_000,
          channels: [Float32Array.from({ length: samples }, (_, at) => 0.5 * Math.sin((tenth * samples + at) / 7))],
        });
        await sleep(systemClock, 100 as Millis, signal);
      }
    },
  };
}

/** Somebody who commands a node, and hears all that it says. */
export class Commander {
  readonly client: MqttClient;
  readonly heard: { readonly topic: string; readonly payload: Buffer; readonly retain: boolean }[] = [];
  readonly #wakes = new Set<() => void>();

  private constructor(client: MqttClient) {
    this.client = client;
    client.on('message', (topic, payload, { retain }) => {
      this.heard.push({ topic, payload, retain });
      for (const wake of this.#wakes) wake();
    });
  }

  static async connect(context: TestContext, url: string): Promise<Commander> {
    const client = await connectAsync(url, { protocolVersion: 5 });
    context.after(() => client.endAsync(true));
    const commander = new Commander(client);
    await client.subscribeAsync('#', { qos: 1, rap: true });
    return commander;
  }

  /** Sends a command with a response topic of its own, and resolves with the answer; of a job, with its end. */
  async ask(
    verb: string,
    body: object | string | Buffer,
    options: IClientPublishOptions = {},
  ): Promise<ResponseMessage> {
    const responseTopic = `${ROOT}/rsp/${randomUUID()}`;
    const payload = typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body);
    const properties = { responseTopic, messageExpiryInterval: 30, ...options.properties };
    const from = this.heard.length;
    await this.client.publishAsync(`${ROOT}/cmd/${verb}`, payload, { qos: 1, ...options, properties });
    const answer = await this.json(properties.responseTopic, { from });
    if (answer.status !== 'accepted') return answer;
    // A slow machine makes a job of what is an answer elsewhere.
    const fits = (text: Buffer): boolean => !text.includes('"running"');
    const { s, verb: of, tx } = answer;
    const { data, error, rev } = await this.json(`${ROOT}/job/${answer.data?.['job']}`, { from, fits });
    return {
      s,
      verb: of,
      tx,
      status: error === undefined ? 'ok' : 'error',
      ...(data === undefined ? {} : { data }),
      ...(error === undefined ? {} : { error }),
      ...(rev === undefined ? {} : { rev }),
    };
  }

  /** The next message on a topic, of those from a place on, that fits. */
  until(
    topic: string,
    { from = 0, fits = () => true }: { readonly from?: number; readonly fits?: (payload: Buffer) => boolean } = {},
  ): Promise<Buffer> {
    return new Promise((resolve) => {
      const look = (): void => {
        const found = this.heard.slice(from).find((one) => one.topic === topic && fits(one.payload));
        if (found === undefined) return;
        this.#wakes.delete(look);
        resolve(found.payload);
      };
      this.#wakes.add(look);
      look();
    });
  }

  /** As {@link until}, of a JSON document. */
  async json(topic: string, options: Parameters<Commander['until']>[1] = {}): Promise<ResponseMessage> {
    return JSON.parse(String(await this.until(topic, options)));
  }

  /** Resolves when the node has published once more: it lives. */
  async live(): Promise<void> {
    await this.until(`${ROOT}/src/mic0/scores`, { from: this.heard.length });
  }
}
