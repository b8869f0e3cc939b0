import type { Micros } from '../runtime/clock';

/** The bytes that one call of the port gave. */
interface Chunk {
  /** Bytes of the whole stream up to its end. */
  readonly end: number;
  readonly arrivedMicros: Micros;
}

/** Microseconds that one byte takes on a serial line: eight bits, a start and a stop bit. */
export function byteMicros(baudRate: number): Micros {
  return 10e6 / baudRate;
}

/**
 * When the bytes of a stream came, for parsers that know of no clock. A chunk's last byte came when the chunk did; those
 * before it came at least the time earlier that they take on the line (reference/devices.md §9).
 */
export class Arrivals {
  readonly #byteMicros: Micros;
  #chunks: Chunk[] = [];
  #taken = 0;
  #end = 0;
  #previousMicros: Micros = Number.NEGATIVE_INFINITY;

  /** @param perByteMicros - 0 where the line is not known. */
  constructor(perByteMicros: Micros) {
    this.#byteMicros = perByteMicros;
  }

  append(count: number, arrivedMicros: Micros): void {
    if (count === 0) return;
    this.#end += count;
    this.#chunks.push({ end: this.#end, arrivedMicros });
  }

  /** Goes `count` bytes on; returns when the first of them came. */
  take(count: number): Micros {
    const [chunk] = this.#chunks;
    const arrivedMicros =
      chunk === undefined
        ? this.#previousMicros
        : Math.max(
            this.#previousMicros,
            Math.round(chunk.arrivedMicros - (chunk.end - 1 - this.#taken) * this.#byteMicros),
          );
    this.#taken += count;
    for (let first = this.#chunks[0]; first !== undefined && first.end <= this.#taken; first = this.#chunks[0]) {
      this.#previousMicros = first.arrivedMicros;
      this.#chunks.shift();
    }
    return arrivedMicros;
  }
}
