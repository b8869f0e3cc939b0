import { cosine, sine } from './maths';
import { Random, seedOf } from './random';
import type { Happening, Scene } from './scene';
import type { Ball, Box, Cloud, Colour, Lamp, Point, Rod, Solid, Things } from './shapes';

/** Of a surface that says nothing of its own: the room's temperature, no light. */
interface Look {
  readonly colour: Colour;
  readonly kelvin?: number;
  readonly glow?: number;
}

/** Collects things while they are described. */
export class Builder {
  readonly #solids: Solid[] = [];
  readonly #clouds: Cloud[] = [];
  readonly #lamps: Lamp[] = [];

  constructor(
    readonly random: Random,
    readonly ambientKelvin: number,
  ) {}

  box(box: Look & { readonly at: Point; readonly half: Point; readonly yaw?: number }): void {
    const { at, half, yaw = 0 } = box;
    this.#solids.push({
      shape: 'box',
      at,
      half,
      cosine: cosine(yaw),
      sine: sine(yaw),
      ...this.#surface(box),
    } satisfies Box);
  }

  ball(ball: Look & { readonly at: Point; readonly radii: Point }): void {
    const { at, radii } = ball;
    this.#solids.push({ shape: 'ball', at, radii, ...this.#surface(ball) } satisfies Ball);
  }

  rod(rod: Look & { readonly from: Point; readonly to: Point; readonly radius: number }): void {
    const { from, to, radius } = rod;
    this.#solids.push({ shape: 'rod', from, to, radius, ...this.#surface(rod) } satisfies Rod);
  }

  cloud(cloud: Look & { readonly at: Point; readonly radii: Point; readonly density: number }): void {
    const { at, radii, density } = cloud;
    this.#clouds.push({ at, radii, density, ...this.#surface(cloud) });
  }

  lamp(lamp: Lamp): void {
    this.#lamps.push(lamp);
  }

  /** The colour, a little different each time. */
  nearly(colour: Colour, spread = 18): Colour {
    const shift = (value: number): number => Math.max(0, Math.min(255, value + this.random.between(-spread, spread)));
    return [shift(colour[0]), shift(colour[1]), shift(colour[2])];
  }

  /** Any colour at all. */
  anyColour(): Colour {
    return [this.random.between(20, 235), this.random.between(20, 235), this.random.between(20, 235)];
  }

  things(): Things {
    return { solids: this.#solids, clouds: this.#clouds, lamps: this.#lamps };
  }

  #surface({ colour, kelvin, glow = 0 }: Look): { colour: Colour; kelvin: number; glow: number } {
    return { colour, kelvin: kelvin ?? this.ambientKelvin + this.random.between(-0.3, 0.3), glow };
  }
}

/** What the camera sees to each side, at a distance of one metre. */
export const HALF_VIEW = 0.8;

/** Nearest and farthest place of an event, in metres. */
const NEAREST = 1.5;
const FARTHEST = 4;

/** A happening and the room that it takes place in: what an event's parts are made of. */
export class Stage extends Builder {
  readonly strength: number;
  /** Since it started. */
  readonly elapsedSeconds: number;
  /** Where it is, on the floor. */
  readonly x: number;
  readonly z: number;

  constructor(
    readonly scene: Scene,
    readonly happening: Happening,
    atSeconds: number,
  ) {
    super(new Random(happening.seed), scene.climate.ambientKelvin);
    const { place, strength, startSeconds } = happening;
    this.strength = strength;
    this.elapsedSeconds = atSeconds - startSeconds;
    this.z =
      NEAREST + place.away * (Math.min(scene.space.depth - 0.8, happening.event.reachMetres ?? FARTHEST) - NEAREST);
    this.x = place.across * Math.min(scene.space.halfWidth - 0.35, HALF_VIEW * 0.64 * this.z);
  }

  /** A place on the back wall, at the same side. */
  get wall(): { readonly x: number; readonly z: number } {
    const { halfWidth, depth } = this.scene.space;
    const across = this.happening.place.across;
    return { x: across * Math.min(halfWidth - 0.7, HALF_VIEW * 0.66 * depth), z: depth };
  }

  /** A seed for one more use inside this happening. */
  seed(use: string): number {
    return seedOf(this.happening.seed, use);
  }
}
