import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import type { PipelineStats } from '../pipelineStats';
import { METRICS, type MetricDefinition } from './definitions';
import { MeasuredSummary } from './measuredSummary';

/** Of prom-client: gauges with the name of a counter, which `promtool check metrics` complains of. */
const MISNAMED = ['nodejs_active_handles_total', 'nodejs_active_requests_total', 'nodejs_active_resources_total'];

/** What is measured, in the text format of Prometheus. */
export class Exposition {
  readonly #registry = new Registry();
  readonly #stats: () => PipelineStats;
  /** Of the scrape that goes on, so that all metrics tell of one moment. */
  #current: PipelineStats | undefined;

  constructor(stats: () => PipelineStats) {
    this.#stats = stats;
    for (const definition of METRICS) this.#register(definition);
    collectDefaultMetrics({ register: this.#registry });
    for (const name of MISNAMED) this.#registry.removeSingleMetric(name);
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  async text(): Promise<string> {
    this.#current = this.#stats();
    return this.#registry.metrics();
  }

  #register({ name, help, type, labels, samples }: MetricDefinition): void {
    const now = (): ReturnType<typeof samples> => (this.#current === undefined ? [] : samples(this.#current));
    if (type === 'summary') {
      new MeasuredSummary({ name, help, labels, registry: this.#registry, samples: now });
      return;
    }
    const options = { name, help, labelNames: [...labels], registers: [this.#registry] };
    if (type === 'gauge') {
      new Gauge({
        ...options,
        collect() {
          this.reset();
          for (const sample of now()) this.set(sample.labels, sample.value);
        },
      });
      return;
    }
    new Counter({
      ...options,
      // What is counted elsewhere is taken over as it is.
      collect() {
        this.reset();
        for (const sample of now()) this.inc(sample.labels, sample.value);
      },
    });
  }
}
