import type { Clock, Millis, Timer } from '../../runtime/clock';
import { messageOf, SensebindError } from '../../runtime/errors';

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
  readonly variant: string;
  readonly opening: Promise<Resource>;
  /** Once it is open. */
  resource: Resource | undefined;
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
    // Without waiting for anything: whoever asks from now on gets another one.
    const closing = idle.map(([key, entry]) =>
      entry.resource === undefined ? undefined : this.#close(key, entry, entry.resource),
    );
    await Promise.allSettled(closing);
  }

  /**
   * The resource of that key, opened by `open` where it is not there yet. Of what can be there only once, but in several
   * variants, one that nobody uses any more makes room for another.
   *
   * @throws what `open` throws; the next one who asks tries again. `CONFIG_INVALID` for another variant than the one in
   * use.
   */
  async acquire(key: string, open: () => Promise<Resource>, variant = ''): Promise<Lease<Resource>> {
    const entry = this.#entryOf(key, { open, variant });
    entry.users++;
    entry.timer?.cancel();
    entry.timer = undefined;
    try {
      const resource = await entry.opening;
      entry.resource = resource;
      resource.setBackground?.(false);
      return this.#lease(key, entry, resource);
    } catch (error) {
      if (this.#entries.get(key) === entry) this.#entries.delete(key);
      throw error;
    }
  }

  #entryOf(
    key: string,
    { open, variant }: { readonly open: () => Promise<Resource>; readonly variant: string },
  ): Entry<Resource> {
    const known = this.#entries.get(key);
    if (known?.variant === variant) return known;
    if (known !== undefined) this.#makeRoom(key, known);
    const closed = this.#closing.get(key);
    // Also where closing failed: opening says what is wrong then.
    const opening = closed === undefined ? open() : closed.then(open, open);
    const entry: Entry<Resource> = { variant, opening, resource: undefined, users: 0, timer: undefined };
    this.#entries.set(key, entry);
    return entry;
  }

  #makeRoom(key: string, entry: Entry<Resource>): void {
    if (entry.users > 0 || entry.resource === undefined) throw inUse();
    this.#closeBehind(key, entry, entry.resource);
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
        entry.timer = this.#clock.setTimer(this.#grace, () => this.#closeBehind(key, entry, resource), {
          background: true,
        });
      },
    };
  }

  /** Nobody waits for it: a failure must not end the process. */
  #closeBehind(key: string, entry: Entry<Resource>, resource: Resource): void {
    this.#close(key, entry, resource).catch((error: unknown) => process.emitWarning(messageOf(error)));
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

function inUse(): SensebindError {
  return new SensebindError(
    'CONFIG_INVALID',
    'expected one configuration of what can be open only once, found two with different settings that are used',
    'use one of the two configuration nodes everywhere, or give them different ids',
  );
}
