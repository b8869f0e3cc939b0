/** Connections in a row that must end right after the same message before it gets the blame. */
const STRIKES = 3;

/**
 * How large a message to a broker may be. MQTT 5 brokers announce it. Others only cut the connection, and would do so
 * for ever, as retained messages come again with every connect. So each message that is larger than any before it on
 * the connection is followed by a ping: the answer proves that the broker took it, and where it stays out three times in
 * a row, messages of this size are not sent any more.
 */
export class SizeLimit {
  #announced = Number.POSITIVE_INFINITY;
  #learnt = Number.POSITIVE_INFINITY;
  #strikes = 0;
  #careful: boolean = false;
  #heard: boolean = false;
  #proven = 0;
  #isAsking: boolean = false;
  #asked = 0;
  #largest = 0;

  /** Largest packet, in bytes. */
  get bytes(): number {
    return Math.min(this.#announced, this.#learnt);
  }

  /** Whether `bytes` is this broker's own word, or our conclusion. */
  get announced(): boolean {
    return this.#announced <= this.#learnt;
  }

  /** The last connection ended behind a message: one at a time now, so that it is known which. */
  get careful(): boolean {
    return this.#careful;
  }

  connected(announcedBytes: number): void {
    this.#announced = announcedBytes;
    this.#heard = false;
    this.#proven = 0;
    this.#isAsking = false;
    this.#asked = 0;
    this.#largest = 0;
  }

  /** A packet was sent. True when a ping should follow it. */
  sent(bytes: number): boolean {
    this.#largest = Math.max(this.#largest, bytes);
    return this.#ask();
  }

  /** A message of so many bytes was answered: the broker took it, or refused it by itself. */
  heard(bytes: number): void {
    this.#heard = true;
    this.#proven = Math.max(this.#proven, bytes);
  }

  /** All that had been sent before the last connection ended was sent again, and answered. */
  cleared(): void {
    this.#careful = false;
  }

  /** A ping was answered. True when another one should follow. */
  answered(): boolean {
    this.#heard = true;
    this.#isAsking = false;
    this.#proven = Math.max(this.#proven, this.#asked);
    return this.#ask();
  }

  /** The connection is gone; `tooLarge`: because of a message's size, as the broker said. */
  ended({ tooLarge }: { readonly tooLarge: boolean }): void {
    this.#careful = this.#largest > this.#proven;
    if (tooLarge && this.#careful) {
      this.#strikes = 0;
      this.#learnt = Math.min(this.#learnt, this.#largest - 1);
      return;
    }
    // A broker that answered nothing at all has other troubles.
    if (!this.#careful || !this.#heard) {
      this.#strikes = 0;
      return;
    }
    this.#strikes++;
    if (this.#strikes < STRIKES) return;
    this.#strikes = 0;
    this.#learnt = Math.min(this.#learnt, this.#largest - 1);
  }

  #ask(): boolean {
    if (this.#isAsking || this.#largest <= this.#proven) return false;
    this.#isAsking = true;
    this.#asked = this.#largest;
    return true;
  }
}
