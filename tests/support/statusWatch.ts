import type { EngineStatus } from '../../runtime/inference/stats';

/** Lets a test wait for what an engine says about itself: pass {@link onStatus} to it. */
export class StatusWatch {
  #last: EngineStatus | undefined;
  #waiting: (() => void) | undefined;

  readonly onStatus = (status: EngineStatus): void => {
    this.#last = status;
    this.#waiting?.();
  };

  /** Resolves with the last status as soon as it is as wished. One at a time. */
  async until(isWished: (status: EngineStatus) => boolean): Promise<EngineStatus> {
    while (this.#last === undefined || !isWished(this.#last)) {
      await new Promise<void>((resolve) => {
        this.#waiting = resolve;
      });
    }
    return this.#last;
  }
}
