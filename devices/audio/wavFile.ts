import { createReadStream } from 'node:fs';
import Type from '#typebox';
import { type Millis, sleep } from '../../runtime/clock';
import { isSensebindError, SensebindError } from '../../runtime/errors';
import type { Driver, Flag, ReadingSink } from '../../runtime/reading';
import { type DeviceContext, declareDevice, resolvePath } from '../device';
import { unreadable } from './readWav';
import { type WavItem, WavParser } from './wav';

/** Plays a WAV file as a microphone would have heard it: every sample at its time. */
export const wavFile = declareDevice({
  kind: 'wav',
  modality: 'audio',
  title: 'WAV file, played in real time',
  options: Type.Object(
    {
      kind: Type.Literal('wav'),
      file: Type.String({ minLength: 1, maxLength: 4096, description: 'Path of a WAV file.' }),
      loop: Type.Optional(Type.Boolean({ description: 'Starts again at the end. Default: false.' })),
    },
    { additionalProperties: false },
  ),
  inputs: ['file'],
  open: (options, context) => new WavFileDriver(resolvePath(options.file, context), options.loop ?? false, context),
});

/** How much sound one reading holds. */
const READING_MICROS = 50_000;

/** A machine that slept longer than this does not get the sound of that time at once. */
const MAX_LATE_MICROS = 2_000_000;

/** When the sound started, and how much was played since. Due times follow from it, so delays never add up. */
interface Schedule {
  readonly startMonotonicMicros: number;
  readonly startEpochMicros: number;
  readonly frames: number;
}

class WavFileDriver implements Driver {
  readonly modality = 'audio';
  readonly #path: string;
  readonly #passes: number;
  readonly #context: DeviceContext;

  constructor(path: string, loop: boolean, context: DeviceContext) {
    this.#path = path;
    this.#passes = loop ? Number.POSITIVE_INFINITY : 1;
    this.#context = context;
  }

  async run(sink: ReadingSink, signal: AbortSignal): Promise<void> {
    let schedule: Schedule | undefined;
    for (let pass = 0; pass < this.#passes && !signal.aborted; pass++) {
      const before = schedule?.frames ?? 0;
      for await (const block of blocksOf(this.#path)) {
        if (signal.aborted) return;
        schedule = await this.#play(block, schedule ?? this.#scheduleFromNow(0), { sink, signal });
      }
      if ((schedule?.frames ?? 0) === before) throw silentFile(this.#path);
    }
  }

  #scheduleFromNow(frames: number): Schedule {
    const { clock } = this.#context;
    return { startMonotonicMicros: clock.monotonicMicros(), startEpochMicros: clock.epochMicros(), frames };
  }

  /** Waits until the last sample of the block would have been heard, then hands it over. */
  async #play(
    block: Block,
    planned: Schedule,
    to: { readonly sink: ReadingSink; readonly signal: AbortSignal },
  ): Promise<Schedule> {
    const { clock, source } = this.#context;
    const micros = (frames: number) => Math.round((frames * 1e6) / block.sampleRateHz);
    const flags: Flag[] = [];
    let schedule = planned;
    const dueMicros = schedule.startMonotonicMicros + micros(schedule.frames + block.frames);
    const waitMicros = dueMicros - clock.monotonicMicros();
    if (waitMicros < -MAX_LATE_MICROS) {
      schedule = this.#scheduleFromNow(0);
      flags.push('gap');
    } else {
      await sleep(clock, (waitMicros / 1000) as Millis, to.signal);
      if (to.signal.aborted) return schedule;
    }
    to.sink.reading({
      source,
      modality: 'audio',
      timeMicros: schedule.startEpochMicros + micros(schedule.frames),
      monotonicMicros: schedule.startMonotonicMicros + micros(schedule.frames),
      clockQuality: 'file',
      flags,
      sampleRateHz: block.sampleRateHz,
      channels: block.channels,
    });
    return { ...schedule, frames: schedule.frames + block.frames };
  }
}

interface Block {
  readonly sampleRateHz: number;
  readonly frames: number;
  readonly channels: readonly Float32Array[];
}

/** The sound of a file in pieces of {@link READING_MICROS} at most, without reading the whole file first. */
async function* blocksOf(path: string): AsyncGenerator<Block> {
  const parser = new WavParser();
  const cutter = new Cutter();
  try {
    for await (const bytes of createReadStream(path)) {
      parser.append(bytes);
      for (let item = parser.next(); item; item = parser.next()) yield* cutter.cut(item);
    }
  } catch (error) {
    if (isSensebindError(error)) throw error;
    throw unreadable(path, error);
  }
  parser.finish();
  for (let item = parser.next(); item; item = parser.next()) yield* cutter.cut(item);
}

class Cutter {
  #sampleRateHz = 0;

  *cut(item: WavItem): Generator<Block> {
    if (item.kind === 'format') this.#sampleRateHz = item.format.sampleRateHz;
    if (item.kind !== 'samples') return;
    const total = item.channels[0]?.length ?? 0;
    const step = Math.max(1, Math.round((this.#sampleRateHz * READING_MICROS) / 1e6));
    for (let start = 0; start < total; start += step) {
      const channels = item.channels.map((samples) => samples.subarray(start, start + step));
      yield { sampleRateHz: this.#sampleRateHz, frames: Math.min(step, total - start), channels };
    }
  }
}

function silentFile(path: string): SensebindError {
  return new SensebindError('WAV_INVALID', `expected sound, found no sample in ${path}`, 'record the file again');
}
