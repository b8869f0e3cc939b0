import { pngQuantize, Transformer } from '@napi-rs/image';
import { drawScene } from '../../../devices/simulated/drawScene';
import { events } from '../../../devices/simulated/events/catalogue';
import { renderExample } from '../../../devices/simulated/example';
import { SENSORS, type Sensor } from '../../../devices/simulated/sensor';
import { type Area, Raster } from './raster';
import {
  type DrawSensor,
  drawAudio,
  drawDepth,
  drawMotion,
  drawRadar,
  drawThermal,
  drawVision,
} from './sensorPictures';

const DRAW: Readonly<Record<Sensor, DrawSensor>> = {
  vision: drawVision,
  depth: drawDepth,
  thermal: drawThermal,
  audio: drawAudio,
  imu: drawMotion,
  radar: drawRadar,
};

const CELL = 96;
const GAP = 6;
const TITLE = 16;
/** Above all rows: the names of the sensors. */
const HEADER = 24;
/** Groups of rows side by side, so that the sheet is about square. */
const GROUPS = 3;

const WHITE = [240, 240, 240] as const;
const GRAY = [110, 110, 116] as const;
/** Around what a sensor perceives. */
const GREEN = [60, 200, 90] as const;

/** Seed of the scene that stands for an event in a sheet. */
export function sheetSeed(seed: number, event: number): number {
  return seed * 1000 + event;
}

/**
 * All events × all sensors as one PNG: a row an event, the columns vision, depth, thermal, audio (spectrogram), imu and
 * radar. What a sensor perceives has a green frame; what has none is the same scene with nothing happening.
 *
 * @param progress - Called after each event with the share that is done.
 */
export async function contactSheet(seed: number, progress: (share: number) => void): Promise<Buffer> {
  const rows = Math.ceil(events.length / GROUPS);
  const groupWidth = SENSORS.length * (CELL + GAP) + 2 * GAP;
  const raster = new Raster(GROUPS * groupWidth, rows * (CELL + TITLE + GAP) + HEADER);
  raster.fill({ left: 0, top: 0, width: raster.width, height: raster.height }, [30, 30, 34]);
  for (const [index, event] of events.entries()) {
    const left = Math.floor(index / rows) * groupWidth + GAP;
    const top = (index % rows) * (CELL + TITLE + GAP) + HEADER;
    if (index % rows === 0) titles(raster, left);
    raster.text({ left, top: top + 2, scale: 2 }, event.id.replaceAll('_', ' '), WHITE);
    const example = renderExample(drawScene(sheetSeed(seed, index), { events: [event] }));
    SENSORS.forEach((sensor, column) => {
      const area: Area = { left: left + column * (CELL + GAP), top: top + TITLE, width: CELL, height: CELL };
      DRAW[sensor](raster, area, example);
      if (event.sensors.includes(sensor)) raster.frame(area, GREEN);
    });
    progress((index + 1) / events.length);
    // Lets a key press or a signal through.
    await new Promise((resolve) => setImmediate(resolve));
  }
  const png = await Transformer.fromRgbaPixels(rgba(raster), raster.width, raster.height).png();
  return await pngQuantize(png, { maxQuality: 95 });
}

function titles(raster: Raster, left: number): void {
  SENSORS.forEach((sensor, column) => {
    raster.text({ left: left + column * (CELL + GAP), top: 4, scale: 2 }, sensor, GRAY);
  });
}

function rgba({ rgb, width, height }: Raster): Uint8Array {
  const out = new Uint8Array(width * height * 4).fill(255);
  for (let pixel = 0; pixel < width * height; pixel++) out.set(rgb.subarray(pixel * 3, pixel * 3 + 3), pixel * 4);
  return out;
}
