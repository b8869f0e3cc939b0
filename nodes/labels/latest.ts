import type { ScoresPayload } from '../shared/payloads';

/** More sources than a dialog can show. */
const MOST_SOURCES = 64;

/** The newest scores by node and source, for dialogs that are open: only references are kept. */
export class LatestScores {
  readonly #nodes = new Map<string, Map<string, ScoresPayload>>();

  take(node: string, scores: ScoresPayload): void {
    const sources = this.#nodes.get(node) ?? new Map<string, ScoresPayload>();
    this.#nodes.set(node, sources);
    if (sources.has(scores.source) || sources.size < MOST_SOURCES) sources.set(scores.source, scores);
  }

  /** Probabilities in the order of the label set: of the source that is surest of it, and `null` where nobody knows. */
  of(node: string): readonly { readonly label: string; readonly probability: number | null }[] {
    const all = [...(this.#nodes.get(node)?.values() ?? [])];
    const [first] = all;
    return (first?.labels ?? []).map(({ label }, index) => {
      const known = all.filter(({ meaningful }) => meaningful).map(({ labels }) => labels[index]?.probability ?? 0);
      return { label, probability: known.length === 0 ? null : Math.max(...known) };
    });
  }

  forget(node: string): void {
    this.#nodes.delete(node);
  }
}

/** The one of this process. */
export const latestScores = new LatestScores();
