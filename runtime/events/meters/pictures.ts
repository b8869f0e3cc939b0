import type { Reading } from '../../reading';

const CELSIUS_AT_0_KELVIN = -273.15;

/** No thermal camera measures more: a pixel that does is broken. */
const MAXIMUM_KELVIN = 5000;

/** Degrees Celsius of the hottest pixel; `undefined` for counts, and where no pixel works. */
export function hottest(reading: Reading): number | undefined {
  if (reading.modality !== 'thermal' || reading.unit !== 'K') return undefined;
  let most = 0;
  for (let index = 0; index < reading.values.length; index++) {
    const kelvin = reading.values[index] ?? 0;
    if (kelvin > most && kelvin <= MAXIMUM_KELVIN) most = kelvin;
  }
  return most === 0 ? undefined : most + CELSIUS_AT_0_KELVIN;
}

/** One pixel in a thousand must be as near, else it is noise of the sensor. */
const SPECK_SHARE = 0.001;

const BINS_PER_METRE = 100;
const FARTHEST_METRES = 50;
const bins = new Uint32Array(BINS_PER_METRE * FARTHEST_METRES);

/**
 * Metres to the nearest thing that fills more than a speck, to a centimetre; `undefined` where nothing is seen. What is
 * farther than 50 m counts as 50 m.
 */
export function nearest(reading: Reading): number | undefined {
  if (reading.modality !== 'depth') return undefined;
  bins.fill(0);
  let seen = 0;
  for (let index = 0; index < reading.metres.length; index++) {
    const metres = reading.metres[index] ?? 0;
    if (!(metres > 0)) continue;
    const bin = Math.min(bins.length - 1, Math.trunc(metres * BINS_PER_METRE));
    bins[bin] = (bins[bin] ?? 0) + 1;
    seen++;
  }
  if (seen === 0) return undefined;
  const enough = Math.max(1, reading.metres.length * SPECK_SHARE);
  let nearer = 0;
  for (let bin = 0; bin < bins.length; bin++) {
    nearer += bins[bin] ?? 0;
    if (nearer >= Math.min(enough, seen)) return (bin + 0.5) / BINS_PER_METRE;
  }
  return undefined;
}
