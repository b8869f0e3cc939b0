import { EventLoopDelay, type LoopDelay } from './eventLoopDelay';
import { gpuCelsius } from './gpuTemperature';

/** What the process and the machine say of themselves, as of the last look. */
export class Vitals {
  readonly #monitor = new EventLoopDelay();
  #loopDelay: LoopDelay = { p50Micros: 0, p99Micros: 0, maxMicros: 0 };
  #gpuCelsius: number | null = null;

  /** Of the time between the last two looks. */
  get loopDelay(): LoopDelay {
    return this.#loopDelay;
  }

  get gpuCelsius(): number | null {
    return this.#gpuCelsius;
  }

  start(): void {
    this.#monitor.start();
    this.#readTemperature();
  }

  /** Looks again; what has to be read from files is there at the next look. */
  refresh(): void {
    this.#loopDelay = this.#monitor.take();
    this.#readTemperature();
  }

  stop(): void {
    this.#monitor.stop();
  }

  #readTemperature(): void {
    void gpuCelsius().then((celsius) => {
      this.#gpuCelsius = celsius;
    });
  }
}
