import { existsSync } from 'node:fs';
import type { Clock, Micros, Millis } from '../runtime/clock';
import { SensebindError } from '../runtime/errors';
import type { Driver, Flag, Modality, ReadingSink } from '../runtime/reading';
import { DeviceClock } from './deviceClock';
import type { StartProcess } from './ports/process';
import { V4l2FrameParser } from './ports/v4l2Frames';
import { readV4l2Line, type V4l2Stamp } from './ports/v4l2Lines';
import { type CaptureProgram, type KnownProblem, type ProgramReader, runProgram } from './program';

/** The picture format that a camera is asked for. */
export interface V4l2Format {
  readonly width: number;
  readonly height: number;
  /** Four characters, trailing spaces included. */
  readonly fourcc: string;
  readonly bytesPerPixel: number;
  readonly rateHz: number;
}

/** When a picture was taken, as its reading carries it. */
export interface PictureTime {
  readonly timeMicros: Micros;
  readonly monotonicMicros: Micros;
  readonly clockQuality: 'device' | 'arrival';
  /** `gap` when pictures before this one are missing. */
  readonly flags: readonly Flag[];
}

/** Turns the raw pictures of one run into readings. */
export interface PictureDecoder {
  /** Hands the reading over, or tells the sink why there is none. `bytes` are valid during the call only. */
  decode(bytes: Uint8Array, time: PictureTime, sink: ReadingSink): void;
}

export interface V4l2Camera {
  readonly modality: Modality;
  /** Path of the device: one of /dev/v4l/by-id stays the same over replugging. */
  readonly device: string;
  readonly format: V4l2Format;
  decoder(): PictureDecoder;
}

/** A camera that hangs does not end v4l2-ctl. */
const LEAST_SILENCE = 2000 as Millis;
const SILENT_PERIODS = 5;

/** Exactly the same noise for this long comes from a camera that hangs. */
const SAME_AFTER = 10_000 as Millis;

/** Stamps that may wait for their pictures. A camera whose pictures stay away for longer counts as silent. */
const WAITING_STAMPS = 256;

/** So many pictures in a row of another size show that the camera chose its own: v4l2-ctl does not mind. */
const MISFITS = 10;

const PROBLEMS: readonly KnownProblem[] = [
  {
    pattern: /permission denied/i,
    code: 'DEVICE_ABSENT',
    cure: 'add the user to the group video: usermod -aG video USER, then log in again',
  },
  {
    pattern: /resource busy/i,
    code: 'DEVICE_FAILED',
    cure: 'another program holds the camera: fuser -v /dev/video*',
  },
  {
    pattern: /cannot open device|no such (file|device)/i,
    code: 'DEVICE_ABSENT',
    cure: 'plug the camera in; the cameras that are there: ls -l /dev/v4l/by-id',
  },
  {
    pattern: /VIDIOC_S_FMT|pixel ?format .*invalid|invalid argument/i,
    code: 'CONFIG_INVALID',
    cure: 'the camera does not have this picture size: v4l2-ctl -d DEVICE --list-formats-ext',
  },
];

/** Reads raw pictures from a V4L2 camera with v4l2-ctl (reference/devices.md §6): formats that GStreamer has no name for. */
export class V4l2Driver implements Driver {
  readonly #camera: V4l2Camera;
  readonly #clock: Clock;
  readonly #startProcess: StartProcess;

  constructor(camera: V4l2Camera, options: { readonly clock: Clock; readonly startProcess: StartProcess }) {
    this.#camera = camera;
    this.#clock = options.clock;
    this.#startProcess = options.startProcess;
  }

  get modality(): Modality {
    return this.#camera.modality;
  }

  async run(sink: ReadingSink, signal: AbortSignal): Promise<void> {
    // v4l2-ctl says so too, but only after it was started: an absent camera is looked for every second.
    if (!existsSync(this.#camera.device)) throw absent(this.#camera.device);
    await runProgram(this.#program(), { clock: this.#clock, startProcess: this.#startProcess, sink, signal });
  }

  #program(): CaptureProgram {
    const { device, format } = this.#camera;
    const { width, height, fourcc, rateHz } = format;
    const silence = Math.max(LEAST_SILENCE, (SILENT_PERIODS * 1000) / rateHz);
    return {
      name: device,
      debianPackage: 'v4l-utils',
      command: {
        // v4l2-ctl never flushes: without stdbuf the end of each picture waits for the next one.
        program: 'stdbuf',
        arguments: [
          ...['-o0', 'v4l2-ctl', '-d', device],
          `--set-fmt-video=width=${width},height=${height},pixelformat=${fourcc}`,
          ...[`--set-parm=${rateHz}`, '--stream-mmap=4', '--stream-to-hdr=-', '--verbose'],
        ],
      },
      problems: [
        {
          pattern: /failed to run command|v4l2-ctl.*not found/i,
          code: 'DEVICE_ABSENT',
          cure: 'apt-get install v4l-utils',
        },
        ...PROBLEMS,
      ],
      cure: `try it by hand: v4l2-ctl -d ${device} --stream-mmap --stream-count=30`,
      limits: { silentAfter: silence as Millis, sameAfter: SAME_AFTER },
      reader: (sink, fail) => new Pictures(this.#camera, { clock: this.#clock, sink, fail }),
    };
  }
}

/**
 * Brings pictures and their stamps together. They come through two pipes, in any order where this process was busy, but
 * nothing is lost in a pipe: the first stamp belongs to the first picture of the right size, and so on.
 */
class Pictures implements ProgramReader {
  readonly #camera: V4l2Camera;
  readonly #pictureBytes: number;
  readonly #parser: V4l2FrameParser;
  readonly #decoder: PictureDecoder;
  readonly #clock: Clock;
  readonly #sink: ReadingSink;
  readonly #fail: (error: SensebindError) => void;
  readonly #deviceClock = new DeviceClock();
  readonly #stamps: V4l2Stamp[] = [];
  /** A picture whose stamp has not come yet. */
  readonly #held: Uint8Array;
  #heldSince: Micros | undefined;
  /** Stamps still to come whose pictures are gone already. */
  #overdue = 0;
  #hasStamps: boolean = false;
  #misfits = 0;
  #lastSequence: number | undefined;
  /** A picture before the next one is missing. */
  #isAfterGap: boolean = false;
  #lastMicros: Micros = Number.NEGATIVE_INFINITY;

  constructor(
    camera: V4l2Camera,
    run: { readonly clock: Clock; readonly sink: ReadingSink; readonly fail: (error: SensebindError) => void },
  ) {
    const { width, height, bytesPerPixel } = camera.format;
    this.#camera = camera;
    this.#pictureBytes = width * height * bytesPerPixel;
    this.#parser = new V4l2FrameParser(this.#pictureBytes);
    this.#held = new Uint8Array(this.#pictureBytes);
    this.#decoder = camera.decoder();
    this.#clock = run.clock;
    this.#sink = run.sink;
    this.#fail = run.fail;
  }

  output(bytes: Uint8Array): void {
    const arrived = this.#clock.monotonicMicros();
    for (const item of this.#parser.append(bytes)) {
      if (item.kind === 'discarded') this.#sink.lost('corrupt-bytes', item.bytes);
      else this.#picture(item.bytes, arrived);
    }
  }

  message(line: string): boolean {
    const stamp = readV4l2Line(line);
    if (stamp === undefined) return false;
    if (stamp === 'none') return true;
    if (stamp.bytes === this.#pictureBytes) this.#stamp(stamp);
    else this.#misfit(stamp.bytes);
    return true;
  }

  #stamp(stamp: V4l2Stamp): void {
    this.#hasStamps = true;
    this.#misfits = 0;
    const arrived = this.#heldSince;
    if (this.#overdue > 0) {
      this.#overdue--;
      this.#noteSequence(stamp.sequence);
    } else if (arrived !== undefined) {
      this.#heldSince = undefined;
      this.#hand(this.#held, { stamp, arrived });
    } else {
      this.#stamps.push(stamp);
      if (this.#stamps.length > WAITING_STAMPS) this.#stamps.shift();
    }
  }

  #misfit(bytes: number): void {
    this.#misfits++;
    if (this.#misfits < MISFITS) return;
    const { device, format } = this.#camera;
    const { width, height, fourcc } = format;
    this.#fail(
      new SensebindError(
        'CONFIG_INVALID',
        `expected pictures of ${this.#pictureBytes} bytes from ${device} (${width}x${height}, ${fourcc.trim()}), found ${bytes}`,
        `the camera does not have this picture size: v4l2-ctl -d ${device} --list-formats-ext`,
      ),
    );
  }

  #picture(bytes: Uint8Array, arrived: Micros): void {
    if (this.#heldSince !== undefined) this.#displace(this.#heldSince);
    this.#heldSince = undefined;
    const stamp = this.#stamps.shift();
    if (stamp !== undefined) {
      this.#hand(bytes, { stamp, arrived });
      return;
    }
    this.#held.set(bytes);
    this.#heldSince = arrived;
  }

  /** The next picture is there, the stamp of this one is not: newest wins, unless there are no stamps at all. */
  #displace(arrived: Micros): void {
    this.#overdue++;
    if (!this.#hasStamps) {
      this.#hand(this.#held, { stamp: undefined, arrived });
      return;
    }
    this.#sink.lost('stale', 1);
    this.#isAfterGap = true;
  }

  #hand(bytes: Uint8Array, taken: { readonly stamp: V4l2Stamp | undefined; readonly arrived: Micros }): void {
    this.#decoder.decode(bytes, this.#timeOf(taken), this.#sink);
  }

  #timeOf({ stamp, arrived }: { readonly stamp: V4l2Stamp | undefined; readonly arrived: Micros }): PictureTime {
    const taken = stamp?.monotonicMicros;
    const mapped = taken === undefined ? arrived : this.#deviceClock.map(taken, arrived);
    const monotonicMicros = Math.max(mapped, this.#lastMicros);
    this.#lastMicros = monotonicMicros;
    if (stamp !== undefined) this.#noteSequence(stamp.sequence);
    const flags: readonly Flag[] = this.#isAfterGap ? ['gap'] : [];
    this.#isAfterGap = false;
    const age = this.#clock.monotonicMicros() - monotonicMicros;
    const clockQuality = taken === undefined ? 'arrival' : 'device';
    return { monotonicMicros, timeMicros: this.#clock.epochMicros() - age, clockQuality, flags };
  }

  /** Numbers that were left out are pictures that the sensor took, and that never came. */
  #noteSequence(sequence: number): void {
    const missed = this.#lastSequence === undefined ? 0 : sequence - this.#lastSequence - 1;
    this.#lastSequence = sequence;
    if (missed <= 0) return;
    this.#isAfterGap = true;
    this.#sink.lost('lost', missed);
  }
}

function absent(device: string): SensebindError {
  return new SensebindError(
    'DEVICE_ABSENT',
    `expected a camera at ${device}, found nothing there`,
    'plug the camera in; the cameras that are there: ls -l /dev/v4l/by-id',
  );
}
