import { type PictureSize, Rays, type Rows } from './camera';
import { Random, seedOf } from './random';
import { castRays, Hits } from './raycaster';
import { isUnderWay, type Scene } from './scene';
import type { Cloud, Lamp, Solid, Things } from './shapes';
import { Stage } from './stage';

/** A moment of a scene before a camera: rays cast, ready for any camera that looks along them. */
export class View {
  readonly rays: Rays;
  readonly hits: Hits;
  readonly solids: readonly Solid[];
  readonly clouds: readonly Cloud[];
  readonly lamps: readonly Lamp[];
  readonly #noiseSeed: number;

  /**
   * @param scene - As the sensor perceives it.
   * @param options.rays - Those of an earlier view through the same camera, to save making them again.
   * @param options.frame - Number of the picture: each has noise of its own.
   */
  constructor(
    readonly scene: Scene,
    options: {
      readonly size: PictureSize;
      readonly atSeconds: number;
      readonly use: string;
      readonly frame?: number;
      readonly rays?: Rays;
      readonly hits?: Hits;
    },
  ) {
    const { size, atSeconds } = options;
    this.rays = options.rays ?? new Rays(scene.camera, size);
    this.hits = options.hits ?? new Hits(size.width * size.height);
    const things = thingsAt(scene, atSeconds);
    this.solids = things.flatMap(({ solids }) => solids);
    this.clouds = things.flatMap(({ clouds }) => clouds);
    this.lamps = things.flatMap(({ lamps }) => lamps);
    this.#noiseSeed = seedOf(scene.seed, options.use, options.frame ?? 0);
  }

  get size(): PictureSize {
    return this.rays.size;
  }

  /** All rows of the picture. */
  get rows(): Rows {
    return { from: 0, to: this.size.height };
  }

  cast(rows: Rows): void {
    castRays(this.rays, { space: this.scene.space, solids: this.solids }, { hits: this.hits, rows });
  }

  /** The noise of one row: rows can be rendered in any order. */
  noise(row: number): Random {
    return new Random(seedOf(this.#noiseSeed, row));
  }
}

function thingsAt(scene: Scene, atSeconds: number): readonly Things[] {
  const happening = scene.happenings.filter((candidate) => isUnderWay(candidate, atSeconds));
  return [
    scene.furniture,
    ...happening.map((candidate) => {
      const stage = new Stage(scene, candidate, atSeconds);
      candidate.event.draw?.(stage);
      return stage.things();
    }),
  ];
}
