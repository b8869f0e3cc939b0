/**
 * SIGHUP, which asks for the configuration to be read again. By itself it would end the process: so it is taken from the
 * first moment to the last. What comes before anybody listens is told to them then; what comes after them, to nobody.
 */
export class HangUps {
  #listener: (() => void) | undefined;
  #isAsked: boolean = false;
  readonly #take = (): void => {
    if (this.#listener === undefined) this.#isAsked = true;
    else this.#listener();
  };

  constructor() {
    process.on('SIGHUP', this.#take);
  }

  /** Returns how to listen no more. */
  listen(listener: () => void): () => void {
    this.#listener = listener;
    if (this.#isAsked) listener();
    return () => {
      this.#listener = () => undefined;
    };
  }

  /** From now on, SIGHUP ends the process again. */
  close(): void {
    process.off('SIGHUP', this.#take);
  }
}
