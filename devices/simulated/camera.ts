import { cosine, sine } from './maths';
import type { Camera } from './scene';
import type { Ball, Box, Cloud, Point, Rod } from './shapes';
import { HALF_VIEW } from './stage';

/** Pixels of a picture, row-major. */
export interface PictureSize {
  readonly width: number;
  readonly height: number;
}

/** Rows of a picture: the first one, and the one after the last. */
export interface Rows {
  readonly from: number;
  readonly to: number;
}

/** Columns and rows that something can be seen in, ends excluded. */
export interface Frame {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

const NEAR = 0.05;

/**
 * The rays of a pinhole camera, one a pixel, from the point above the origin. They are scaled so that their length along
 * the optical axis is 1: a distance along a ray is a depth.
 */
export class Rays {
  readonly x: Float64Array;
  readonly y: Float64Array;
  readonly z: Float64Array;
  /** Above the floor. */
  readonly originHeight: number;
  readonly #isMade: Uint8Array;
  readonly #focalPixels: number;
  readonly #pitch: readonly [cosine: number, sine: number];
  readonly #yaw: readonly [cosine: number, sine: number];

  constructor(
    camera: Camera,
    readonly size: PictureSize,
  ) {
    const { width, height } = size;
    this.originHeight = camera.heightMetres;
    // The square in the middle shows the same at every shape of picture: it is what encoders cut out.
    this.#focalPixels = Math.min(width, height) / (2 * HALF_VIEW);
    this.#pitch = [cosine(camera.pitch), sine(camera.pitch)];
    this.#yaw = [cosine(camera.yaw), sine(camera.yaw)];
    this.x = new Float64Array(width * height);
    this.y = new Float64Array(width * height);
    this.z = new Float64Array(width * height);
    this.#isMade = new Uint8Array(height);
  }

  /** Makes the rays of some rows, unless they are there already: a large picture's are not made all at once. */
  make({ from, to }: Rows): void {
    for (let row = from; row < to; row++) if (this.#isMade[row] === 0) this.#fillRow(row);
  }

  /** Where in the picture a box along the axes lies. */
  frameOf(low: Point, high: Point): Frame {
    const { width, height } = this.size;
    let [left, right, top, bottom] = [width, 0, height, 0];
    for (let corner = 0; corner < 8; corner++) {
      const seen = this.#project(
        (corner & 1 ? high : low)[0],
        (corner & 2 ? high : low)[1],
        (corner & 4 ? high : low)[2],
      );
      if (seen === undefined) return { left: 0, right: width, top: 0, bottom: height };
      left = Math.min(left, seen[0]);
      right = Math.max(right, seen[0]);
      top = Math.min(top, seen[1]);
      bottom = Math.max(bottom, seen[1]);
    }
    return {
      left: Math.max(0, Math.floor(left)),
      right: Math.min(width, Math.ceil(right) + 1),
      top: Math.max(0, Math.floor(top)),
      bottom: Math.min(height, Math.ceil(bottom) + 1),
    };
  }

  #fillRow(row: number): void {
    const { width, height } = this.size;
    this.#isMade[row] = 1;
    const [pitchCosine, pitchSine] = this.#pitch;
    const [yawCosine, yawSine] = this.#yaw;
    const up = -(row + 0.5 - height / 2) / this.#focalPixels;
    const y = up * pitchCosine + pitchSine;
    const ahead = pitchCosine - up * pitchSine;
    for (let column = 0; column < width; column++) {
      const right = (column + 0.5 - width / 2) / this.#focalPixels;
      const pixel = row * width + column;
      this.x[pixel] = right * yawCosine + ahead * yawSine;
      this.y[pixel] = y;
      this.z[pixel] = ahead * yawCosine - right * yawSine;
    }
  }

  /** Column and row of a point; `undefined` behind the camera. */
  #project(x: number, y: number, z: number): readonly [number, number] | undefined {
    const [pitchCosine, pitchSine] = this.#pitch;
    const [yawCosine, yawSine] = this.#yaw;
    const right = x * yawCosine - z * yawSine;
    const ahead = z * yawCosine + x * yawSine;
    const above = y - this.originHeight;
    const up = above * pitchCosine - ahead * pitchSine;
    const depth = ahead * pitchCosine + above * pitchSine;
    if (depth < NEAR) return undefined;
    const { width, height } = this.size;
    return [width / 2 + (this.#focalPixels * right) / depth, height / 2 - (this.#focalPixels * up) / depth];
  }
}

/** The smallest box along the axes around something: its lowest and its highest corner. */
export function boundsOf(thing: Box | Ball | Rod | Cloud): readonly [low: Point, high: Point] {
  if ('from' in thing) {
    const { from, to, radius } = thing;
    const low = (axis: 0 | 1 | 2): number => Math.min(from[axis], to[axis]) - radius;
    const high = (axis: 0 | 1 | 2): number => Math.max(from[axis], to[axis]) + radius;
    return [
      [low(0), low(1), low(2)],
      [high(0), high(1), high(2)],
    ];
  }
  const [x, y, z] = thing.at;
  const [halfX, halfY, halfZ] = 'half' in thing ? turnedHalf(thing) : thing.radii;
  return [
    [x - halfX, y - halfY, z - halfZ],
    [x + halfX, y + halfY, z + halfZ],
  ];
}

function turnedHalf({ half, cosine: c, sine: s }: Box): Point {
  return [Math.abs(c) * half[0] + Math.abs(s) * half[2], half[1], Math.abs(s) * half[0] + Math.abs(c) * half[2]];
}
