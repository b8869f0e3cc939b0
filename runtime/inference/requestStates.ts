/** What became of a request that a worker has: stored as its place in this list. */
const STATES = ['waiting', 'begun', 'taken-back', 'given-up'] as const;
type State = (typeof STATES)[number];

/** Requests that a worker may have at once: the one it works on, and the next, so that it need not ask for it. */
export const REQUESTS_IN_HAND = 2;

/**
 * The requests that one worker has, on memory that both threads see: the main thread can take one back as long as it was
 * not begun, and say of one that was begun that nobody wants its answer any more.
 */
export class RequestStates {
  readonly buffer: SharedArrayBuffer;
  readonly #words: Int32Array<SharedArrayBuffer>;
  /** Worker: the place of the request that was begun last. */
  #current = 0;

  constructor(buffer: SharedArrayBuffer = new SharedArrayBuffer(REQUESTS_IN_HAND * Int32Array.BYTES_PER_ELEMENT)) {
    this.buffer = buffer;
    this.#words = new Int32Array(buffer);
  }

  /** Main thread: the request at `place` is about to be sent. */
  put(place: number): void {
    Atomics.store(this.#words, place, wordOf('waiting'));
  }

  /** Main thread: true when the worker will never begin the request at `place`; false where it did. */
  takeBack(place: number): boolean {
    return this.#change(place, 'waiting', 'taken-back');
  }

  /** Main thread: whether the worker began the request at `place`. */
  isBegun(place: number): boolean {
    const word = Atomics.load(this.#words, place);
    return word === wordOf('begun') || word === wordOf('given-up');
  }

  /** Main thread: nobody wants the answer to the request at `place`, which was begun. */
  giveUp(place: number): void {
    this.#change(place, 'begun', 'given-up');
  }

  /** Worker: false when the request at `place` was taken back. */
  begin(place: number): boolean {
    this.#current = place;
    return this.#change(place, 'waiting', 'begun');
  }

  /** Worker: whether nobody wants the answer to the request that was begun last. It need not be finished. */
  get isGivenUp(): boolean {
    return Atomics.load(this.#words, this.#current) === wordOf('given-up');
  }

  #change(place: number, from: State, to: State): boolean {
    return Atomics.compareExchange(this.#words, place, wordOf(from), wordOf(to)) === wordOf(from);
  }
}

function wordOf(state: State): number {
  return STATES.indexOf(state);
}
