import type { PictureSize, Rows } from './camera';
import { castCloud } from './clouds';
import { Random, seedOf } from './random';
import { BACK, CEILING, FLOOR, Hits } from './raycaster';
import { perceivedBy, type Scene } from './scene';
import { View } from './view';

/** Rays a pixel along each side: a pixel of a microbolometer is large, and what is small is cool in it. */
const RAYS = 2;

/** Deviation of the noise of a pixel, and of that of a whole column, which stays. */
const NOISE_KELVIN = 0.08;
const COLUMN_KELVIN = 0.05;

/** Radiation temperature in kelvin, row-major. */
export function renderThermal(
  scene: Scene,
  options: { readonly size: PictureSize; readonly atSeconds: number; readonly frame?: number },
): Float32Array {
  const picture = new ThermalPicture(scene, options);
  const kelvin = new Float32Array(options.size.width * options.size.height);
  picture.render(kelvin, { from: 0, to: options.size.height });
  return kelvin;
}

/** A thermal picture that can be made in parts, some rows at a time. */
export class ThermalPicture {
  readonly #view: View;
  readonly #size: PictureSize;
  readonly #fine: Float32Array;
  readonly #columns: Float32Array;
  readonly #wallKelvin: readonly number[];

  constructor(
    whole: Scene,
    options: {
      readonly size: PictureSize;
      readonly atSeconds: number;
      readonly frame?: number;
      readonly rays?: View['rays'];
    },
  ) {
    const scene = perceivedBy(whole, 'thermal');
    const { width, height } = options.size;
    const size = { width: width * RAYS, height: height * RAYS };
    this.#view = new View(scene, { ...options, size, use: 'thermal', hits: new Hits(size.width * size.height) });
    this.#size = options.size;
    this.#fine = new Float32Array(size.width * size.height);
    const random = new Random(seedOf(scene.seed, 'thermal'));
    this.#columns = Float32Array.from({ length: width }, () => COLUMN_KELVIN * random.bell());
    const { ambientKelvin } = scene.climate;
    const floor = ambientKelvin + random.between(-1.6, 0.6);
    const ceiling = ambientKelvin + random.between(-0.2, 1.8);
    const back = ambientKelvin + random.between(-1.2, 0.6);
    this.#wallKelvin = [floor, ceiling, back, ambientKelvin];
  }

  /** The rays, for the next picture through the same camera. */
  get rays(): View['rays'] {
    return this.#view.rays;
  }

  render(kelvin: Float32Array, rows: Rows): void {
    const view = this.#view;
    const fineRows = { from: rows.from * RAYS, to: rows.to * RAYS };
    view.cast(fineRows);
    const { width } = view.size;
    for (let pixel = fineRows.from * width; pixel < fineRows.to * width; pixel++) {
      const surface = view.hits.surface[pixel] ?? FLOOR;
      this.#fine[pixel] = view.solids[surface]?.kelvin ?? this.#roomKelvin(surface);
    }
    for (const cloud of view.clouds) {
      castCloud(cloud, { rays: view.rays, hits: view.hits, rows: fineRows }, (pixel, opacity) => {
        const behind = this.#fine[pixel] ?? 0;
        this.#fine[pixel] = behind + opacity * (cloud.kelvin - behind);
      });
    }
    for (let row = rows.from; row < rows.to; row++) this.#measure(row, kelvin);
  }

  #roomKelvin(surface: number): number {
    const [floor = 0, ceiling = 0, back = 0, other = 0] = this.#wallKelvin;
    if (surface === FLOOR) return floor;
    if (surface === CEILING) return ceiling;
    return surface === BACK ? back : other;
  }

  #measure(row: number, kelvin: Float32Array): void {
    const { width } = this.#size;
    const noise = this.#view.noise(row);
    for (let column = 0; column < width; column++) {
      let sum = 0;
      for (let ray = 0; ray < RAYS * RAYS; ray++) {
        const fineRow = row * RAYS + Math.floor(ray / RAYS);
        sum += this.#fine[fineRow * width * RAYS + column * RAYS + (ray % RAYS)] ?? 0;
      }
      kelvin[row * width + column] = sum / (RAYS * RAYS) + (this.#columns[column] ?? 0) + NOISE_KELVIN * noise.bell();
    }
  }
}
