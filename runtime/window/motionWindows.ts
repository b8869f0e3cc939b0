import type { SeriesSpec } from '../../models/bundle/manifest';
import type { Clock, Micros } from '../clock';
import { SensebindError } from '../errors';
import type { FramePool } from '../frames';
import type { Flag, MotionReading, Reading } from '../reading';
import { MotionRing, type MotionSamples } from './motionRing';
import { spanOf, type Window, type WindowDrop, type WindowEvents, type WindowSize, type Windows } from './window';

export interface MotionWindowsOptions {
  readonly source: string;
  readonly spec: SeriesSpec;
  readonly size: Required<WindowSize>;
  readonly pool: FramePool;
  readonly clock: Clock;
}

/** Faster sensors overwrite what they have not shown yet, and say so. */
const FASTEST_HZ = 4000;

/** Kept beyond one window and one hop, for blocks that come late and in bulk. */
const SPARE_MICROS = 1_000_000;

/** A break that is told; the preprocessing bridges and flags it. */
const GAP_MICROS = 100_000;

/** A break longer than this, and longer than a hop, is not bridged: what follows is another stretch. */
const LONGEST_BRIDGE_MICROS = 1_000_000;

/** A rate needs two samples. */
const FEWEST_SAMPLES = 2;

/** Flags of a reading that stay true of the window that holds it. */
const INHERITED: ReadonlySet<Flag> = new Set<Flag>([
  'clipped',
  'gap',
  'overrun',
  'replayed',
  'simulated',
  'unverified',
]);

/**
 * Windows of motion by the times of its samples, from blocks of any size. A window is complete when a sample at its end
 * or after it is there; samples that are out of order are left out and counted.
 */
export class MotionWindows implements Windows {
  readonly #options: MotionWindowsOptions;
  readonly #events: WindowEvents;
  readonly #windowMicros: Micros;
  readonly #hopMicros: Micros;
  #run: Run | undefined;
  #runs = 0;

  constructor(options: MotionWindowsOptions, events: WindowEvents) {
    this.#options = options;
    this.#events = events;
    this.#windowMicros = options.size.window * 1000;
    this.#hopMicros = options.size.hop * 1000;
  }

  append(reading: Reading): void {
    if (reading.modality !== 'imu') throw notMotion(reading);
    const axes = axesOf(reading);
    let late = 0;
    let isMarked = false;
    for (let index = 0; index < reading.sampleMicros.length; index++) {
      const timeMicros = reading.sampleMicros[index] ?? Number.NaN;
      const run = this.#runFor(timeMicros);
      if (run === undefined) {
        late++;
        continue;
      }
      if (!isMarked) this.#mark(run, reading, timeMicros);
      isMarked = true;
      run.ring.push(timeMicros, axes, index);
      run.newestMicros = timeMicros;
    }
    if (late > 0) this.#events.dropped('late', late);
    if (this.#run === undefined) return;
    this.#run.wallMinusMonotonic = reading.timeMicros - reading.monotonicMicros;
    this.#emit(this.#run);
  }

  interrupt(): void {
    if (!this.#run) return;
    this.#run = undefined;
    this.#events.gap();
  }

  finish(): void {
    const run = this.#run;
    if (!run) return;
    this.#run = undefined;
    const endMicros = run.newestMicros + 1;
    const coveredMicros = run.handed ? run.nextStartMicros - this.#hopMicros + this.#windowMicros : run.originMicros;
    if (endMicros <= coveredMicros) return;
    this.#hand(run, { startMicros: Math.max(run.originMicros, endMicros - this.#windowMicros), endMicros });
  }

  /** The run that a sample goes on with, or a new one; `undefined` for a sample that comes too late. */
  #runFor(timeMicros: Micros): Run | undefined {
    const run = this.#run;
    if (run === undefined) return this.#start(timeMicros);
    const breakMicros = timeMicros - run.newestMicros;
    if (!(breakMicros > 0)) return undefined;
    if (breakMicros > GAP_MICROS) this.#events.gap();
    return breakMicros > Math.max(this.#hopMicros, LONGEST_BRIDGE_MICROS) ? this.#start(timeMicros) : run;
  }

  #start(originMicros: Micros): Run {
    this.#runs++;
    const keptMicros = this.#windowMicros + this.#hopMicros + SPARE_MICROS;
    const limit = Math.ceil((keptMicros * FASTEST_HZ) / 1e6);
    this.#run = {
      ring: new MotionRing({ axes: this.#options.spec.channels, limit }),
      originMicros,
      newestMicros: originMicros,
      nextStartMicros: originMicros,
      handed: false,
      wallMinusMonotonic: 0,
      marks: this.#runs > 1 ? [{ timeMicros: originMicros, flag: 'gap' }] : [],
    };
    return this.#run;
  }

  #mark(run: Run, { flags, angularVelocity }: MotionReading, timeMicros: Micros): void {
    const isMissing = angularVelocity === undefined && this.#options.spec.channels > ACCELERATION_AXES;
    if (flags.length === 0 && !isMissing) return;
    for (const flag of flags) if (INHERITED.has(flag)) run.marks.push({ timeMicros, flag });
    if (isMissing) run.marks.push({ timeMicros, flag: 'axes-missing' });
  }

  /** Hands over the newest complete window; older ones of the same moment are superseded. */
  #emit(run: Run): void {
    const ready = Math.floor((run.newestMicros - this.#windowMicros - run.nextStartMicros) / this.#hopMicros);
    if (ready < 0) return;
    if (ready > 0) this.#events.dropped('superseded', ready);
    const startMicros = run.nextStartMicros + ready * this.#hopMicros;
    run.nextStartMicros = startMicros + this.#hopMicros;
    run.handed = true;
    this.#hand(run, { startMicros, endMicros: startMicros + this.#windowMicros });
    run.ring.forget(run.nextStartMicros);
    run.marks = run.marks.filter(({ timeMicros }) => timeMicros >= run.nextStartMicros);
  }

  #hand(run: Run, span: Span): void {
    const taken = this.#take(run, span);
    if (typeof taken === 'string') {
      this.#events.dropped(taken);
      return;
    }
    this.#events.window({
      ...taken,
      ...spanOf(span, run.wallMinusMonotonic),
      completedMicros: this.#options.clock.monotonicMicros(),
      flags: this.#flags(run, span),
    });
  }

  /** Copies the samples of a span to memory that a worker can see; or why that cannot be. */
  #take({ ring }: Run, span: Span): Pick<Window, 'input' | 'frame'> | WindowDrop {
    const from = ring.numberAt(span.startMicros);
    const count = ring.numberAt(span.endMicros) - from;
    if (ring.overwrittenMicros >= span.startMicros) return 'overwritten';
    if (count < FEWEST_SAMPLES) return 'sparse';
    const axisBytes = count * Float32Array.BYTES_PER_ELEMENT;
    const timeBytes = count * Float64Array.BYTES_PER_ELEMENT;
    const frame = this.#options.pool.acquire(timeBytes + this.#options.spec.channels * axisBytes);
    if (!frame) return 'memory';
    const samples: MotionSamples = {
      timesMicros: new Float64Array(frame.buffer, 0, count),
      axes: Array.from(
        { length: this.#options.spec.channels },
        (_, axis) => new Float32Array(frame.buffer, timeBytes + axis * axisBytes, count),
      ),
    };
    ring.read(from, samples);
    return { input: { kind: 'motion', axes: samples.axes, timing: { timesMicros: samples.timesMicros } }, frame };
  }

  #flags({ marks }: Run, { startMicros, endMicros }: Span): Flag[] {
    const within = marks.filter(({ timeMicros }) => timeMicros >= startMicros && timeMicros < endMicros);
    const flags = new Set(within.map(({ flag }) => flag));
    if (endMicros - startMicros < this.#windowMicros) flags.add('partial-window');
    return [...flags].sort();
  }
}

/** From the start to before the end, on the monotonic clock. */
interface Span {
  readonly startMicros: Micros;
  readonly endMicros: Micros;
}

const ACCELERATION_AXES = 3;

/** Accelerometer x, y, z, then gyroscope x, y, z where there is one. */
function axesOf({ acceleration, angularVelocity }: MotionReading): readonly Float32Array[] {
  return angularVelocity === undefined ? acceleration : [...acceleration, ...angularVelocity];
}

function notMotion({ modality, source }: Reading): SensebindError {
  return new SensebindError(
    'INPUT_UNSUPPORTED',
    `expected motion from "${source}", found readings of ${modality}`,
    'give the source to an encoder of its own modality',
  );
}

/** An uninterrupted stretch of samples. */
interface Run {
  readonly ring: MotionRing;
  readonly originMicros: Micros;
  newestMicros: Micros;
  nextStartMicros: Micros;
  /** A window was handed over. */
  handed: boolean;
  wallMinusMonotonic: Micros;
  /** What is true of the window that holds the instant. */
  marks: { readonly timeMicros: Micros; readonly flag: Flag }[];
}
