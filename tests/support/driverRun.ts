import type { Driver, Loss, Reading, ReadingSink } from '../../runtime/reading';

/** Runs a driver until it has given `count` readings of one kind, then stops it, and waits for its end. */
export async function readingsOf<Kind extends Reading['modality']>(
  driver: Driver,
  modality: Kind,
  count: number,
): Promise<{
  readonly readings: readonly Extract<Reading, { modality: Kind }>[];
  readonly losses: Partial<Record<Loss, number>>;
}> {
  const readings: Extract<Reading, { modality: Kind }>[] = [];
  const losses: Partial<Record<Loss, number>> = {};
  const stop = new AbortController();
  const sink: ReadingSink = {
    reading: (reading) => {
      if (reading.modality !== modality) throw new Error(`expected ${modality}, found ${reading.modality}`);
      if (readings.length >= count) return;
      if ('frame' in reading) reading.frame.retain();
      readings.push(reading as Extract<Reading, { modality: Kind }>);
      if (readings.length === count) stop.abort();
    },
    lost: (reason, amount) => {
      losses[reason] = (losses[reason] ?? 0) + amount;
    },
  };
  await driver.run(sink, stop.signal);
  return { readings, losses };
}
