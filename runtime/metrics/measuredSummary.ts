import { type Registry, Summary } from 'prom-client';
import type { Sample } from './definitions';

type Measured = Awaited<ReturnType<Summary['get']>>;

/** A summary of what was measured elsewhere: prom-client would measure again. */
export class MeasuredSummary extends Summary {
  readonly #help: string;
  readonly #name: string;
  readonly #samples: () => readonly Sample[];

  constructor(options: {
    readonly name: string;
    readonly help: string;
    readonly labels: readonly string[];
    readonly registry: Registry;
    readonly samples: () => readonly Sample[];
  }) {
    const { name, help, labels, registry, samples } = options;
    // The label of the quantiles is the summary's own.
    const labelNames = labels.filter((label) => label !== 'quantile');
    super({ name, help, labelNames, registers: [registry] });
    this.#name = name;
    this.#help = help;
    this.#samples = samples;
  }

  override async get(): Promise<Measured> {
    const values = this.#samples().map(({ labels, value, part }) => ({
      metricName: part === undefined ? this.#name : `${this.#name}_${part}`,
      labels,
      value,
    }));
    return { ...(await super.get()), name: this.#name, help: this.#help, values };
  }
}
