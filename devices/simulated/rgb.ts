import type { PictureSize, Rows } from './camera';
import { castCloud } from './clouds';
import { clamp } from './maths';
import { BACK, CEILING, FLOOR, LEFT, RIGHT } from './raycaster';
import type { Pattern } from './rooms';
import { perceivedBy, type Scene, type Surfaces } from './scene';
import type { Cloud, Solid } from './shapes';
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

/** Deviation of the noise of a pixel is 0.41 of it. */
const NOISE = 7;

/** A picture that can be made in parts, some rows at a time. */
export class RgbPicture {
  readonly #light: Float32Array;
  readonly #normal = new Float64Array(3);

  /** @param view - Of the scene as a camera perceives it. */
  constructor(readonly view: View) {
    this.#light = new Float32Array(view.size.width * view.size.height * 3);
  }

  render(rgb: Uint8Array, rows: Rows): void {
    this.view.cast(rows);
    for (let row = rows.from; row < rows.to; row++) this.#shadeRow(row);
    for (const cloud of this.view.clouds) this.#veil(cloud, rows);
    for (let row = rows.from; row < rows.to; row++) this.#expose(row, rgb);
  }

  #shadeRow(row: number): void {
    const { hits, rays, solids, lamps, scene } = this.view;
    const { width } = this.view.size;
    const { surfaces } = scene;
    const { level, direction, tint } = scene.light;
    const normal = this.#normal;
    const light = this.#light;
    for (let pixel = row * width; pixel < (row + 1) * width; pixel++) {
      const depth = hits.depth[pixel] ?? 0;
      const x = (rays.x[pixel] ?? 0) * depth;
      const y = rays.originHeight + (rays.y[pixel] ?? 0) * depth;
      const z = (rays.z[pixel] ?? 0) * depth;
      const surface = hits.surface[pixel] ?? FLOOR;
      const solid = solids[surface];
      let colour = solid?.colour ?? surfaces.wall;
      let dark = 1;
      if (solid === undefined) {
        if (surface === FLOOR) colour = surfaces.floor;
        else if (surface === CEILING) colour = surfaces.ceiling;
        dark = darknessOfRoom(surfaces, surface, { x, y, z });
        setNormalOfRoom(surface, normal);
      } else setNormal(solid, { x, y, z }, normal);
      const facing =
        (normal[0] ?? 0) * direction[0] + (normal[1] ?? 0) * direction[1] + (normal[2] ?? 0) * direction[2];
      const strength = (level * dark * (DIFFUSE + (1 - DIFFUSE) * Math.max(0, facing))) / (1 + 0.006 * z * z);
      const glow = solid?.glow ?? 0;
      for (let channel = 0; channel < 3; channel++) {
        const lit = strength * (tint[channel] ?? 1);
        light[pixel * 3 + channel] = (colour[channel] ?? 0) * (glow > 1 ? glow : lit + (1 - lit) * glow);
      }
      for (const lamp of lamps) {
        const [awayX, awayY, awayZ] = [x - lamp.at[0], y - lamp.at[1], z - lamp.at[2]];
        const gain = lamp.power / (1 + 2 * (awayX * awayX + awayY * awayY + awayZ * awayZ));
        for (let channel = 0; channel < 3; channel++) {
          light[pixel * 3 + channel] = (light[pixel * 3 + channel] ?? 0) + gain * (lamp.colour[channel] ?? 0);
        }
      }
    }
  }

  #veil(cloud: Cloud, rows: Rows): void {
    const { level, tint } = this.view.scene.light;
    const { colour, glow } = cloud;
    const own = (channel: 0 | 1 | 2): number =>
      colour[channel] * (glow > 1 ? glow : glow + (1 - glow) * 0.9 * level * tint[channel]);
    const [red, green, blue] = [own(0), own(1), own(2)];
    const light = this.#light;
    castCloud(cloud, { rays: this.view.rays, hits: this.view.hits, rows }, (pixel, opacity) => {
      const at = pixel * 3;
      light[at] = (light[at] ?? 0) + opacity * (red - (light[at] ?? 0));
      light[at + 1] = (light[at + 1] ?? 0) + opacity * (green - (light[at + 1] ?? 0));
      light[at + 2] = (light[at + 2] ?? 0) + opacity * (blue - (light[at + 2] ?? 0));
    });
  }

  #expose(row: number, rgb: Uint8Array): void {
    const { width } = this.view.size;
    const noise = this.view.noise(row);
    for (let at = row * width * 3; at < (row + 1) * width * 3; at++) {
      rgb[at] = Math.round(clamp((this.#light[at] ?? 0) + NOISE * (noise.next() + noise.next() - 1), 0, 255));
    }
  }
}

interface Spot {
  readonly x: number;
  readonly y: number;
  readonly z: number;
}

function darknessOfRoom(surfaces: Surfaces, surface: number, { x, y, z }: Spot): number {
  if (surface === CEILING) return 1;
  if (surface === FLOOR) return 1 - surfaces.contrast * darkness(surfaces.floorPattern, x, z);
  return 1 - surfaces.contrast * darkness(surfaces.wallPattern, surface === LEFT || surface === RIGHT ? z : x, y);
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
      return (Math.imul(Math.floor(x * 16), 73_856_093) ^ Math.imul(Math.floor(y * 16), 19_349_663)) & 8 ? 1 : 0;
  }
}

function setNormalOfRoom(surface: number, normal: Float64Array): void {
  normal[0] = surface === LEFT ? 1 : surface === RIGHT ? -1 : 0;
  normal[1] = surface === FLOOR ? 1 : surface === CEILING ? -1 : 0;
  normal[2] = surface === BACK ? -1 : normal[0] === 0 && normal[1] === 0 ? 1 : 0;
}

/** Writes the direction that a surface faces at a point of it. */
function setNormal(solid: Solid, { x, y, z }: Spot, normal: Float64Array): void {
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
      normal[0] = (x - at[0]) / (radii[0] * radii[0]);
      normal[1] = (y - at[1]) / (radii[1] * radii[1]);
      normal[2] = (z - at[2]) / (radii[2] * radii[2]);
      toUnit(normal);
      return;
    }
    case 'rod': {
      const { from, to } = solid;
      const [alongX, alongY, alongZ] = [to[0] - from[0], to[1] - from[1], to[2] - from[2]];
      const length2 = alongX * alongX + alongY * alongY + alongZ * alongZ;
      const part = (x - from[0]) * alongX + (y - from[1]) * alongY + (z - from[2]) * alongZ;
      const share = length2 > 0 ? clamp(part / length2, 0, 1) : 0;
      normal[0] = x - from[0] - share * alongX;
      normal[1] = y - from[1] - share * alongY;
      normal[2] = z - from[2] - share * alongZ;
      toUnit(normal);
      return;
    }
  }
}

function toUnit(normal: Float64Array): void {
  const [x = 0, y = 0, z = 0] = normal;
  const scale = 1 / (Math.sqrt(x * x + y * y + z * z) || 1);
  normal[0] = x * scale;
  normal[1] = y * scale;
  normal[2] = z * scale;
}
