import type { Clock, Millis } from '../../runtime/clock';
import { SensebindError } from '../../runtime/errors';
import type { Driver, Modality, ReadingSink } from '../../runtime/reading';
import type { LivenessLimits } from '../liveness';
import type { Command, ProcessEnd, ProcessHandlers, StartProcess } from '../ports/process';
import { caps, element, linked } from './element';
import { pipelineError, redact, type Subject } from './problems';
import { type BufferConsumer, TappedStream } from './tappedStream';
import { type Frozen, WatchedSink } from './watchedSink';

/** What is read, as arguments of gst-launch-1.0. */
export interface Pipeline {
  /** From the source to raw data that `output` fits. */
  readonly elements: readonly string[];
  /** Texts in `elements` that no message may hold. */
  readonly secrets: readonly string[];
}

/** What makes a driver of a pipeline. */
export interface GstProtocol {
  readonly modality: Modality;
  readonly subject: Subject;
  /** Made anew for each run, since passwords are read then. */
  pipeline(): Promise<Pipeline>;
  /** What takes the buffers of one run. `isRepeated`: the file was played before. */
  consumer(sink: ReadingSink, pass: { readonly isRepeated: boolean }): BufferConsumer;
  /** While it runs. It has longer for the first reading. */
  readonly limits: LivenessLimits;
  /** What the end of the stream is: the end of a file, or of a file that begins again, or a failure. */
  readonly atEnd: 'finish' | 'repeat' | 'fail';
}

/** Asked by SIGINT, gst-launch puts every element to rest; a camera that is torn away may wedge its daemon (§6). */
const ENDING = { signal: 'SIGINT', grace: 3000 as Millis } as const;

/** Lines of standard error that are kept: the first ones from the first error on, else the last ones. */
const KEPT_MESSAGES = 16;

/** Reads a pipeline of GStreamer in a process of its own (reference/devices.md §6). */
export class GstDriver implements Driver {
  readonly #protocol: GstProtocol;
  readonly #clock: Clock;
  readonly #start: StartProcess;

  constructor(protocol: GstProtocol, options: { readonly clock: Clock; readonly start: StartProcess }) {
    this.#protocol = protocol;
    this.#clock = options.clock;
    this.#start = options.start;
  }

  get modality(): Modality {
    return this.#protocol.modality;
  }

  async run(sink: ReadingSink, signal: AbortSignal): Promise<void> {
    for (let pass = 0; !signal.aborted; pass++) {
      const readings = await this.#play(sink, { signal, isRepeated: pass > 0 });
      if (signal.aborted || this.#protocol.atEnd !== 'repeat') return;
      if (readings === 0) throw this.#empty();
    }
  }

  /** Runs the pipeline once, to its end. Returns how many readings it gave. */
  async #play(
    sink: ReadingSink,
    pass: { readonly signal: AbortSignal; readonly isRepeated: boolean },
  ): Promise<number> {
    const { elements, secrets } = await this.#protocol.pipeline();
    const { signal } = pass;
    if (signal.aborted) return 0;
    let problem: unknown;
    const fail = (error: unknown): void => {
      problem ??= error;
      void running.close();
    };
    /** Nothing that is done with the output may throw into the pipe that it came from: that ends the whole process. */
    const guarded = (work: () => void): void => {
      if (problem !== undefined) return;
      try {
        work();
      } catch (error) {
        fail(error);
      }
    };
    const isFile = this.#protocol.atEnd !== 'fail';
    const watched = new WatchedSink(sink, {
      clock: this.#clock,
      limits: this.#protocol.limits,
      // Short files without what is asked for never come to their end.
      onFrozen: (freeze) => fail(isFile && watched.count === 0 ? this.#empty() : this.#frozen(freeze)),
    });
    const consumer = this.#protocol.consumer(watched, pass);
    const tapped = new TappedStream(consumer, (reason) => fail(this.#broken(reason)));
    const messages = new Messages();
    const running = this.#start(commandOf(elements), this.#handlers({ tapped, messages, guarded }));
    const stop = (): void => void running.close();
    signal.addEventListener('abort', stop, { once: true });
    const end = await running.ended;
    signal.removeEventListener('abort', stop);
    watched.stop();
    const wastedBytes = tapped.finish();
    // Who stops a camera in the middle of a picture has lost nothing.
    if (signal.aborted) return watched.count;
    if (wastedBytes > 0) sink.lost('corrupt-bytes', wastedBytes);
    if (problem !== undefined) throw problem;
    if (isEndOfStream(end) && this.#protocol.atEnd !== 'fail') return watched.count;
    throw pipelineError(this.#protocol.subject, { end, messages: messages.all, secrets });
  }

  #handlers({
    tapped,
    messages,
    guarded,
  }: {
    readonly tapped: TappedStream;
    readonly messages: Messages;
    readonly guarded: (work: () => void) => void;
  }): ProcessHandlers {
    const clock = this.#clock;
    return {
      output: (bytes) => guarded(() => tapped.append(bytes, clock.monotonicMicros())),
      rest: () => tapped.rest(),
      report: (line) => guarded(() => tapped.line(line, clock.monotonicMicros())),
      message: (line) => messages.add(line),
    };
  }

  #broken(reason: string): SensebindError {
    return new SensebindError(
      'DEVICE_FAILED',
      `expected whole buffers from ${this.#protocol.subject.name}, found ${redact(reason, [])}`,
      'report this with the version: gst-launch-1.0 --version',
    );
  }

  #frozen({ kind, after }: Frozen): SensebindError {
    const found = kind === 'silent' ? 'nothing' : 'exactly the same';
    return new SensebindError(
      'DEVICE_FROZEN',
      `expected readings from ${this.#protocol.subject.name}, found ${found} for ${after / 1000} s`,
      kind === 'silent'
        ? 'check the cable, the power and the network, or unplug it and plug it in again'
        : 'it hangs: unplug it and plug it in again; where nothing may ever change in its view, set "mayStandStill"',
    );
  }

  #empty(): SensebindError {
    return new SensebindError(
      'INPUT_INVALID',
      `expected a file with something of the modality ${this.#protocol.modality}, found none in ${this.#protocol.subject.name}`,
      'name another file',
    );
  }
}

function isEndOfStream(end: ProcessEnd): boolean {
  return end.kind === 'exited' && end.code === 0;
}

function commandOf(elements: readonly string[]): Command {
  const tap = element('identity', { name: 'tap', silent: false });
  const sink = element('fdsink', { fd: 3, sync: false });
  return {
    program: 'gst-launch-1.0',
    arguments: ['-v', ...linked(elements, tap, sink)],
    dataOn: 'descriptor3',
    ending: ENDING,
  };
}

/** Keeps the last one only, or the last stretch of sound: a reader that is late does not get what is old. */
export function newestOnly(limit: { readonly buffers: number } | { readonly micros: number }): readonly string[] {
  return element('queue', {
    leaky: 'downstream',
    'max-size-buffers': 'buffers' in limit ? limit.buffers : 0,
    'max-size-time': 'micros' in limit ? limit.micros * 1000 : 0,
    'max-size-bytes': 0,
  });
}

/** Of a stream with sound and pictures, the one that is asked for. */
export function rtpOnly(media: 'video' | 'audio'): readonly string[] {
  return caps('application/x-rtp', { media });
}

/** What a program says on standard error. */
class Messages {
  #lines: string[] = [];
  #hasError: boolean = false;

  get all(): readonly string[] {
    return this.#lines;
  }

  add(line: string): void {
    const text = line.trim();
    if (text === '') return;
    if (!this.#hasError && /^(ERROR|WARNING: erroneous)/.test(text)) {
      this.#hasError = true;
      this.#lines = [];
    }
    if (this.#hasError && this.#lines.length >= KEPT_MESSAGES) return;
    this.#lines = [...this.#lines.slice(1 - KEPT_MESSAGES), text];
  }
}
