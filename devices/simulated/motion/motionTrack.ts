import { cosine, fromDecibels, sine } from '../maths';
import { Random, seedOf } from '../random';
import type { Happening, Scene } from '../scene';
import { Stage } from '../stage';
import { MOTION_RATE_HZ, type MotionBlock, type MotionPart } from './motionPart';
import { Rumble, Vibration } from './vibration';

const GRAVITY = 9.80665;

/** After its end a sudden event may still shake for this long. */
const AFTERGLOW_SECONDS = 1;

interface Playing {
  readonly parts: readonly MotionPart[];
  readonly firstSample: number;
  readonly endSample: number;
}

/** The motion of a scene one block after another, as an IMU feels it: gravity, bias, noise, the robot's drive, events. */
export class MotionTrack {
  readonly #scene: Scene;
  readonly #random: Random;
  readonly #drive: readonly MotionPart[];
  readonly #rest: readonly number[];
  /** How well the mount passes on what shakes it. */
  readonly #coupling: number;
  readonly #noise: readonly [acceleration: number, rotation: number];
  readonly #playing = new Map<Happening, Playing>();
  #sample: number;

  /** @param scene - As the IMU perceives it. */
  constructor(scene: Scene, options: { readonly fromSeconds: number }) {
    this.#scene = scene;
    this.#random = new Random(seedOf(scene.seed, 'imu noise'));
    const random = new Random(seedOf(scene.seed, 'imu'));
    this.#drive = driveParts(scene, random);
    this.#rest = atRest(scene, random);
    this.#coupling = fromDecibels(random.between(-8, 6));
    this.#noise = [random.between(0.01, 0.045), random.between(0.001, 0.005)];
    this.#sample = Math.round(options.fromSeconds * MOTION_RATE_HZ);
  }

  /** The next samples; `happenings` are those that are under way in this time. */
  next(samples: number, happenings: readonly Happening[]): MotionBlock {
    const block = emptyBlock(samples);
    const first = this.#sample;
    for (const part of this.#drive) part.add(block, first);
    for (const happening of happenings) if (!this.#playing.has(happening)) this.#start(happening);
    for (const [happening, playing] of this.#playing) {
      addPlaying(playing, block, first);
      if (playing.endSample <= first + samples) this.#playing.delete(happening);
    }
    for (let index = 0; index < samples; index++) {
      block.forEach((values, axis) => {
        const noise = (this.#noise[axis < 3 ? 0 : 1] ?? 0) * this.#random.bell();
        values[index] = (this.#rest[axis] ?? 0) + this.#coupling * (values[index] ?? 0) + noise;
      });
    }
    this.#sample = first + samples;
    return block;
  }

  #start(happening: Happening): void {
    const { event, startSeconds, endSeconds } = happening;
    this.#playing.set(happening, {
      parts: event.motion?.(new Stage(this.#scene, happening, startSeconds)) ?? [],
      firstSample: Math.round(startSeconds * MOTION_RATE_HZ),
      endSample: Math.round((endSeconds + (event.onset === 'sudden' ? AFTERGLOW_SECONDS : 0)) * MOTION_RATE_HZ),
    });
  }
}

function emptyBlock(samples: number): MotionBlock {
  const line = (): Float32Array => new Float32Array(samples);
  return [line(), line(), line(), line(), line(), line()];
}

function addPlaying({ parts, firstSample, endSample }: Playing, block: MotionBlock, first: number): void {
  const from = Math.max(0, firstSample - first);
  const to = Math.min(block[0].length, endSample - first);
  if (from >= to) return;
  const cut = (values: Float32Array): Float32Array => values.subarray(from, to);
  const own: MotionBlock = [cut(block[0]), cut(block[1]), cut(block[2]), cut(block[3]), cut(block[4]), cut(block[5])];
  for (const part of parts) part.add(own, first + from - firstSample);
}

/** What it shows when nothing moves: gravity in the frame of a sensor that is not quite level, and its bias. */
function atRest({ mounting }: Scene, random: Random): readonly number[] {
  const force = [
    GRAVITY * sine(mounting.pitch),
    GRAVITY * sine(mounting.roll) * cosine(mounting.pitch),
    GRAVITY * cosine(mounting.roll) * cosine(mounting.pitch),
  ];
  return [
    ...force.map((value) => value + random.between(-0.05, 0.05)),
    ...[0, 0, 0].map(() => random.between(-0.01, 0.01)),
  ];
}

function driveParts({ mounting: { kind, moving, driveHz, driveLevel } }: Scene, random: Random): readonly MotionPart[] {
  if (kind !== 'robot' || !moving) return [];
  return [
    new Vibration(random, { hertz: driveHz, level: 0.14 * driveLevel, axes: [0.2, 0, 1, 0, 0.03, 0] }),
    new Vibration(random, { hertz: random.between(0.2, 0.6), level: driveLevel, axes: [0, 0.03, 0, 0, 0, 0.05] }),
    new Rumble(random, {
      level: driveLevel,
      axes: [
        [0.05, 0, 0, 0, 0, 0],
        [0, 0.04, 0, 0.006, 0, 0],
        [0, 0, 0.07, 0, 0.008, 0],
      ],
    }),
  ];
}
