import type { Steps } from '../gray16';
import { requirePlausibleMedian } from '../plausible';

/**
 * Metres that one step of a 16-bit depth picture stands for: millimetres for RealSense D4xx, Kinect and most others,
 * 0.1 mm for the D405 (reference/devices.md §4), centimetres and metres for some simulators. SUN RGB-D stores
 * millimetres rotated left by three bits (reference/imagebind.md §5.1).
 */
export const METRES_PER_DEPTH_UNIT = { m: 1, cm: 0.01, mm: 0.001, '100um': 0.0001, 'sun-rgbd': 0.001 } as const;

export type DepthUnit = keyof typeof METRES_PER_DEPTH_UNIT;

/** Metres, row-major; 0 means missing. */
export interface DepthPicture {
  readonly metres: Float32Array;
  readonly width: number;
  readonly height: number;
}

/**
 * A picture of steps as metres.
 *
 * @throws {SensebindError} `INPUT_INVALID` for a unit that makes no sense.
 */
export function depthOf({ values, width, height }: Steps, { unit }: { readonly unit: DepthUnit }): DepthPicture {
  const scale = METRES_PER_DEPTH_UNIT[unit];
  const isRotated = unit === 'sun-rgbd';
  const metres = new Float32Array(values.length);
  for (let index = 0; index < metres.length; index++) {
    const word = values[index] ?? 0;
    metres[index] = (isRotated ? rotatedRight(word) : word) * scale;
  }
  requirePlausibleMedian(metres, {
    what: `depth in metres (unit ${unit})`,
    minimum: 0.01,
    maximum: 500,
    cure: `State the unit of one step: one of ${Object.keys(METRES_PER_DEPTH_UNIT).join(', ')}.`,
  });
  return { metres, width, height };
}

function rotatedRight(word: number): number {
  return ((word >>> 3) | (word << 13)) & 0xffff;
}
