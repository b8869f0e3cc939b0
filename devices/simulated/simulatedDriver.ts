import type { Clock, Micros, Millis } from '../../runtime/clock';
import type { Driver, Flag, FrameMemory, ReadingSink } from '../../runtime/reading';
import type { Sensor } from './sensor';
import { joinWorld, type RunningWorld, type WorldChoice } from './sharedWorld';
import { openStream, type StreamChoice } from './stream/sensorKinds';
import { type SensorStream, stepMicros } from './stream/sensorStream';

export interface SimulatedDriverOptions extends StreamChoice {
  readonly source: string;
  readonly sensor: Sensor;
  readonly choice: WorldChoice;
  readonly clock: Clock;
  readonly memory: FrameMemory;
}

/** A machine that slept, or is too slow by this much, does not get all that it missed at once. */
const MAX_LATE_MICROS = 2_000_000;

/** Shows a world to one sensor in real time, or as fast as the clock goes. */
export class SimulatedDriver implements Driver {
  readonly #options: SimulatedDriverOptions;

  constructor(options: SimulatedDriverOptions) {
    this.#options = options;
  }

  get modality(): Sensor {
    return this.#options.sensor;
  }

  async run(sink: ReadingSink, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    const { choice, clock, sensor } = this.#options;
    const running = await joinWorld(choice, clock);
    try {
      await this.#play(openStream(running.world, sensor, this.#options), { running, sink, signal });
    } finally {
      running.leave();
    }
  }

  async #play(
    stream: SensorStream,
    {
      running,
      sink,
      signal,
    }: { readonly running: RunningWorld; readonly sink: ReadingSink; readonly signal: AbortSignal },
  ): Promise<void> {
    const { clock } = this.#options;
    const since = (): Micros => clock.monotonicMicros() - running.startMonotonicMicros;
    const stepNow = (): number => Math.ceil((since() * stream.rateHz) / 1e6);
    let step = stepNow();
    let flags: readonly Flag[] = [];
    while (!signal.aborted && stepMicros(step + 1, stream.rateHz) <= running.world.timeline.lengthSeconds * 1e6) {
      const waitMicros = stepMicros(step + 1, stream.rateHz) - since();
      if (waitMicros < -MAX_LATE_MICROS) {
        sink.lost('lost', stepNow() - step);
        step = stepNow();
        flags = ['gap'];
        continue;
      }
      await sleep(clock, waitMicros, signal);
      if (signal.aborted) return;
      await this.#read(stream, { step, flags, running, sink });
      flags = [];
      step++;
    }
  }

  async #read(
    stream: SensorStream,
    reading: {
      readonly step: number;
      readonly flags: readonly Flag[];
      readonly running: RunningWorld;
      readonly sink: ReadingSink;
    },
  ): Promise<void> {
    const { step, flags, running, sink } = reading;
    const offset = stepMicros(stream.timedBy === 'start' ? step : step + 1, stream.rateHz);
    const made = await stream.read(step, {
      source: this.#options.source,
      timeMicros: running.startEpochMicros + offset,
      monotonicMicros: running.startMonotonicMicros + offset,
      flags,
    });
    if (made === undefined) return sink.lost('memory', 1);
    try {
      sink.reading(made);
    } finally {
      if ('frame' in made) made.frame.release();
    }
  }
}

/** Resolves after `micros`, or as soon as `signal` aborts. */
function sleep(clock: Clock, micros: number, signal: AbortSignal): Promise<void> {
  if (micros <= 0) return Promise.resolve();
  return new Promise((resolve) => {
    const done = (): void => {
      timer.cancel();
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = clock.setTimer((micros / 1000) as Millis, done);
    signal.addEventListener('abort', done, { once: true });
  });
}
