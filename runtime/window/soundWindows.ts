import type { SoundSpec } from '../../models/bundle/manifest';
import type { Clock } from '../clock';
import { SensebindError } from '../errors';
import type { FramePool } from '../frames';
import { SoundStream } from '../preprocess/audioStream';
import type { AudioReading, Flag, Reading } from '../reading';
import { SampleTimeline } from './sampleTimeline';
import type { Window, WindowEvents, WindowSize, Windows } from './window';

export interface SoundWindowsOptions {
  readonly source: string;
  readonly spec: SoundSpec;
  readonly size: Required<WindowSize>;
  /** Which channel is listened to, from 0. */
  readonly channel: number;
  readonly pool: FramePool;
  readonly clock: Clock;
}

/** Sound kept beyond one window and one hop, for readings that come late and in bulk. */
const SPARE_SECONDS = 1;

/** Flags of a reading that stay true of the window that holds it. Gaps are found by {@link SampleTimeline}, too. */
const INHERITED: ReadonlySet<Flag> = new Set<Flag>(['overrun', 'replayed', 'simulated']);

/**
 * Windows of sound by sample count, at the encoder's rate and one channel. A gap longer than a hop starts a new stream;
 * a shorter one is passed over, and flagged on every window that has it.
 */
export class SoundWindows implements Windows {
  readonly #options: SoundWindowsOptions;
  readonly #events: WindowEvents;
  readonly #windowSamples: number;
  readonly #hopSamples: number;
  #run: Run | undefined;
  #runs = 0;

  constructor(options: SoundWindowsOptions, events: WindowEvents) {
    this.#options = options;
    this.#events = events;
    const samples = (millis: number) => Math.max(1, Math.round((millis / 1000) * options.spec.sampleRateHz));
    this.#windowSamples = samples(options.size.window);
    this.#hopSamples = samples(options.size.hop);
  }

  append(reading: Reading): void {
    if (reading.modality !== 'audio') throw notSound(reading);
    const run = this.#runFor(reading);
    const sample = run.stream.producedSamples;
    const inherited = reading.flags.filter((flag) => INHERITED.has(flag)).map((flag) => ({ sample, flag }));
    if (inherited.length > 0) run.marks = [...run.marks, ...inherited];
    run.timeline.add(reading, sample);
    run.stream.append(reading.channels);
    this.#emit(run);
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
    const end = run.stream.producedSamples;
    const covered = run.nextStart === 0 ? 0 : run.nextStart - this.#hopSamples + this.#windowSamples;
    if (end > covered) this.#hand(run, Math.max(0, end - this.#windowSamples), Math.min(end, this.#windowSamples));
  }

  /** The run that this reading goes on with, or a new one. */
  #runFor(reading: AudioReading): Run {
    const lostMicros = this.#run?.timeline.lostBefore(reading) ?? 0;
    if (lostMicros > 0 || reading.flags.includes('gap')) this.#events.gap();
    if (this.#run && this.#run.inputRateHz === reading.sampleRateHz && lostMicros <= this.#options.size.hop * 1000) {
      return this.#run;
    }
    this.#run = this.#start(reading);
    return this.#run;
  }

  #start(reading: AudioReading): Run {
    const { spec, channel, source } = this.#options;
    this.#runs++;
    return {
      id: nextStreamId(source),
      inputRateHz: reading.sampleRateHz,
      stream: new SoundStream({
        inputRateHz: reading.sampleRateHz,
        outputRateHz: spec.sampleRateHz,
        channel,
        capacitySeconds: (this.#windowSamples + this.#hopSamples) / spec.sampleRateHz + SPARE_SECONDS,
      }),
      timeline: new SampleTimeline(spec.sampleRateHz),
      marks: this.#runs > 1 ? [{ sample: 0, flag: 'gap' }] : [],
      nextStart: 0,
    };
  }

  /** Hands over the newest complete window; older ones of the same moment are superseded. */
  #emit(run: Run): void {
    const ready = Math.floor((run.stream.producedSamples - this.#windowSamples - run.nextStart) / this.#hopSamples);
    if (ready < 0) return;
    for (let skipped = 0; skipped < ready; skipped++) this.#events.dropped('superseded');
    const start = run.nextStart + ready * this.#hopSamples;
    run.nextStart = start + this.#hopSamples;
    this.#hand(run, start, this.#windowSamples);
    run.timeline.forget(run.nextStart);
    run.marks = run.marks.filter(({ sample }) => sample >= run.nextStart);
  }

  #hand(run: Run, firstSample: number, count: number): void {
    const frame = this.#options.pool.acquire(count * Float32Array.BYTES_PER_ELEMENT);
    if (!frame) {
      this.#events.dropped('memory');
      return;
    }
    const samples = new Float32Array(frame.buffer, 0, count);
    if (!run.stream.read(firstSample, samples)) {
      frame.release();
      this.#events.dropped('overwritten');
      return;
    }
    const window: Window = {
      input: { kind: 'soundStream', stream: run.id, firstSample, samples },
      ...run.timeline.span(firstSample, count),
      completedMicros: this.#options.clock.monotonicMicros(),
      flags: this.#flags(run, firstSample, count),
      frame,
    };
    this.#events.window(window);
  }

  #flags(run: Run, firstSample: number, count: number): Flag[] {
    const end = firstSample + count;
    const flags = new Set(
      run.marks.filter(({ sample }) => sample >= firstSample && sample < end).map(({ flag }) => flag),
    );
    if (run.timeline.gapWithin(firstSample, count)) flags.add('gap');
    if (run.stream.clipped(firstSample, count)) flags.add('clipped');
    if (count < this.#windowSamples) flags.add('partial-window');
    return [...flags].sort();
  }
}

function notSound({ modality, source }: Reading): SensebindError {
  return new SensebindError(
    'INPUT_UNSUPPORTED',
    `expected sound from "${source}", found readings of ${modality}`,
    'give a microphone or a sound file to an encoder of sound',
  );
}

let streams = 0;

/** Never the same twice in this process: an engine that outlives these windows remembers clips by the name of their stream. */
function nextStreamId(source: string): string {
  streams++;
  return `${source}/${streams}`;
}

/** An uninterrupted stretch of readings. */
interface Run {
  readonly id: string;
  readonly inputRateHz: number;
  readonly stream: SoundStream;
  readonly timeline: SampleTimeline;
  /** What is true of the window that holds the sample. */
  marks: readonly Mark[];
  nextStart: number;
}

interface Mark {
  readonly sample: number;
  readonly flag: Flag;
}
