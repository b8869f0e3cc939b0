/** As many clips as two streams of a minute have; 4 KB each at 1024 dimensions. */
const CAPACITY = 64;

/** Embeddings of items that may come again: clips of a sliding window (reference/imagebind.md §4). Bounded: the least recently used goes. */
export class ItemCache {
  readonly #vectors = new Map<string, Float32Array>();

  get(key: string): Float32Array | undefined {
    const vector = this.#vectors.get(key);
    if (vector !== undefined) this.set(key, vector);
    return vector;
  }

  set(key: string, vector: Float32Array): void {
    this.#vectors.delete(key);
    this.#vectors.set(key, vector);
    if (this.#vectors.size <= CAPACITY) return;
    const [oldest] = this.#vectors.keys();
    if (oldest !== undefined) this.#vectors.delete(oldest);
  }
}
