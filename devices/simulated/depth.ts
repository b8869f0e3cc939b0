import type { PictureSize, Rows } from './camera';
import { castCloud } from './clouds';
import { perceivedBy, type Scene } from './scene';
import { View } from './view';

/** Beyond this a depth camera sees nothing. */
export const DEPTH_RANGE_METRES = 10;
const NEAREST_METRES = 0.15;

/** Distances in metres along the optical axis, row-major; 0 where there is none. */
export function renderDepth(
  scene: Scene,
  options: { readonly size: PictureSize; readonly atSeconds: number; readonly frame?: number },
): Float32Array {
  const picture = new DepthPicture(new View(perceivedBy(scene, 'depth'), { ...options, use: 'depth' }));
  const metres = new Float32Array(options.size.width * options.size.height);
  picture.render(metres, picture.view.rows);
  return metres;
}

/** Of a stereo camera, by z²: the noise of its disparity (Intel, "Best-known methods for tuning D400 depth cameras"). */
const NOISE_PER_METRE = 0.004;
const HOLES = 0.01;
/** Where the distance jumps, one eye sees what the other does not. */
const EDGE_METRES = 0.35;
const HOLES_AT_EDGES = 0.3;

/** A depth picture that can be made in parts, some rows at a time. */
export class DepthPicture {
  readonly #fog: Float32Array;
  readonly #fogDepth: Float32Array;

  /** @param view - Of the scene as a depth camera perceives it. */
  constructor(readonly view: View) {
    const pixels = view.size.width * view.size.height;
    this.#fog = new Float32Array(pixels);
    this.#fogDepth = new Float32Array(pixels);
  }

  render(metres: Float32Array, rows: Rows): void {
    const { view } = this;
    view.cast(rows);
    for (const cloud of view.clouds) {
      castCloud(cloud, { rays: view.rays, hits: view.hits, rows }, (pixel, opacity, depth) => {
        const before = this.#fog[pixel] ?? 0;
        if (before === 0 || depth < (this.#fogDepth[pixel] ?? 0)) this.#fogDepth[pixel] = depth;
        this.#fog[pixel] = 1 - (1 - before) * (1 - opacity);
      });
    }
    for (let row = rows.from; row < rows.to; row++) this.#measure(row, metres);
  }

  #measure(row: number, metres: Float32Array): void {
    const { hits, size } = this.view;
    const noise = this.view.noise(row);
    for (let column = 0; column < size.width; column++) {
      const pixel = row * size.width + column;
      let depth = hits.depth[pixel] ?? 0;
      const isEdge = column > 0 && Math.abs(depth - (hits.depth[pixel - 1] ?? 0)) > EDGE_METRES;
      const chance = noise.next();
      const error = noise.next() + noise.next() - 1;
      const fog = this.#fog[pixel] ?? 0;
      // Smoke scatters the light of the projector: some of it comes back early, some never.
      const isFog = fog > 0 && noise.next() < fog;
      if (isFog) depth = (this.#fogDepth[pixel] ?? 0) + 0.4 * noise.next();
      const holes = isFog ? 0.4 : isEdge ? HOLES_AT_EDGES : HOLES;
      const measured = depth + NOISE_PER_METRE * depth * depth * error;
      const isMissing = chance < holes || measured > DEPTH_RANGE_METRES || measured < NEAREST_METRES;
      metres[pixel] = isMissing ? 0 : measured;
    }
  }
}
