import Type, { type Static } from '#typebox';
import type { Clock, Millis } from '../../runtime/clock';
import type { Driver, ReadingSink } from '../../runtime/reading';
import { declareDevice } from '../device';
import type { StartProcess } from '../ports/process';
import { type CaptureProgram, type KnownProblem, runProgram } from '../program';
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

/** A card that sends nothing for this long is frozen. The same samples may be true: a muted card sends zeros. */
const LIMITS = { silentAfter: 5000 as Millis } as const;

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
    const { clock, start } = this.#context;
    await runProgram(this.#program(), { clock, startProcess: start, sink, signal });
  }

  #program(): CaptureProgram {
    const frames = (seconds: number) => String(Math.round(this.#sampleRateHz * seconds));
    return {
      name: `the microphone "${this.#device}"`,
      debianPackage: 'alsa-utils',
      command: {
        program: 'arecord',
        arguments: [
          ...['-q', '-D', this.#device, '-t', 'raw', '-f', 'S16_LE'],
          ...['-r', String(this.#sampleRateHz), '-c', String(this.#channels)],
          ...[`--period-size=${frames(PERIOD_SECONDS)}`, `--buffer-size=${frames(BUFFER_SECONDS)}`],
        ],
      },
      problems: PROBLEMS,
      cure: 'try it by hand: arecord -D DEVICE -f S16_LE -r 16000 -d 2 test.wav',
      limits: LIMITS,
      reader: (sink) => this.#reader(sink),
    };
  }

  #reader(sink: ReadingSink): ReturnType<CaptureProgram['reader']> {
    const { source, clock } = this.#context;
    const samples = new PcmStream(
      { source, clockQuality: 'arrival', sampleRateHz: this.#sampleRateHz, channels: this.#channels },
      { sink, times: new SampleClock(clock, this.#sampleRateHz) },
    );
    return {
      output: (bytes) => samples.append(bytes),
      message: (line) => {
        if (!line.startsWith('overrun')) return false;
        // arecord goes on; what was lost left no trace in its output.
        sink.lost('overrun', 1);
        samples.interrupted(['gap', 'overrun']);
        return true;
      },
    };
  }
}

/** What alsa-utils says, in the English of LC_ALL=C. */
const PROBLEMS: readonly KnownProblem[] = [
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
