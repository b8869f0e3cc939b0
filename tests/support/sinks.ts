import assert from 'node:assert/strict';
import type { AudioReading, Loss, Reading, ReadingSink } from '../../runtime/reading';

/** A sink that hands on sound, and fails the test for readings of another modality. */
export function audioSink(take: (reading: AudioReading) => void): ReadingSink {
  return {
    reading: (reading) => {
      assert.equal(reading.modality, 'audio');
      if (reading.modality === 'audio') take(reading);
    },
    lost: () => undefined,
  };
}

/** A sink that keeps everything. Frames are kept as copies are not needed: their hold is never given up. */
export function collectingSink(): ReadingSink & {
  readonly readings: Reading[];
  /** Sum of the amounts by reason. */
  readonly losses: Partial<Record<Loss, number>>;
} {
  const readings: Reading[] = [];
  const losses: Partial<Record<Loss, number>> = {};
  return {
    readings,
    losses,
    reading: (reading) => {
      if ('frame' in reading) reading.frame.retain();
      readings.push(reading);
    },
    lost: (reason, amount) => {
      losses[reason] = (losses[reason] ?? 0) + amount;
    },
  };
}
