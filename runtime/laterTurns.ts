import { setImmediate } from 'node:timers/promises';

/**
 * Work that gets turns of the event loop of its own, in order, one piece a turn: what one message brings need not be one
 * call on the main thread (design.md rule 1). Holds no more than was put off since {@link now}.
 */
export class LaterTurns {
  #works: (() => void)[] = [];
  #isRunning: boolean = false;
  #running: Promise<void> = Promise.resolve();

  /** @param work - Must not throw: nobody waits for it. */
  putOff(work: () => void): void {
    this.#works.push(work);
    if (!this.#isRunning) this.#running = this.#run();
  }

  /** Does all that was put off: before what has to come after it. */
  now(): void {
    for (const work of this.#works.splice(0)) work();
  }

  /** Resolves when nothing is put off. */
  async settled(): Promise<void> {
    await this.#running;
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    while (this.#works.length > 0) {
      await setImmediate();
      this.#works.shift()?.();
    }
    this.#isRunning = false;
  }
}
