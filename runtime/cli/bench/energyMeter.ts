import { type Clock, type Micros, type Millis, sleep } from '../../clock';
import type { Rail, RailReading } from './energyRails';

/** What a rail gave in a stretch of time. */
export interface RailEnergy {
  readonly rail: string;
  readonly watts: number;
}

const EVERY = 100 as Millis;

/** Adds up what a rail tells. */
export class RailSum {
  #joules = 0;
  #seconds = 0;
  #last: { readonly reading: RailReading; readonly micros: Micros } | undefined;

  add(reading: RailReading, micros: Micros): void {
    const last = this.#last;
    this.#last = { reading, micros };
    if (last === undefined) return;
    const seconds = (micros - last.micros) / 1e6;
    this.#seconds += seconds;
    this.#joules += joulesBetween(last.reading, reading, seconds);
  }

  /** Mean power; nothing before the second reading. */
  get watts(): number | undefined {
    return this.#seconds > 0 ? this.#joules / this.#seconds : undefined;
  }
}

function joulesBetween(before: RailReading, after: RailReading, seconds: number): number {
  if (before.kind === 'power' && after.kind === 'power') return ((before.watts + after.watts) / 2) * seconds;
  if (before.kind !== 'counter' || after.kind !== 'counter') return 0;
  const joules = after.joules - before.joules;
  return joules >= 0 ? joules : joules + after.wrapJoules;
}

/** Mean power of each rail from now until `signal` aborts. */
export async function meterUntil(
  signal: AbortSignal,
  { rails, clock }: { readonly rails: readonly Rail[]; readonly clock: Clock },
): Promise<readonly RailEnergy[]> {
  if (rails.length === 0) return [];
  const sums = rails.map(({ name }) => ({ name, sum: new RailSum() }));
  const look = async (): Promise<void> => {
    for (const [index, rail] of rails.entries()) {
      const reading = await rail.read();
      if (reading !== undefined) sums[index]?.sum.add(reading, clock.monotonicMicros());
    }
  };
  await look();
  while (!signal.aborted) {
    await sleep(clock, EVERY, signal);
    await look();
  }
  return sums.flatMap(({ name, sum }) => (sum.watts === undefined ? [] : { rail: name, watts: sum.watts }));
}
