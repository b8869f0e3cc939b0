import Type, { type Static } from '#typebox';
import type { Micros } from '../../runtime/clock';
import { Publish } from '../../runtime/config/schema';
import { SensebindError } from '../../runtime/errors';
import { Rate } from '../../runtime/rate';
import { RateLimit } from '../../runtime/rateLimit';
import { BrokerController } from '../broker/controller';
import { UNKNOWN } from '../broker/seen';
import type { BrokerService, BrokerUser } from '../broker/service';
import type { Closing, Controller, Host, Message } from '../shared/defineNode';
import type { Lease } from '../shared/shared';
import type { NodeStatus } from '../shared/statusLine';
import { type Accepted, acceptedOf } from './accepted';

const { embeddings, scores } = Publish.properties;

export const PublishSettings = Type.Object({
  broker: Type.Optional(Type.String()),
  /** False: embeddings that come are passed over. */
  embeddings: Type.Optional(Type.Boolean()),
  embeddingsMaxRateHz: embeddings.properties.maxRateHz,
  scoresTopK: scores.properties.topK,
  scoresMaxRateHz: scores.properties.maxRateHz,
});
export type PublishSettings = Static<typeof PublishSettings>;

/** As `sensebind run` publishes where its configuration says nothing. */
const TOP_K = 5;
const SCORES_HZ = 2;

/** So long a failure shows in the colour. */
const TROUBLED_MICROS = 60_000_000;

/** Sources times label sets; the service has a limit of its own on the sources. */
const MOST_LIMITS = 4096;

/** Publishes what comes, as the contract says. */
export class PublishController implements Controller, BrokerUser {
  readonly #host: Host<PublishSettings>;
  readonly #rate: Rate;
  readonly #limits = new Map<string, RateLimit>();
  #lease: Lease<BrokerService> | undefined;
  #failures = 0;
  #failedMicros: Micros = Number.NEGATIVE_INFINITY;

  constructor(host: Host<PublishSettings>) {
    this.#host = host;
    this.#rate = new Rate(host.clock);
  }

  async start(): Promise<void> {
    const host = this.#host;
    host.status.set({ fill: 'yellow', shape: 'ring', text: 'connecting' });
    const lease = await host.configuration(host.settings.broker, BrokerController).acquire();
    if (host.closing.aborted) return lease.release();
    this.#lease = lease;
    lease.resource.attach(this);
  }

  async input(message: Message): Promise<void> {
    const accepted = acceptedOf(message);
    if (this.#lease === undefined) throw noBroker();
    const isSent = await this.#publish(accepted, this.#lease.resource).catch((error: unknown) => {
      this.#failures++;
      this.#failedMicros = this.#host.clock.monotonicMicros();
      throw error;
    });
    if (isSent) this.#rate.add();
  }

  async close({ isLast }: Pick<Closing, 'isLast'>): Promise<void> {
    this.#lease?.resource.detach(this);
    await this.#lease?.release({ now: isLast });
  }

  changed(): void {
    if (this.#lease !== undefined) this.#host.status.set(this.#status(this.#lease.resource));
  }

  failed(error: SensebindError): void {
    this.#host.fail(error);
  }

  async #publish(accepted: Accepted, service: BrokerService): Promise<boolean> {
    const { settings } = this.#host;
    switch (accepted.kind) {
      case 'embedding': {
        const { source, fusion, embedding } = accepted;
        const { embeddings: isWanted = true, embeddingsMaxRateHz: maxRateHz = Number.POSITIVE_INFINITY } = settings;
        if (!isWanted || !this.#limit(`emb ${source}`, maxRateHz).pass()) return false;
        if (fusion === undefined) service.embedding(source, embedding);
        else service.fusedEmbedding(source, embedding, fusion);
        return true;
      }
      case 'scores': {
        const { scores: payload, modality = UNKNOWN, fusion } = accepted;
        const { source, labelSet } = payload;
        const { scoresMaxRateHz: maxRateHz = SCORES_HZ, scoresTopK: topK = TOP_K } = settings;
        if (!this.#limit(`scores ${source} ${labelSet}`, maxRateHz).pass()) return false;
        service.scores({ source, modality, fusion, scores: payload, seen: payload, topK });
        return true;
      }
      case 'event':
        await service.event(accepted.event);
        return true;
    }
  }

  #limit(key: string, maxRateHz: number): RateLimit {
    const known = this.#limits.get(key);
    if (known !== undefined) return known;
    const [oldest] = this.#limits.keys();
    if (this.#limits.size >= MOST_LIMITS && oldest !== undefined) this.#limits.delete(oldest);
    const limit = new RateLimit({ clock: this.#host.clock, maxRateHz });
    this.#limits.set(key, limit);
    return limit;
  }

  #status(service: BrokerService): NodeStatus {
    const { state } = service;
    const figures = this.#figures(service);
    switch (state.kind) {
      case 'connecting':
        return { fill: 'yellow', shape: 'ring', text: 'connecting' };
      case 'connected':
        return { ...this.#connected(service), text: `${this.#rate.perSecond().toFixed(1)}/s${figures}` };
      case 'disconnected':
        return state.error.code === 'BROKER_REFUSED'
          ? { fill: 'red', shape: 'ring', text: `refused${figures}` }
          : { fill: 'yellow', shape: 'ring', text: `reconnecting${figures}` };
      case 'rival':
        return { fill: 'red', shape: 'ring', text: 'node id used twice' };
    }
  }

  #connected(service: BrokerService): Pick<NodeStatus, 'fill' | 'shape'> {
    const isLongAgo = this.#host.clock.monotonicMicros() - this.#failedMicros > TROUBLED_MICROS;
    const isWell = isLongAgo && !service.figures().isSpoolFailing;
    return isWell ? { fill: 'green', shape: 'dot' } : { fill: 'yellow', shape: 'dot' };
  }

  #figures(service: BrokerService): string {
    const { waiting, dropped } = service.figures();
    const parts = [
      ...(waiting > 0 ? [`${waiting} waiting`] : []),
      ...(dropped > 0 ? [`${dropped} dropped`] : []),
      ...(this.#failures > 0 ? [`${this.#failures} failed`] : []),
    ];
    return parts.map((part) => `, ${part}`).join('');
  }
}

function noBroker(): SensebindError {
  return new SensebindError('ENGINE_CLOSED', 'expected a node that is open, found one that is closed', 'deploy again');
}
