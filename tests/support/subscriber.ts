import { connectAsync, type MqttClient } from 'mqtt';

export interface SeenMessage {
  readonly topic: string;
  readonly payload: Buffer;
  readonly retain: boolean;
}

/** Hears what a broker has for topics, as any other program would. */
export class Subscriber {
  readonly messages: SeenMessage[] = [];
  readonly #watchers = new Set<() => void>();

  private constructor(client: MqttClient) {
    client.on('message', (topic, payload, { retain }) => {
      this.messages.push({ topic, payload, retain });
      for (const watcher of this.#watchers) watcher();
    });
  }

  static async start(
    context: { after(cleanUp: () => Promise<void>): void },
    url: string,
    filters: readonly string[],
    login: { readonly username?: string; readonly password?: string } = {},
  ): Promise<Subscriber> {
    const client = await connectAsync(url, { ...login, reconnectPeriod: 50 });
    const subscriber = new Subscriber(client);
    context.after(() => client.endAsync(true));
    await client.subscribeAsync([...filters], { qos: 1 });
    return subscriber;
  }

  /** Resolves with the first message that fits, also where it came before. Each message is asked once. */
  until(fits: (message: SeenMessage) => boolean): Promise<SeenMessage> {
    return new Promise((resolve) => {
      let asked = 0;
      const look = (): void => {
        const found = this.messages.slice(asked).find(fits);
        asked = this.messages.length;
        if (found === undefined) return;
        this.#watchers.delete(look);
        resolve(found);
      };
      this.#watchers.add(look);
      look();
    });
  }

  /** As {@link until}, by topic. */
  untilTopic(topic: string, fits: (payload: string) => boolean = () => true): Promise<SeenMessage> {
    return this.until((message) => message.topic === topic && fits(message.payload.toString()));
  }

  /** JSON documents of a topic, in their order. */
  documents(topic: string): readonly Readonly<Record<string, unknown>>[] {
    return this.messages.filter((message) => message.topic === topic).map(({ payload }) => JSON.parse(String(payload)));
  }
}
