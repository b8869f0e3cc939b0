import { boundsOf, type Frame, type Rays, type Rows } from './camera';
import type { Space } from './scene';
import type { Ball, Box, Rod, Solid } from './shapes';

/** The six sides of a room, as surfaces that a ray ends on; solids follow from 0 upwards. */
export const FLOOR = -1;
export const CEILING = -2;
export const LEFT = -3;
export const RIGHT = -4;
export const BACK = -5;
export const BEHIND = -6;

/** Where the ray of each pixel ends: how far along the optical axis, and on what. */
export class Hits {
  readonly depth: Float64Array;
  readonly surface: Int16Array;

  constructor(pixels: number) {
    this.depth = new Float64Array(pixels);
    this.surface = new Int16Array(pixels);
  }
}

/** Follows the rays of some rows to the first thing that they meet. */
export function castRays(
  rays: Rays,
  scene: { readonly space: Space; readonly solids: readonly Solid[] },
  { hits, rows }: { readonly hits: Hits; readonly rows: Rows },
): void {
  rays.make(rows);
  castRoom(rays, scene.space, { hits, rows });
  scene.solids.forEach((solid, index) => {
    const frame = within(rays.frameOf(...boundsOf(solid)), rows);
    const cast = { rays, hits, frame, index };
    switch (solid.shape) {
      case 'box':
        castBox(solid, cast);
        break;
      case 'ball':
        castBall(solid, cast);
        break;
      case 'rod':
        castRod(solid, cast);
        break;
    }
  });
}

/** The part of a frame in some rows. */
export function within(frame: Frame, { from, to }: Rows): Frame {
  return { ...frame, top: Math.max(frame.top, from), bottom: Math.min(frame.bottom, to) };
}

interface Cast {
  readonly rays: Rays;
  readonly hits: Hits;
  readonly frame: Frame;
  readonly index: number;
}

function castRoom(
  rays: Rays,
  { halfWidth, depth, height, behind }: Space,
  { hits, rows }: { readonly hits: Hits; readonly rows: Rows },
): void {
  const { width } = rays.size;
  for (let pixel = rows.from * width; pixel < rows.to * width; pixel++) {
    const x = rays.x[pixel] ?? 0;
    const y = rays.y[pixel] ?? 0;
    const z = rays.z[pixel] ?? 0;
    let nearest = z > 0 ? depth / z : z < 0 ? -behind / z : 1e9;
    let surface = z > 0 ? BACK : BEHIND;
    const toSide = x > 0 ? halfWidth / x : x < 0 ? -halfWidth / x : 1e9;
    if (toSide < nearest) {
      nearest = toSide;
      surface = x > 0 ? RIGHT : LEFT;
    }
    const toLevel = y > 0 ? (height - rays.originHeight) / y : y < 0 ? -rays.originHeight / y : 1e9;
    if (toLevel < nearest) {
      nearest = toLevel;
      surface = y > 0 ? CEILING : FLOOR;
    }
    hits.depth[pixel] = nearest;
    hits.surface[pixel] = surface;
  }
}

/** Nearer than this nothing is seen: it would be inside the camera. */
const NEAREST = 0.02;

function castBox({ at, half, cosine, sine }: Box, { rays, hits, frame, index }: Cast): void {
  const { width } = rays.size;
  const above = rays.originHeight - at[1];
  // The origin in the frame of the box.
  const originX = -at[0] * cosine + at[2] * sine;
  const originZ = -at[0] * sine - at[2] * cosine;
  for (let row = frame.top; row < frame.bottom; row++) {
    for (let pixel = row * width + frame.left; pixel < row * width + frame.right; pixel++) {
      const rayX = rays.x[pixel] ?? 0;
      const rayZ = rays.z[pixel] ?? 0;
      const inverseX = 1 / (rayX * cosine - rayZ * sine || 1e-12);
      const inverseY = 1 / (rays.y[pixel] || 1e-12);
      const inverseZ = 1 / (rayX * sine + rayZ * cosine || 1e-12);
      const middleX = -originX * inverseX;
      const middleY = -above * inverseY;
      const middleZ = -originZ * inverseZ;
      const reachX = Math.abs(half[0] * inverseX);
      const reachY = Math.abs(half[1] * inverseY);
      const reachZ = Math.abs(half[2] * inverseZ);
      const enter = Math.max(middleX - reachX, middleY - reachY, middleZ - reachZ);
      const leave = Math.min(middleX + reachX, middleY + reachY, middleZ + reachZ);
      if (enter < leave && enter > NEAREST && enter < (hits.depth[pixel] ?? 0)) {
        hits.depth[pixel] = enter;
        hits.surface[pixel] = index;
      }
    }
  }
}

function castBall({ at, radii }: Ball, { rays, hits, frame, index }: Cast): void {
  const { width } = rays.size;
  const scaleX = 1 / radii[0];
  const scaleY = 1 / radii[1];
  const scaleZ = 1 / radii[2];
  const fromX = -at[0] * scaleX;
  const fromY = (rays.originHeight - at[1]) * scaleY;
  const fromZ = -at[2] * scaleZ;
  const constant = fromX * fromX + fromY * fromY + fromZ * fromZ - 1;
  for (let row = frame.top; row < frame.bottom; row++) {
    for (let pixel = row * width + frame.left; pixel < row * width + frame.right; pixel++) {
      const x = (rays.x[pixel] ?? 0) * scaleX;
      const y = (rays.y[pixel] ?? 0) * scaleY;
      const z = (rays.z[pixel] ?? 0) * scaleZ;
      const square = x * x + y * y + z * z;
      const mixed = x * fromX + y * fromY + z * fromZ;
      const root = mixed * mixed - square * constant;
      if (root <= 0) continue;
      const enter = (-mixed - Math.sqrt(root)) / square;
      if (enter > NEAREST && enter < (hits.depth[pixel] ?? 0)) {
        hits.depth[pixel] = enter;
        hits.surface[pixel] = index;
      }
    }
  }
}

/** A capsule: Inigo Quilez, "intersectors", iquilezles.org/articles/intersectors. */
function castRod({ from, to, radius }: Rod, { rays, hits, frame, index }: Cast): void {
  const { width } = rays.size;
  const alongX = to[0] - from[0];
  const alongY = to[1] - from[1];
  const alongZ = to[2] - from[2];
  const originX = -from[0];
  const originY = rays.originHeight - from[1];
  const originZ = -from[2];
  const along2 = alongX * alongX + alongY * alongY + alongZ * alongZ;
  const alongOrigin = alongX * originX + alongY * originY + alongZ * originZ;
  const origin2 = originX * originX + originY * originY + originZ * originZ;
  const constant = along2 * origin2 - alongOrigin * alongOrigin - radius * radius * along2;
  const capX = originX - alongX;
  const capY = originY - alongY;
  const capZ = originZ - alongZ;
  const cap2 = capX * capX + capY * capY + capZ * capZ - radius * radius;
  for (let row = frame.top; row < frame.bottom; row++) {
    for (let pixel = row * width + frame.left; pixel < row * width + frame.right; pixel++) {
      const x = rays.x[pixel] ?? 0;
      const y = rays.y[pixel] ?? 0;
      const z = rays.z[pixel] ?? 0;
      const ray2 = x * x + y * y + z * z;
      const alongRay = alongX * x + alongY * y + alongZ * z;
      const originRay = originX * x + originY * y + originZ * z;
      const square = along2 * ray2 - alongRay * alongRay;
      const mixed = along2 * originRay - alongOrigin * alongRay;
      const root = mixed * mixed - square * constant;
      let enter = -1;
      if (root >= 0 && square > 1e-12) {
        const side = (-mixed - Math.sqrt(root)) / square;
        const height = alongOrigin + side * alongRay;
        if (height > 0 && height < along2) enter = side;
        else {
          const isFar = height > 0;
          const endRay = isFar ? capX * x + capY * y + capZ * z : originRay;
          const end2 = isFar ? cap2 : origin2 - radius * radius;
          const endRoot = endRay * endRay - ray2 * end2;
          if (endRoot > 0) enter = (-endRay - Math.sqrt(endRoot)) / ray2;
        }
      }
      if (enter > NEAREST && enter < (hits.depth[pixel] ?? 0)) {
        hits.depth[pixel] = enter;
        hits.surface[pixel] = index;
      }
    }
  }
}
