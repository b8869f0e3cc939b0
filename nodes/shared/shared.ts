import type { Clock, Millis, Timer } from '../../runtime/clock';

/** What several nodes use together: it can be ended. */
export interface Closable {
  close(): Promise<void>;
  /** Nobody uses it, but it is kept for a while: it must let the process end. Or the other way round. */
  setBackground?(isBackground: boolean): void;
}

/** One use of something shared. `release` may be called again; only the first call counts. */
export interface Lease<Resource> {
  readonly resource: Resource;
  /** @param now - Whether the last release closes at once; else it stays for a while, for a deploy that wants it again. */
  release(options?: { readonly now?: boolean }): Promise<void>;
}

interface Entry<Resource> {
  readonly opening: Promise<Resource>;
  users: number;
  timer: Timer | undefined;
}

/**
 * Things that are expensive to open and that several nodes use: encoders, brokers, devices. Each is open once, counted by
 * its users, and stays open for a while after the last one has gone: a deploy closes and makes nodes anew, and Node-RED
 * closes what is used before, after and beside its users (reference/nodered.md §4).
 */
export class SharedResources<Resource extends Closable> {
  readonly #clock: Clock;
  readonly #grace: Millis;
  readonly #entries = new Map<string, Entry<Resource>>();
  /** What is being closed, by key: the same is opened again only afterwards. */
  readonly #closing = new Map<string, Promise<void>>();

  constructor(options: { readonly clock: Clock; readonly grace: Millis }) {
    this.#clock = options.clock;
    this.#grace = options.grace;
  }

  /** So many are open or being opened. */
  get size(): number {
    return this.#entries.size;
  }

  /** Whether that key is open or being opened. */
  has(key: string): boolean {
    return this.#entries.has(key);
  }

  /** Closes at once what nobody uses and is only kept for a while, where its key `fits`. Never rejects. */
  async closeIdle(fits: (key: string) => boolean): Promise<void> {
    const idle = [...this.#entries].filter(
      ([key, { users, timer }]) => users === 0 && timer !== undefined && fits(key),
    );
    await Promise.allSettled(idle.map(async ([key, entry]) => this.#close(key, entry, await entry.opening)));
  }

  /**
   * The resource of that key, opened by `open` where it is not there yet.
   *
   * @throws what `open` throws; the next one who asks tries again.
   */
  async acquire(key: string, open: () => Promise<Resource>): Promise<Lease<Resource>> {
    const entry = this.#entryOf(key, open);
    entry.users++;
    entry.timer?.cancel();
    entry.timer = undefined;
    try {
      const resource = await entry.opening;
      resource.setBackground?.(false);
      return this.#lease(key, entry, resource);
    } catch (error) {
      if (this.#entries.get(key) === entry) this.#entries.delete(key);
      throw error;
    }
  }

  #entryOf(key: string, open: () => Promise<Resource>): Entry<Resource> {
    const known = this.#entries.get(key);
    if (known !== undefined) return known;
    const closed = this.#closing.get(key);
    const opening = closed === undefined ? open() : closed.then(open);
    const entry: Entry<Resource> = { opening, users: 0, timer: undefined };
    this.#entries.set(key, entry);
    return entry;
  }

  #lease(key: string, entry: Entry<Resource>, resource: Resource): Lease<Resource> {
    let isReleased = false;
    return {
      resource,
      release: async ({ now = false } = {}) => {
        if (isReleased) return;
        isReleased = true;
        entry.users--;
        if (entry.users > 0) return;
        if (now) return this.#close(key, entry, resource);
        resource.setBackground?.(true);
        entry.timer = this.#clock.setTimer(this.#grace, () => void this.#close(key, entry, resource), {
          background: true,
        });
      },
    };
  }

  #close(key: string, entry: Entry<Resource>, resource: Resource): Promise<void> {
    entry.timer?.cancel();
    if (this.#entries.get(key) !== entry) return this.#closing.get(key) ?? Promise.resolve();
    this.#entries.delete(key);
    const closing = resource.close().finally(() => {
      if (this.#closing.get(key) === closing) this.#closing.delete(key);
    });
    this.#closing.set(key, closing);
    return closing;
  }
}
