import type { PictureSize, Rows } from './camera';
import { castCloud } from './clouds';
import { clamp } from './maths';
import { BACK, CEILING, FLOOR, LEFT, RIGHT } from './raycaster';
import type { Pattern } from './rooms';
import { perceivedBy, type Scene } from './scene';
import type { Colour, Solid } from './shapes';
import { View } from './view';

/** A colour picture: three bytes a pixel, row-major. */
export function renderRgb(
  scene: Scene,
  options: { readonly size: PictureSize; readonly atSeconds: number; readonly frame?: number },
): Uint8Array {
  const picture = new RgbPicture(new View(perceivedBy(scene, 'vision'), { ...options, use: 'vision' }));
  const rgb = new Uint8Array(options.size.width * options.size.height * 3);
  picture.render(rgb, picture.view.rows);
  return rgb;
}

/** Of the light that comes from everywhere; the rest depends on how a surface is turned. */
const DIFFUSE = 0.42;

/** A picture that can be made in parts, some rows at a time. */
export class RgbPicture {
  readonly #light: Float32Array;

  /** @param view - Of the scene as a camera perceives it. */
  constructor(readonly view: View) {
    this.#light = new Float32Array(view.size.width * view.size.height * 3);
  }

  render(rgb: Uint8Array, rows: Rows): void {
    this.view.cast(rows);
    for (let row = rows.from; row < rows.to; row++) this.#shadeRow(row);
    for (const cloud of this.view.clouds) {
      const { level, tint } = this.view.scene.light;
      const lit = (channel: 0 | 1 | 2): number =>
        cloud.colour[channel] *
        (cloud.glow > 1 ? cloud.glow : cloud.glow + (1 - cloud.glow) * 0.9 * level * tint[channel]);
      const colour = [lit(0), lit(1), lit(2)];
      castCloud(cloud, { rays: this.view.rays, hits: this.view.hits, rows }, (pixel, opacity) => {
        for (let channel = 0; channel < 3; channel++) {
          const behind = this.#light[pixel * 3 + channel] ?? 0;
          this.#light[pixel * 3 + channel] = behind + opacity * ((colour[channel] ?? 0) - behind);
        }
      });
    }
    for (let row = rows.from; row < rows.to; row++) this.#expose(row, rgb);
  }

  #shadeRow(row: number): void {
    const { hits, rays, solids } = this.view;
    const { width } = this.view.size;
    const normal: [number, number, number] = [0, 0, 0];
    for (let pixel = row * width; pixel < (row + 1) * width; pixel++) {
      const depth = hits.depth[pixel] ?? 0;
      const x = (rays.x[pixel] ?? 0) * depth;
      const y = rays.originHeight + (rays.y[pixel] ?? 0) * depth;
      const z = (rays.z[pixel] ?? 0) * depth;
      const surface = hits.surface[pixel] ?? FLOOR;
      const solid = solids[surface];
      if (solid === undefined) this.#shadeRoom(pixel, surface, [x, y, z]);
      else {
        normalOf(solid, [x, y, z], normal);
        this.#shade(pixel, { colour: solid.colour, glow: solid.glow, dark: 1, normal, point: [x, y, z] });
      }
    }
  }

  #shadeRoom(pixel: number, surface: number, point: readonly [number, number, number]): void {
    const { surfaces } = this.view.scene;
    const isFloor = surface === FLOOR;
    const [colour, pattern] = isFloor
      ? [surfaces.floor, surfaces.floorPattern]
      : surface === CEILING
        ? [surfaces.ceiling, 'plain' as const]
        : [surfaces.wall, surfaces.wallPattern];
    const [x, y, z] = point;
    const along = surface === LEFT || surface === RIGHT ? z : x;
    const dark = 1 - surfaces.contrast * (isFloor ? darkness(pattern, x, z) : darkness(pattern, along, y));
    this.#shade(pixel, { colour, glow: 0, dark, normal: normalOfRoom(surface), point });
  }

  #shade(
    pixel: number,
    hit: {
      readonly colour: Colour;
      readonly glow: number;
      readonly dark: number;
      readonly normal: readonly [number, number, number];
      readonly point: readonly [number, number, number];
    },
  ): void {
    const { scene, lamps } = this.view;
    const { level, direction, tint } = scene.light;
    const [x, y, z] = hit.point;
    const facing = Math.max(
      0,
      hit.normal[0] * direction[0] + hit.normal[1] * direction[1] + hit.normal[2] * direction[2],
    );
    const light = (level * hit.dark * (DIFFUSE + (1 - DIFFUSE) * facing)) / (1 + 0.006 * z * z);
    for (let channel = 0; channel < 3; channel++) {
      const lit = light * (tint[channel] ?? 1);
      const strength = hit.glow > 1 ? hit.glow : lit + (1 - lit) * hit.glow;
      this.#light[pixel * 3 + channel] = (hit.colour[channel] ?? 0) * strength;
    }
    for (const { at, colour, power } of lamps) {
      const square = (x - at[0]) * (x - at[0]) + (y - at[1]) * (y - at[1]) + (z - at[2]) * (z - at[2]);
      const gain = power / (1 + 2 * square);
      for (let channel = 0; channel < 3; channel++) {
        this.#light[pixel * 3 + channel] = (this.#light[pixel * 3 + channel] ?? 0) + gain * (colour[channel] ?? 0);
      }
    }
  }

  #expose(row: number, rgb: Uint8Array): void {
    const { width } = this.view.size;
    const noise = this.view.noise(row);
    for (let at = row * width * 3; at < (row + 1) * width * 3; at++) {
      rgb[at] = Math.round(clamp((this.#light[at] ?? 0) + 7 * (noise.next() + noise.next() - 1), 0, 255));
    }
  }
}

function normalOfRoom(surface: number): readonly [number, number, number] {
  if (surface === FLOOR) return [0, 1, 0];
  if (surface === CEILING) return [0, -1, 0];
  if (surface === LEFT) return [1, 0, 0];
  if (surface === RIGHT) return [-1, 0, 0];
  return surface === BACK ? [0, 0, -1] : [0, 0, 1];
}

/** 0 where a pattern is light, 1 where it is dark. */
function darkness(pattern: Pattern, x: number, y: number): number {
  switch (pattern) {
    case 'plain':
      return 0;
    case 'tiles':
      return (Math.floor(x * 2) + Math.floor(y * 2)) & 1;
    case 'planks':
      return (Math.floor(x * 5) & 3) / 3;
    case 'stripes':
      return Math.floor(x * 1.4) & 1;
    case 'speckle':
      return (Math.imul(Math.floor(x * 16) * 73_856_093, 1) ^ Math.imul(Math.floor(y * 16) * 19_349_663, 1)) & 8
        ? 1
        : 0;
  }
}

/** Writes the direction that a surface faces at a point of it. */
function normalOf(solid: Solid, [x, y, z]: readonly [number, number, number], normal: [number, number, number]): void {
  switch (solid.shape) {
    case 'box': {
      const { at, half, cosine, sine } = solid;
      const localX = ((x - at[0]) * cosine - (z - at[2]) * sine) / half[0];
      const localY = (y - at[1]) / half[1];
      const localZ = ((x - at[0]) * sine + (z - at[2]) * cosine) / half[2];
      const most = Math.max(Math.abs(localX), Math.abs(localY), Math.abs(localZ));
      const sideX = Math.abs(localX) === most ? Math.sign(localX) : 0;
      const sideY = sideX === 0 && Math.abs(localY) === most ? Math.sign(localY) : 0;
      const sideZ = sideX === 0 && sideY === 0 ? Math.sign(localZ) : 0;
      normal[0] = sideX * cosine + sideZ * sine;
      normal[1] = sideY;
      normal[2] = -sideX * sine + sideZ * cosine;
      return;
    }
    case 'ball': {
      const { at, radii } = solid;
      setUnit(normal, (x - at[0]) / radii[0] ** 2, (y - at[1]) / radii[1] ** 2, (z - at[2]) / radii[2] ** 2);
      return;
    }
    case 'rod': {
      const { from, to } = solid;
      const [alongX, alongY, alongZ] = [to[0] - from[0], to[1] - from[1], to[2] - from[2]];
      const length2 = alongX * alongX + alongY * alongY + alongZ * alongZ;
      const part = (x - from[0]) * alongX + (y - from[1]) * alongY + (z - from[2]) * alongZ;
      const share = length2 > 0 ? clamp(part / length2, 0, 1) : 0;
      setUnit(normal, x - from[0] - share * alongX, y - from[1] - share * alongY, z - from[2] - share * alongZ);
      return;
    }
  }
}

function setUnit(normal: [number, number, number], x: number, y: number, z: number): void {
  const scale = 1 / (Math.sqrt(x * x + y * y + z * z) || 1);
  normal[0] = x * scale;
  normal[1] = y * scale;
  normal[2] = z * scale;
}
