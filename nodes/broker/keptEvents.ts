import { SensebindError } from '../../runtime/errors';
import type { Outbox } from '../../runtime/mqtt/sender/outbox';
import type { SpoolEvent } from '../../runtime/mqtt/spool/spool';

/** Events that wait for the disk at the same time. */
const MOST_COMMITTING = 1024;

/** Whether what a flow publishes as an event is safe: on the disk, and not given up for others. */
export class KeptEvents {
  readonly #outbox: Pick<Outbox, 'flush' | 'counters'>;
  readonly #onFailed: (error: SensebindError) => void;
  #committing = 0;
  #toldLost = 0;
  #isFailing: boolean = false;

  constructor(outbox: Pick<Outbox, 'flush' | 'counters'>, onFailed: (error: SensebindError) => void) {
    this.#outbox = outbox;
    this.#onFailed = onFailed;
  }

  /** The disk takes nothing at the moment. */
  get isFailing(): boolean {
    return this.#isFailing;
  }

  /** Events that wait to arrive. */
  get waiting(): number {
    return this.#outbox.counters().records;
  }

  /** Events that will not arrive. */
  get lost(): number {
    return Object.values(this.#outbox.counters().drops).reduce((sum, count) => sum + count, 0);
  }

  /**
   * Posts by `post`, and resolves when the disk has it.
   *
   * @throws {SensebindError} `QUEUE_FULL` where the spool had to give something up, or the disk is too slow; `DISK_FULL`,
   * `FILE_UNWRITABLE` where it is kept in memory only; what `post` throws.
   */
  async keep(post: () => void): Promise<void> {
    if (this.#committing >= MOST_COMMITTING) throw tooFast();
    post();
    this.#committing++;
    try {
      await this.#outbox.flush();
    } finally {
      this.#committing--;
    }
    const lost = this.lost - this.#toldLost;
    this.#toldLost += lost;
    if (lost > 0) throw spoolFull(lost);
  }

  hear(event: SpoolEvent): void {
    if (event.kind === 'failed') this.#onFailed(event.error);
    if (event.kind === 'set-aside') this.#onFailed(setAside(event.files));
    this.#isFailing = event.kind === 'failed' || (event.kind === 'set-aside' && this.#isFailing);
  }
}

function tooFast(): SensebindError {
  return new SensebindError(
    'QUEUE_FULL',
    `expected a disk that keeps up with the events, found ${MOST_COMMITTING} that wait for it`,
    'let fewer events come, or use a faster disk for the state directory',
  );
}

function spoolFull(lost: number): SensebindError {
  return new SensebindError(
    'QUEUE_FULL',
    `expected room in the spool, found it full: ${lost} events were given up, the least urgent and the oldest first`,
    'bring the broker back, or give the spool more room in the broker node',
  );
}

function setAside(files: readonly string[]): SensebindError {
  return new SensebindError(
    'STATE_INVALID',
    `expected a spool that this version can read, found files that it cannot; they are now ${files.join(', ')}`,
    'keep them for the version that wrote them, or delete them',
  );
}
