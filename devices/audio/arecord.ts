import Type, { type Static } from 'typebox';
import type { Clock, Millis } from '../../runtime/clock';
import { SensebindError } from '../../runtime/errors';
import type { Driver, ReadingSink } from '../../runtime/reading';
import { declareDevice } from '../device';
import type { Command, ProcessEnd, RunningProcess, StartProcess } from '../ports/process';
import { findMicrophones } from './findMicrophones';
import { PcmStream } from './pcmStream';
import { SampleClock } from './sampleClock';

const Options = Type.Object(
  {
    kind: Type.Literal('arecord'),
    device: Type.Optional(
      Type.String({
        pattern: '^[A-Za-z0-9][A-Za-z0-9_:=,.-]{0,127}$',
        description: 'Name of the ALSA device as `arecord -L` lists it, e.g. plughw:CARD=Device. Default: default.',
      }),
    ),
    sampleRateHz: Type.Optional(Type.Integer({ minimum: 4000, maximum: 192_000, description: 'Default: 16000.' })),
    channels: Type.Optional(Type.Integer({ minimum: 1, maximum: 32, description: 'Default: 1.' })),
  },
  { additionalProperties: false },
);

/** Records from a sound card with alsa-utils (reference/devices.md §5). */
export const arecord = declareDevice({
  kind: 'arecord',
  modality: 'audio',
  title: 'Microphone (ALSA)',
  options: Options,
  needs: {
    programs: [{ program: 'arecord', debianPackage: 'alsa-utils' }],
    files: { folder: '/dev/snd', name: /^pcm.*c$/, group: 'audio' },
  },
  open: (options, context) => new ArecordDriver(options, { ...context, start: context.ports.startProcess }),
  discover: findMicrophones,
});

/** How much sound arecord hands over at once, and how much it keeps while we are busy. */
const PERIOD_SECONDS = 0.02;
const BUFFER_SECONDS = 0.5;

/** A card that sends nothing for this long is frozen. */
const FROZEN_AFTER = 5000 as Millis;

/** Lines of standard error kept to explain why arecord ended. */
const KEPT_MESSAGES = 4;

export interface ArecordContext {
  readonly source: string;
  readonly clock: Clock;
  readonly start: StartProcess;
}

export class ArecordDriver implements Driver {
  readonly modality = 'audio';
  readonly #device: string;
  readonly #sampleRateHz: number;
  readonly #channels: number;
  readonly #context: ArecordContext;

  constructor(options: Static<typeof Options>, context: ArecordContext) {
    this.#device = options.device ?? 'default';
    this.#sampleRateHz = options.sampleRateHz ?? 16_000;
    this.#channels = options.channels ?? 1;
    this.#context = context;
  }

  async run(sink: ReadingSink, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    const { source, clock } = this.#context;
    const samples = new PcmStream(
      { source, clockQuality: 'arrival', sampleRateHz: this.#sampleRateHz, channels: this.#channels },
      { sink, times: new SampleClock(clock, this.#sampleRateHz) },
    );
    const messages: string[] = [];
    const running = this.#context.start(this.#command(), {
      output: (bytes) => {
        watchdog.feed();
        samples.append(bytes);
      },
      message: (line) => {
        if (line.startsWith('overrun')) {
          // arecord goes on; what was lost left no trace in its output.
          sink.lost('overrun', 1);
          samples.interrupted(['gap', 'overrun']);
        } else if (line.trim() !== '') messages.push(line.trim());
        if (messages.length > KEPT_MESSAGES) messages.shift();
      },
    });
    const watchdog = new Watchdog(this.#context.clock, running);
    const stop = () => void running.close();
    signal.addEventListener('abort', stop, { once: true });
    const end = await running.ended;
    signal.removeEventListener('abort', stop);
    watchdog.stop();
    if (signal.aborted) return;
    throw watchdog.bit ? this.#frozen() : this.#failure(end, messages);
  }

  #command(): Command {
    const frames = (seconds: number) => String(Math.round(this.#sampleRateHz * seconds));
    return {
      program: 'arecord',
      arguments: [
        ...['-q', '-D', this.#device, '-t', 'raw', '-f', 'S16_LE'],
        ...['-r', String(this.#sampleRateHz), '-c', String(this.#channels)],
        ...[`--period-size=${frames(PERIOD_SECONDS)}`, `--buffer-size=${frames(BUFFER_SECONDS)}`],
      ],
    };
  }

  #frozen(): SensebindError {
    return new SensebindError(
      'DEVICE_FROZEN',
      `expected sound from "${this.#device}", found none for ${FROZEN_AFTER / 1000} s`,
      'unplug the microphone and plug it in again; another program may hold it: fuser -v /dev/snd/*',
    );
  }

  #failure(end: ProcessEnd, messages: readonly string[]): SensebindError {
    if (end.kind === 'absent') {
      return new SensebindError(
        'DEVICE_ABSENT',
        'expected the program arecord, found none on the PATH',
        'apt-get install alsa-utils',
      );
    }
    const said = messages.length > 0 ? messages.join('; ') : describe(end);
    const problem = PROBLEMS.find(({ pattern }) => pattern.test(said));
    return new SensebindError(
      problem?.code ?? 'DEVICE_FAILED',
      `expected to record from "${this.#device}", found: ${said}`,
      problem?.cure ?? 'try it by hand: arecord -D DEVICE -f S16_LE -r 16000 -d 2 test.wav',
    );
  }
}

/** What alsa-utils says, in the English of LC_ALL=C, and what helps. The first that fits counts. */
const PROBLEMS: readonly {
  readonly pattern: RegExp;
  readonly code: 'DEVICE_ABSENT' | 'DEVICE_FAILED';
  readonly cure: string;
}[] = [
  {
    pattern: /permission denied/i,
    code: 'DEVICE_ABSENT',
    cure: 'add the user to the group audio: usermod -aG audio USER, then log in again',
  },
  {
    pattern: /resource busy/i,
    code: 'DEVICE_FAILED',
    cure: 'another program holds the device: fuser -v /dev/snd/*; a sound server shares it under the name "default"',
  },
  {
    pattern: /no such (file|device)|unknown pcm|invalid card|cannot find card|cannot get card index/i,
    code: 'DEVICE_ABSENT',
    cure: 'plug the microphone in and look for its name: arecord -L',
  },
];

function describe(end: ProcessEnd): string {
  switch (end.kind) {
    case 'absent':
      return 'no program';
    case 'notStarted':
      return end.reason;
    case 'exited':
      return end.signal === null ? `arecord ended with exit code ${end.code}` : `arecord ended by ${end.signal}`;
  }
}

/** Closes a program that hands over nothing any more. */
class Watchdog {
  readonly #clock: Clock;
  readonly #running: RunningProcess;
  #fedMicros: number;
  #timer: { cancel(): void };
  bit: boolean = false;

  constructor(clock: Clock, running: RunningProcess) {
    this.#clock = clock;
    this.#running = running;
    this.#fedMicros = clock.monotonicMicros();
    this.#timer = this.#wait(FROZEN_AFTER);
  }

  feed(): void {
    this.#fedMicros = this.#clock.monotonicMicros();
  }

  stop(): void {
    this.#timer.cancel();
  }

  #wait(delay: Millis): { cancel(): void } {
    return this.#clock.setTimer(delay, () => {
      const left = FROZEN_AFTER - (this.#clock.monotonicMicros() - this.#fedMicros) / 1000;
      if (left > 0) {
        this.#timer = this.#wait(left as Millis);
        return;
      }
      this.bit = true;
      void this.#running.close();
    });
  }
}
