import type { FrameHold, FrameMemory } from '../../../runtime/reading';
import type { PictureSize, Rays, Rows } from '../camera';
import { DepthPicture } from '../depth';
import { RgbPicture } from '../rgb';
import { perceivedBy } from '../scene';
import type { Sensor } from '../sensor';
import { ThermalPicture } from '../thermal';
import { View } from '../view';
import type { World } from '../world';
import { simulated } from './sampleStreams';
import type { SensorStream } from './sensorStream';

export interface PictureStreamOptions {
  readonly size: PictureSize;
  readonly rateHz: number;
  readonly memory: FrameMemory;
}

/** Colour pictures. */
export function colourStream(world: World, options: PictureStreamOptions): SensorStream {
  const { size, rateHz, memory } = options;
  const views = new Views(world, 'vision', options);
  return {
    modality: 'vision',
    rateHz,
    timedBy: 'end',
    read: async (step, head) => {
      const frame = memory.acquire(size.width * size.height * 3);
      if (frame === undefined) return undefined;
      const rgb = new Uint8Array(frame.buffer, 0, size.width * size.height * 3);
      const picture = new RgbPicture(views.at(step));
      await inParts(size, frame, (rows) => picture.render(rgb, rows));
      return { ...simulated(head), modality: 'vision', ...size, rgb, frame };
    },
  };
}

/** Depth pictures in metres. */
export function depthStream(world: World, options: PictureStreamOptions): SensorStream {
  const { size, rateHz, memory } = options;
  const views = new Views(world, 'depth', options);
  return {
    modality: 'depth',
    rateHz,
    timedBy: 'end',
    read: async (step, head) => {
      const frame = memory.acquire(size.width * size.height * 4);
      if (frame === undefined) return undefined;
      const metres = new Float32Array(frame.buffer, 0, size.width * size.height);
      const picture = new DepthPicture(views.at(step));
      await inParts(size, frame, (rows) => picture.render(metres, rows));
      return { ...simulated(head), modality: 'depth', ...size, metres, frame };
    },
  };
}

/** Thermal pictures in kelvin. */
export function thermalStream(world: World, { size, rateHz, memory }: PictureStreamOptions): SensorStream {
  let rays: Rays | undefined;
  return {
    modality: 'thermal',
    rateHz,
    timedBy: 'end',
    read: async (step, head) => {
      const frame = memory.acquire(size.width * size.height * 4);
      if (frame === undefined) return undefined;
      const values = new Float32Array(frame.buffer, 0, size.width * size.height);
      const atSeconds = (step + 1) / rateHz;
      const scene = world.sceneBetween(atSeconds, atSeconds + 1e-3);
      const picture = new ThermalPicture(scene, { size, atSeconds, frame: step, ...(rays ? { rays } : {}) });
      rays = picture.rays;
      await inParts(size, frame, (rows) => picture.render(values, rows));
      return { ...simulated(head), modality: 'thermal', ...size, values, unit: 'K', frame };
    },
  };
}

/** Views through one camera that does not move: its rays are made once, and its memory is used again for each picture. */
class Views {
  readonly #world: World;
  readonly #sensor: Sensor;
  readonly #options: PictureStreamOptions;
  #last: View | undefined;

  constructor(world: World, sensor: Sensor, options: PictureStreamOptions) {
    this.#world = world;
    this.#sensor = sensor;
    this.#options = options;
  }

  at(step: number): View {
    const { size, rateHz } = this.#options;
    const atSeconds = (step + 1) / rateHz;
    const scene = perceivedBy(this.#world.sceneBetween(atSeconds, atSeconds + 1e-3), this.#sensor);
    const view = new View(scene, {
      ...{ size, atSeconds, frame: step, use: this.#sensor },
      ...(this.#last ? { rays: this.#last.rays, hits: this.#last.hits } : {}),
    });
    this.#last = view;
    return view;
  }
}

/** Pixels that are rendered in one turn of the event loop: a millisecond or two, so that others have their turns. */
const PIXELS_AT_ONCE = 2560;

/** Renders a picture some rows at a time; gives its memory back when that fails. */
async function inParts({ width, height }: PictureSize, frame: FrameHold, render: (rows: Rows) => void): Promise<void> {
  const step = Math.max(1, Math.floor(PIXELS_AT_ONCE / width));
  try {
    for (let from = 0; from < height; from += step) {
      render({ from, to: Math.min(height, from + step) });
      await new Promise((resolve) => setImmediate(resolve));
    }
  } catch (error) {
    frame.release();
    throw error;
  }
}
