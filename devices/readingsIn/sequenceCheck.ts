/** What a message is to those before it. */
export type Place =
  | { readonly kind: 'first' }
  /** The board was started anew. */
  | { readonly kind: 'restart' }
  | { readonly kind: 'next'; readonly missing: number }
  /** Sent twice, as QoS 1 allows. */
  | { readonly kind: 'duplicate' }
  /** A newer one was there before. */
  | { readonly kind: 'stale' };

/** Messages that are remembered to tell one that comes twice from one that comes late. */
const REMEMBERED = 64;

/** Counts the messages of one board by their boot and sequence, which wraps at 2^32. */
export class SequenceCheck {
  #boot: number | undefined;
  #last = 0;
  /** Sequences of the last messages. */
  #seen: number[] = [];

  place({ boot, sequence }: { readonly boot: number; readonly sequence: number }): Place {
    if (boot !== this.#boot) {
      const kind = this.#boot === undefined ? 'first' : 'restart';
      this.#boot = boot;
      this.#last = sequence;
      this.#seen = [sequence];
      return { kind };
    }
    const ahead = (sequence - this.#last) >>> 0;
    // More than half of all numbers ahead is behind.
    if (ahead === 0 || ahead >= 2 ** 31) return { kind: this.#seen.includes(sequence) ? 'duplicate' : 'stale' };
    this.#last = sequence;
    this.#seen = [...this.#seen.slice(1 - REMEMBERED), sequence];
    return { kind: 'next', missing: ahead - 1 };
  }
}
