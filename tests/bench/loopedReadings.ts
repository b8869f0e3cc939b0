import { readFile, writeFile } from 'node:fs/promises';
import { deserialize, serialize } from 'node:v8';
import { seededScenario } from '../../devices/simulated/sharedWorld';
import { simulateReadings } from '../../devices/simulated/simulateReadings';
import { type Clock, type Micros, type Millis, sleep } from '../../runtime/clock';
import { FramePool } from '../../runtime/frames';
import type { Driver, FrameMemory, Modality, Reading, ReadingSink, Vectors } from '../../runtime/reading';
import { beginningsMillis, EIGHT_SOURCES, type Phases } from './eightSources';

/** How much of each source is made and then read again and again. */
const SECONDS = 1;
const LENGTH_MICROS = SECONDS * 1e6;

/** Readings whose times count from 0. */
type Kept = Readonly<Record<string, readonly Reading[]>>;

/**
 * Makes a second of eight simulated sources, at their usual sizes and rates, for processes that are measured without
 * what it costs to simulate.
 */
export async function keepReadings(file: string): Promise<void> {
  const kept: Record<string, unknown[]> = {};
  await simulateReadings({
    scenario: seededScenario(3),
    sources: Object.entries(EIGHT_SOURCES).map(([source, sensor]) => ({ source, sensor })),
    seconds: SECONDS,
    start: { timeMicros: 0, monotonicMicros: 0 },
    memory: new FramePool({ frames: 16, bytes: 2 ** 24 }),
    reading: (reading) => {
      kept[reading.source] ??= [];
      kept[reading.source]?.push(unshared(reading));
    },
  });
  await writeFile(file, serialize(kept));
}

/** Drivers that read what {@link keepReadings} has made, over and over, at the pace of a clock. */
export async function loopedDrivers(
  file: string,
  clock: Clock,
  phases: Phases = 'together',
): Promise<Readonly<Record<string, Driver>>> {
  // Written by ourselves.
  const kept = deserialize(await readFile(file)) as Kept;
  const memory = new FramePool({ frames: 256, bytes: 2 ** 26 });
  const beginnings = beginningsMillis(phases);
  return Object.fromEntries(
    Object.entries(EIGHT_SOURCES).map(([source, sensor]) => {
      const readings = (kept[source] ?? []).map((reading) => shared(reading, memory));
      return [source, new LoopDriver(sensor, { readings, clock, afterMillis: beginnings.get(source) ?? 0 })];
    }),
  );
}

class LoopDriver implements Driver {
  readonly modality: Modality;
  readonly #readings: readonly Reading[];
  readonly #clock: Clock;
  readonly #afterMillis: number;

  constructor(
    modality: Modality,
    how: { readonly readings: readonly Reading[]; readonly clock: Clock; readonly afterMillis: number },
  ) {
    this.modality = modality;
    this.#readings = how.readings;
    this.#clock = how.clock;
    this.#afterMillis = how.afterMillis;
  }

  async run(sink: ReadingSink, signal: AbortSignal): Promise<void> {
    const clock = this.#clock;
    await sleep(clock, this.#afterMillis as Millis, signal);
    const began = { monotonicMicros: clock.monotonicMicros(), timeMicros: clock.epochMicros() };
    for (let loop = 0; ; loop++) {
      for (const [index, reading] of this.#readings.entries()) {
        // A reading is there when the next one begins.
        const endMicros = this.#readings[index + 1]?.monotonicMicros ?? LENGTH_MICROS;
        const dueMicros = began.monotonicMicros + loop * LENGTH_MICROS + endMicros;
        await sleep(clock, ((dueMicros - clock.monotonicMicros()) / 1000) as Millis, signal);
        if (signal.aborted) return;
        sink.reading(moved(reading, { ...began, offsetMicros: loop * LENGTH_MICROS }));
      }
    }
  }
}

function moved(
  reading: Reading,
  to: { readonly monotonicMicros: Micros; readonly timeMicros: Micros; readonly offsetMicros: Micros },
): Reading {
  const monotonicMicros = reading.monotonicMicros + to.monotonicMicros + to.offsetMicros;
  const timeMicros = reading.timeMicros + to.timeMicros + to.offsetMicros;
  if (reading.modality !== 'imu') return { ...reading, monotonicMicros, timeMicros };
  const byMicros = to.monotonicMicros + to.offsetMicros;
  return {
    ...reading,
    monotonicMicros,
    timeMicros,
    sampleMicros: reading.sampleMicros.map((micros) => micros + byMicros),
  };
}

/** Shared memory cannot be written to a file. */
function unshared(reading: Reading): unknown {
  switch (reading.modality) {
    case 'vision':
      return { ...reading, frame: null, rgb: reading.rgb.slice() };
    case 'depth':
      return { ...reading, frame: null, metres: reading.metres.slice() };
    case 'thermal':
      return { ...reading, frame: null, values: reading.values.slice() };
    default:
      return reading;
  }
}

/** On a frame again, which is held for ever; what needs none in memory of its own, so that the file's is let go. */
function shared(reading: Reading, memory: FrameMemory): Reading {
  const onFrame = <Pixels extends Uint8Array | Float32Array>(
    pixels: Pixels,
    of: (memory: SharedArrayBuffer) => Pixels,
  ) => {
    const frame = memory.acquire(pixels.byteLength);
    if (frame === undefined) throw new Error('expected room for the pictures of a second');
    const values = of(frame.buffer);
    values.set(pixels);
    return { frame, values };
  };
  const floats = (pixels: Float32Array) => onFrame(pixels, (buffer) => new Float32Array(buffer, 0, pixels.length));
  switch (reading.modality) {
    case 'vision': {
      const { rgb: pixels } = reading;
      const { frame, values } = onFrame(pixels, (buffer) => new Uint8Array(buffer, 0, pixels.length));
      return { ...reading, frame, rgb: values };
    }
    case 'depth': {
      const { frame, values } = floats(reading.metres);
      return { ...reading, frame, metres: values };
    }
    case 'thermal': {
      const { frame, values } = floats(reading.values);
      return { ...reading, frame, values };
    }
    case 'audio':
      return { ...reading, channels: reading.channels.map((samples) => samples.slice()) };
    case 'imu': {
      const { sampleMicros, acceleration, angularVelocity } = reading;
      const own = ([x, y, z]: Vectors): Vectors => [x.slice(), y.slice(), z.slice()];
      return {
        ...reading,
        sampleMicros: sampleMicros.slice(),
        acceleration: own(acceleration),
        ...(angularVelocity === undefined ? {} : { angularVelocity: own(angularVelocity) }),
      };
    }
    default:
      return reading;
  }
}
