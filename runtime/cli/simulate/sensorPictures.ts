import type { Example } from '../../../devices/simulated/example';
import { RealFft } from '../../preprocess/realFft';
import type { Area, Raster, Rgb } from './raster';

/** Draws what one sensor has of a scene into an area. */
export type DrawSensor = (raster: Raster, area: Area, example: Example) => void;

const clamp = (value: number): number => Math.max(0, Math.min(255, Math.round(value)));

function square(pixels: number): { readonly width: number; readonly height: number } {
  const side = Math.round(Math.sqrt(pixels));
  return { width: side, height: side };
}

export const drawVision: DrawSensor = (raster, area, { rgb }) => {
  raster.picture(area, square(rgb.length / 3), (pixel) => [
    rgb[pixel * 3] ?? 0,
    rgb[pixel * 3 + 1] ?? 0,
    rgb[pixel * 3 + 2] ?? 0,
  ]);
};

/** Near is bright; nothing is blue. */
export const drawDepth: DrawSensor = (raster, area, { depthMetres }) => {
  raster.picture(area, square(depthMetres.length), (pixel) => {
    const metres = depthMetres[pixel] ?? 0;
    if (metres === 0) return [0, 0, 90];
    const gray = clamp(300 / (0.5 + 0.6 * metres) - 30);
    return [gray, gray, gray];
  });
};

/** From 5 K under to some hundred above the median, with the cold parts spread out. */
export const drawThermal: DrawSensor = (raster, area, { kelvin }) => {
  const median = [...kelvin].sort((a, b) => a - b)[kelvin.length >> 1] ?? 0;
  raster.picture(area, square(kelvin.length), (pixel) => {
    const share = (Math.asinh(((kelvin[pixel] ?? 0) - median) / 2) + 2.2) / 7;
    return heat(share);
  });
};

/** Black, violet, red, yellow, white. */
function heat(share: number): Rgb {
  return [
    clamp(420 * share),
    clamp(560 * share - 280),
    clamp(share < 0.4 ? 420 * share : 330 - 420 * share + 300 * Math.max(0, share - 0.6) * 4),
  ];
}

const FFT = 512;
const LOWEST_HZ = 50;
const HIGHEST_HZ = 8000;

/** Time to the right, frequency up on a logarithmic axis, loud is bright. */
export const drawAudio: DrawSensor = (raster, area, { sound }) => {
  const fft = new RealFft(FFT);
  const power = new Float64Array(FFT / 2 + 1);
  const window = Float32Array.from({ length: FFT }, (_, index) => 0.5 - 0.5 * Math.cos((2 * Math.PI * index) / FFT));
  const peak = Math.max(...columnsOf().flat());
  for (const [x, column] of columnsOf().entries()) {
    column.forEach((level, y) => {
      const light = clamp(255 * Math.max(0, 1 + (level - peak) / 55) ** 1.5);
      raster.set(area.left + x, area.top + area.height - 1 - y, [light, clamp(0.85 * light), clamp(0.5 * light)]);
    });
  }

  function columnsOf(): number[][] {
    const step = (sound.length - FFT) / (area.width - 1);
    return Array.from({ length: area.width }, (_, x) => {
      const start = Math.floor(x * step);
      fft.powerSpectrum(
        Float32Array.from(window, (value, index) => value * (sound[start + index] ?? 0)),
        power,
      );
      return Array.from({ length: area.height }, (_unused, y) => {
        const hertz = LOWEST_HZ * (HIGHEST_HZ / LOWEST_HZ) ** (y / (area.height - 1));
        const bin = Math.min(FFT / 2, (hertz * FFT) / 16_000);
        const left = Math.floor(bin);
        const mean = (power[left] ?? 0) + (bin - left) * ((power[left + 1] ?? power[left] ?? 0) - (power[left] ?? 0));
        return 10 * Math.log10(mean + 1e-8);
      });
    });
  }
};

const AXIS_COLOURS: readonly Rgb[] = [
  [235, 80, 80],
  [80, 220, 100],
  [90, 140, 255],
  [235, 160, 60],
  [200, 90, 220],
  [90, 210, 220],
];

/** How far a trace goes from its middle, in lanes: half of its own on either side. */
const LARGEST_EXCURSION = 0.5;

/** Six traces one over another: acceleration x, y, z (without its mean), then rotation. A large excursion is cut off. */
export const drawMotion: DrawSensor = (raster, area, { motion }) => {
  raster.fill(area, [14, 14, 18]);
  const line = area.height / 6;
  motion.forEach((values, axis) => {
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const scale = axis < 3 ? 0.12 : 0.02;
    const middle = area.top + line * (axis + 0.5);
    const colour = AXIS_COLOURS[axis] ?? [255, 255, 255];
    const heightOf = (value: number): number => {
      const excursion = Math.asinh((value - mean) / scale) / 7;
      return Math.round(Math.max(-LARGEST_EXCURSION, Math.min(LARGEST_EXCURSION, excursion)) * (line - 1));
    };
    for (let x = 0; x < area.width; x++) {
      const part = values.subarray(
        Math.floor((x * values.length) / area.width),
        Math.floor(((x + 1) * values.length) / area.width),
      );
      const low = heightOf(Math.min(...part));
      const high = heightOf(Math.max(...part));
      for (let y = low; y <= high; y++) raster.set(area.left + x, Math.round(middle) - y, colour);
    }
  });
};

/** Bars of echo strength, near to far. */
export const drawRadar: DrawSensor = (raster, area, { radar }) => {
  raster.fill(area, [14, 14, 18]);
  const peak = Math.max(...radar.subarray(4));
  for (let x = 0; x < area.width; x++) {
    const value = radar[Math.floor((x * radar.length) / area.width)] ?? 0;
    const height = Math.min(area.height, Math.round((Math.sqrt(value / peak) || 0) * area.height * 0.95));
    raster.fill({ left: area.left + x, top: area.top + area.height - height, width: 1, height }, [120, 220, 160]);
  }
};
