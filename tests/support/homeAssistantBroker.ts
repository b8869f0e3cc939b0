import { connectAsync, type MqttClient } from 'mqtt';
import { readDiscovery, type SeenDevice, type SeenEntity } from './homeAssistant';

/** Stands for Home Assistant at a broker: reads discovery as it documents it, and keeps a registry of entities. */
export class HomeAssistantStandIn {
  /** By unique id. */
  readonly entities = new Map<string, SeenEntity>();
  readonly messages: { readonly topic: string; readonly seen: SeenDevice | undefined }[] = [];
  readonly problems: string[] = [];
  readonly #client: MqttClient;
  /** Unique ids by topic and id. */
  readonly #places = new Map<string, string>();
  #onMessage = (): void => undefined;

  private constructor(client: MqttClient) {
    this.#client = client;
    client.on('message', (topic, payload) => {
      try {
        this.#take(topic, readDiscovery(topic, payload));
      } catch (error) {
        this.problems.push(String(error));
      }
      this.#onMessage();
    });
  }

  static async start(
    context: { after(cleanUp: () => Promise<void>): void },
    url: string,
  ): Promise<HomeAssistantStandIn> {
    const client = await connectAsync(url);
    const standIn = new HomeAssistantStandIn(client);
    context.after(() => client.endAsync(true));
    await client.subscribeAsync('homeassistant/device/+/config', { qos: 1 });
    return standIn;
  }

  /** Says that it has started, as Home Assistant does. */
  async sayBirth(): Promise<void> {
    await this.#client.publishAsync('homeassistant/status', 'online', { qos: 1 });
  }

  /** Resolves once it has what is asked for. */
  until(fits: (standIn: this) => boolean): Promise<void> {
    return new Promise((resolve) => {
      this.#onMessage = () => {
        if (fits(this)) resolve();
      };
      this.#onMessage();
    });
  }

  #take(topic: string, seen: SeenDevice | undefined): void {
    this.messages.push({ topic, seen });
    for (const [place, uniqueId] of this.#places) {
      const [where, id = ''] = place.split(' ');
      // An entity that is only left out stays.
      if (where !== topic || (seen !== undefined && !seen.removed.includes(id))) continue;
      this.#places.delete(place);
      this.entities.delete(uniqueId);
    }
    for (const [id, entity] of seen?.entities ?? []) {
      const uniqueId = String(entity['unique_id']);
      const place = `${topic} ${id}`;
      if (this.entities.has(uniqueId) && this.#places.get(place) !== uniqueId) {
        this.problems.push(`the unique id ${uniqueId} is there twice`);
      }
      this.#places.set(place, uniqueId);
      this.entities.set(uniqueId, entity);
    }
  }
}
