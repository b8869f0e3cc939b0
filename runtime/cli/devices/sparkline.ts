const BARS = '▁▂▃▄▅▆▇█';

/** Values as bars of eight heights, between the least and the greatest of them unless a range is given. */
export function sparkline(
  values: readonly number[],
  options: { readonly width: number; readonly range?: readonly [least: number, most: number] },
): string {
  const shown = values.slice(-options.width);
  const [least, most] = options.range ?? [Math.min(...shown), Math.max(...shown)];
  return shown
    .map((value) => {
      const share = most > least ? (value - least) / (most - least) : 0;
      return BARS[Math.max(0, Math.min(BARS.length - 1, Math.floor(share * BARS.length)))];
    })
    .join('');
}

/** The last values of one axis. */
export class Trace {
  readonly #capacity: number;
  #values: number[] = [];

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  append(values: Float32Array): void {
    this.#values = [...this.#values, ...values].slice(-this.#capacity);
  }

  /** `ax   9.81 ▁▂▃…` */
  line(title: string, width: number): string {
    const newest = this.#values.at(-1);
    if (newest === undefined) return `${title}       -`;
    const head = `${title} ${newest.toFixed(2).padStart(8)} `;
    return head + sparkline(this.#values, { width: Math.max(1, width - head.length) });
  }
}
