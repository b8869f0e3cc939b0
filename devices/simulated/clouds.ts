import { boundsOf, type Rays, type Rows } from './camera';
import { exponential } from './maths';
import { type Hits, within } from './raycaster';
import type { Cloud } from './shapes';

/**
 * Tells of each pixel of some rows how much of the light behind a cloud comes through it.
 *
 * @param each - Gets the pixel, the opacity (0 … 1) and the depth at which the cloud begins.
 */
export function castCloud(
  { at, radii, density }: Cloud,
  { rays, hits, rows }: { readonly rays: Rays; readonly hits: Hits; readonly rows: Rows },
  each: (pixel: number, opacity: number, depth: number) => void,
): void {
  const frame = within(rays.frameOf(...boundsOf({ at, radii, density, colour: [0, 0, 0], kelvin: 0, glow: 0 })), rows);
  const { width } = rays.size;
  const fromX = -at[0] / radii[0];
  const fromY = (rays.originHeight - at[1]) / radii[1];
  const fromZ = -at[2] / radii[2];
  const constant = fromX * fromX + fromY * fromY + fromZ * fromZ - 1;
  for (let row = frame.top; row < frame.bottom; row++) {
    for (let pixel = row * width + frame.left; pixel < row * width + frame.right; pixel++) {
      const rayX = rays.x[pixel] ?? 0;
      const rayY = rays.y[pixel] ?? 0;
      const rayZ = rays.z[pixel] ?? 0;
      const x = rayX / radii[0];
      const y = rayY / radii[1];
      const z = rayZ / radii[2];
      const square = x * x + y * y + z * z;
      const mixed = x * fromX + y * fromY + z * fromZ;
      const root = mixed * mixed - square * constant;
      if (root <= 0) continue;
      const half = Math.sqrt(root);
      const enter = Math.max(0, (-mixed - half) / square);
      const leave = Math.min((-mixed + half) / square, hits.depth[pixel] ?? 0);
      if (leave <= enter) continue;
      const metres = (leave - enter) * Math.sqrt(rayX * rayX + rayY * rayY + rayZ * rayZ);
      each(pixel, 1 - exponential(-density * metres), enter);
    }
  }
}
