import type { Clock } from './clock';
import type { PublishConfig } from './config/config';
import type { Fused } from './fusion/group';
import type { NodePublisher } from './mqtt/nodePublisher';
import { RateLimit } from './rateLimit';

interface Limits {
  readonly embeddings: RateLimit;
  readonly scores: RateLimit;
}

/** Publishes what groups say, no oftener than the configuration allows. */
export class FusedPublisher {
  readonly #publisher: NodePublisher;
  readonly #publish: PublishConfig;
  readonly #clock: Clock;
  readonly #limits = new Map<string, Limits>();

  constructor(publisher: NodePublisher, options: { readonly publish: PublishConfig; readonly clock: Clock }) {
    this.#publisher = publisher;
    this.#publish = options.publish;
    this.#clock = options.clock;
  }

  publish(fused: Fused): void {
    const limits = this.#limitsOf(fused.group);
    const { embeddings, scores } = this.#publish;
    const withEmbedding = embeddings.enabled && fused.embedding !== undefined && limits.embeddings.pass();
    const withScores = fused.scores.length > 0 && limits.scores.pass();
    this.#publisher.fused(withScores ? fused : { ...fused, scores: [] }, { topK: scores.topK, withEmbedding });
  }

  #limitsOf(group: string): Limits {
    const known = this.#limits.get(group);
    if (known !== undefined) return known;
    const { embeddings, scores } = this.#publish;
    const limit = (maxRateHz: number) => new RateLimit({ clock: this.#clock, maxRateHz });
    const limits = { embeddings: limit(embeddings.maxRateHz), scores: limit(scores.maxRateHz) };
    this.#limits.set(group, limits);
    return limits;
  }
}
