import { Recorder, type RecorderStats } from '../../devices/recording/recorder';
import { HEARD_SECONDS, PICTURE_SECONDS } from '../../devices/simulated/drawScene';
import type { Sensor } from '../../devices/simulated/sensor';
import { type Clock, type Micros, systemClock } from '../clock';
import { SensebindError } from '../errors';
import { FramePool } from '../frames';
import type { EncoderInput } from '../preprocess/input';
import type { Reading } from '../reading';
import { checkSpec, type SceneSetSpec } from './sceneSetSpec';
import { sceneTasks } from './sceneTasks';
import { inWorkers } from './workers/inWorkers';
import type { ReadingResult, ReadingWorkerData } from './workers/readingWorker';

export interface RecordScenesOptions {
  /** Of the recording. */
  readonly folder: string;
  readonly sensors: readonly Sensor[];
  /** The program and its version. */
  readonly library: string;
  /** Threads. Default: one a core. */
  readonly workers?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onScenes?: (scenes: number) => void;
}

/** Id of each sensor's source in the recording. */
export const SCENE_SOURCES: Readonly<Record<Sensor, string>> = {
  vision: 'camera0',
  depth: 'depth0',
  thermal: 'thermal0',
  audio: 'mic0',
  imu: 'imu0',
  radar: 'radar0',
};

/** From one scene to the next: readings of two never lie within one window. */
const PERIOD_MICROS = 10e6;
/** 2020-01-01: the recording does not depend on when it was made. */
const START_MICROS = 1_577_836_800_000_000;
/** Nothing is ever removed for want of room. */
const LIMITS = { segmentBytes: 2 ** 28, segmentMicros: Number.MAX_SAFE_INTEGER, totalBytes: Number.MAX_SAFE_INTEGER };
/** Of the pictures of one task. */
const FRAME_LIMITS = { frames: 1024, bytes: 2 ** 26 } as const;

/**
 * Records one moment of a new scene after another, as some sensors read it at the same time: the readings are the same
 * for the same spec, and nothing tells what the scenes show.
 *
 * @throws {SensebindError} `INPUT_INVALID` for a spec or sensors that cannot be; `DISK_FULL`, `FILE_UNWRITABLE`;
 * `REQUEST_ABORTED`. What was written until then stays.
 */
export async function recordScenes(spec: SceneSetSpec, options: RecordScenesOptions): Promise<RecorderStats> {
  const { folder, sensors, library, workers, signal, onScenes } = options;
  checkSpec(spec, sensors);
  const clock = new SceneClock();
  const configuration = JSON.stringify({ simulated: spec, sensors });
  const recorder = await Recorder.create({ folder, clock, limits: LIMITS, configuration, library });
  const memory = new FramePool(FRAME_LIMITS);
  const inOrder = new Turns();
  const workerData: ReadingWorkerData = { sensors };
  try {
    await inWorkers<ReadingResult>(sceneTasks(spec), {
      entry: 'readingWorker',
      workerData,
      workers,
      signal,
      onResult: ({ first, scenes }) =>
        inOrder.take(first, scenes.length, async () => {
          for (const [index, inputs] of scenes.entries()) {
            clock.micros = (first + index) * PERIOD_MICROS;
            for (const [at, sensor] of sensors.entries())
              record(recorder, { sensor, input: inputs[at], clock, memory });
          }
          await recorder.drained();
          if (recorder.status.state === 'stopped') throw recorder.status.error;
          onScenes?.(scenes.length);
        }),
    });
  } finally {
    await recorder.close();
  }
  if (recorder.status.state === 'stopped') throw recorder.status.error;
  return recorder.stats;
}

/** The time of the scenes; timers are those of the machine. */
class SceneClock implements Clock {
  /** When the scene began. */
  micros: Micros = 0;

  epochMicros(): Micros {
    return START_MICROS + this.micros;
  }

  monotonicMicros(): Micros {
    return this.micros;
  }

  setTimer: Clock['setTimer'] = (...timer) => systemClock.setTimer(...timer);
}

/** Threads finish tasks in any order; each waits for its turn, so that no more than one result a thread is kept. */
class Turns {
  readonly #waiting = new Map<number, () => void>();
  #next = 0;

  async take(first: number, count: number, work: () => Promise<void>): Promise<void> {
    if (first !== this.#next) await new Promise<void>((resolve) => this.#waiting.set(first, resolve));
    await work();
    this.#next = first + count;
    this.#waiting.get(this.#next)?.();
    this.#waiting.delete(this.#next);
  }
}

interface Rendered {
  readonly sensor: Sensor;
  readonly input: EncoderInput | undefined;
  readonly clock: Clock;
  readonly memory: FramePool;
}

function record(recorder: Recorder, rendered: Rendered): void {
  const reading = readingOf(rendered);
  recorder.reading(reading);
  if ('frame' in reading) reading.frame.release();
}

function readingOf({ sensor, input, clock, memory }: Rendered): Reading {
  const head = (atSeconds: number) => {
    const offset = Math.round(atSeconds * 1e6);
    return {
      source: SCENE_SOURCES[sensor],
      timeMicros: clock.epochMicros() + offset,
      monotonicMicros: clock.monotonicMicros() + offset,
      clockQuality: 'simulated',
      flags: ['simulated'],
    } as const;
  };
  switch (input?.kind) {
    case 'picture': {
      const [{ rgb, width, height }] = input.frames;
      const frame = acquire(memory, rgb.byteLength);
      frame.bytes.set(rgb);
      return { ...head(PICTURE_SECONDS), modality: 'vision', width, height, rgb: frame.bytes, frame };
    }
    case 'depth': {
      const { metres, width, height } = input;
      const { frame, values } = framed(memory, metres);
      return { ...head(PICTURE_SECONDS), modality: 'depth', width, height, metres: values, frame };
    }
    case 'thermal': {
      const { kelvin, width, height } = input;
      const { frame, values } = framed(memory, kelvin);
      return { ...head(PICTURE_SECONDS), modality: 'thermal', width, height, values, unit: 'K', frame };
    }
    case 'sound':
      return { ...head(HEARD_SECONDS.from), ...input, modality: 'audio' };
    case 'motion': {
      const { axes, timing } = input;
      const [x, y, z, roll, pitch, yaw] = axes;
      if (!x || !y || !z || !roll || !pitch || !yaw || !('rateHz' in timing)) break;
      const start = clock.monotonicMicros();
      const sampleMicros = Float64Array.from(x, (_, index) => start + Math.round((index * 1e6) / timing.rateHz));
      const motion = { sampleMicros, acceleration: [x, y, z], angularVelocity: [roll, pitch, yaw] } as const;
      return { ...head(0), modality: 'imu', ...motion };
    }
    case 'profile':
      return { ...head(PICTURE_SECONDS), modality: 'radar', profile: input.strengths, binMetres: input.binMetres };
    default:
  }
  throw new SensebindError('INTERNAL', `Expected a reading of ${sensor}, found ${input?.kind}`, 'Please report this.');
}

function framed(memory: FramePool, values: Float32Array) {
  const frame = acquire(memory, values.byteLength);
  const shared = new Float32Array(frame.buffer, 0, values.length);
  shared.set(values);
  return { frame, values: shared };
}

function acquire(memory: FramePool, byteLength: number) {
  const frame = memory.acquire(byteLength);
  if (frame !== undefined) return frame;
  throw new SensebindError('INTERNAL', 'Expected memory for the pictures of a task, found none', 'Please report this.');
}
