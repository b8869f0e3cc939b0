import { cosine, fromDecibels, sine } from '../maths';
import { Random, seedOf } from '../random';
import type { Happening, Scene } from '../scene';
import { timesEvery } from '../schedule';
import { Stage } from '../stage';
import { type Axes, MOTION_RATE_HZ, type MotionBlock, type MotionPart } from './motionPart';
import { Shakes } from './shakes';
import { Rumble, Vibration } from './vibration';

const GRAVITY = 9.80665;

/** After its end a sudden event may still shake for this long. */
const AFTERGLOW_SECONDS = 1;

interface Playing {
  readonly parts: readonly MotionPart[];
  readonly firstSample: number;
  readonly endSample: number;
  readonly gain: number;
  /** In turns. */
  readonly heading: number;
}

/** The motion of a scene one block after another, as an IMU feels it: gravity, bias, noise, the robot's drive, events. */
export class MotionTrack {
  readonly #scene: Scene;
  readonly #random: Random;
  readonly #nuisance: readonly MotionPart[];
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
    this.#nuisance = nuisanceParts(scene, random);
    this.#rest = atRest(scene, random);
    this.#coupling = fromDecibels(random.between(-7, 7));
    this.#noise = [fromDecibels(random.between(-42, -28)), fromDecibels(random.between(-62, -46))];
    this.#sample = Math.round(options.fromSeconds * MOTION_RATE_HZ);
  }

  /** The next samples; `happenings` are those that are under way in this time. */
  next(samples: number, happenings: readonly Happening[]): MotionBlock {
    const block = emptyBlock(samples);
    const first = this.#sample;
    for (const part of this.#nuisance) part.add(block, first);
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
    const random = new Random(seedOf(happening.seed, 'way'));
    const [level, heading] = [random.between(-7, 7), random.next()];
    this.#playing.set(happening, {
      gain: fromDecibels(level),
      // What happens to the robot itself has a direction.
      heading: event.mounting === 'robot' ? 0 : heading,
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

/** Adds an event as it comes through the building: from any side, and more or less of it. */
function addPlaying(playing: Playing, block: MotionBlock, first: number): void {
  const { parts, firstSample, endSample, gain, heading } = playing;
  const from = Math.max(0, firstSample - first);
  const to = Math.min(block[0].length, endSample - first);
  if (from >= to) return;
  const own = emptyBlock(to - from);
  for (const part of parts) part.add(own, first + from - firstSample);
  const [ahead, aside] = [gain * cosine(heading), gain * sine(heading)];
  for (let index = 0; index < to - from; index++) {
    for (const base of [0, 3] as const) {
      const x = own[base][index] ?? 0;
      const y = own[base + 1]?.[index] ?? 0;
      addTo(block[base], from + index, ahead * x - aside * y);
      addTo(block[base + 1], from + index, aside * x + ahead * y);
      addTo(block[base + 2], from + index, gain * (own[base + 2]?.[index] ?? 0));
    }
  }
}

function addTo(values: Float32Array | undefined, index: number, value: number): void {
  if (values) values[index] = (values[index] ?? 0) + value;
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

/** What shakes a sensor whatever happens: its drive, a machine far away, somebody who brushes against it. */
function nuisanceParts(scene: Scene, random: Random): readonly MotionPart[] {
  return [...driveParts(scene, random), ...(random.chance(0.6) ? [farMachine(random)] : []), ...bumps(random)];
}

function anyAxes(random: Random, rotation: number): Axes {
  const part = (): number => random.between(-1, 1);
  return [part(), part(), part(), rotation * part(), rotation * part(), rotation * part()];
}

function farMachine(random: Random): MotionPart {
  const level = fromDecibels(random.between(-42, -18));
  return new Vibration(random, { hertz: random.between(3, 70), level, axes: anyAxes(random, 0.02) });
}

/** Single blows that belong to no event. */
function bumps(random: Random): readonly MotionPart[] {
  if (random.chance(0.5)) return [];
  const own = random.fork();
  function* blows() {
    for (const atSeconds of timesEvery(own, [0.8, 6])) {
      const [level, hertz] = [fromDecibels(own.between(-30, -2)), own.between(4, 60)];
      yield { atSeconds, level, hertz, decaySeconds: own.between(0.01, 0.1), axes: anyAxes(own, 0.03) };
    }
  }
  return [new Shakes(blows())];
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
