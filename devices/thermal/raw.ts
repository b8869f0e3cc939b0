import { SensebindError } from '../../runtime/errors';
import type { Steps } from '../gray16';
import { requirePlausibleMedian } from '../plausible';

/**
 * Kelvin that one step of a radiometric 16-bit frame stands for (reference/devices.md §3.1, §3.2): `cK` is FLIR Lepton
 * TLinear at high resolution, `dK` the same at low resolution, `K/64` InfiRay P2 Pro and Topdon TC001.
 */
export const KELVIN_PER_THERMAL_UNIT = { K: 1, dK: 0.1, cK: 0.01, 'K/64': 1 / 64 } as const;

export type ThermalUnit = keyof typeof KELVIN_PER_THERMAL_UNIT;

/** Thermal cameras stay far below; more is a wrong size. */
const MAXIMUM_PIXELS = 2 ** 24;

const SIZE_CURE = 'State the size of the frame as the camera delivers it.';

/** What a Lepton sends behind its picture at most. */
export const TELEMETRY_ROWS = 3;

/** Kelvin, row-major. */
export interface ThermalPicture {
  readonly kelvin: Float32Array;
  readonly width: number;
  readonly height: number;
}

/**
 * Reads a raw frame: little-endian 16-bit words, row-major, without a header. Rows after the picture (the telemetry of a
 * Lepton, at most three of them: 160x122, 80x63) are left out.
 *
 * @throws {SensebindError} `INPUT_INVALID` for another length or a unit that makes no sense; `INPUT_TOO_LARGE`.
 */
export function readThermalRaw(
  bytes: Uint8Array,
  options: { readonly width: number; readonly height: number; readonly unit: ThermalUnit },
): ThermalPicture {
  const { width, height } = options;
  requireSize(options);
  const extraRows = (bytes.byteLength / 2 - width * height) / width;
  if (!Number.isInteger(extraRows) || extraRows < 0 || extraRows > TELEMETRY_ROWS) {
    throw new SensebindError(
      'INPUT_INVALID',
      `Expected ${width * height * 2} bytes for ${width}x${height} words of 16 bits, found ${bytes.byteLength}`,
      SIZE_CURE,
    );
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const values = Uint16Array.from({ length: width * height }, (_, index) => view.getUint16(index * 2, true));
  return thermalOf({ values, width, height }, options);
}

/**
 * A picture of steps as kelvin.
 *
 * @throws {SensebindError} `INPUT_INVALID` for a unit that makes no sense.
 */
export function thermalOf({ values, width, height }: Steps, { unit }: { readonly unit: ThermalUnit }): ThermalPicture {
  const scale = KELVIN_PER_THERMAL_UNIT[unit];
  const kelvin = new Float32Array(values.length);
  for (let index = 0; index < kelvin.length; index++) kelvin[index] = (values[index] ?? 0) * scale;
  requirePlausibleMedian(kelvin, {
    what: `temperatures in kelvin (unit ${unit})`,
    minimum: 150,
    maximum: 1500,
    cure: `State the unit of one step (one of ${Object.keys(KELVIN_PER_THERMAL_UNIT).join(', ')}), and switch the camera to radiometric output: plain counts are not temperatures.`,
  });
  return { kelvin, width, height };
}

function requireSize({ width, height }: { readonly width: number; readonly height: number }): void {
  const size = `${width}x${height}`;
  if (width < 1 || height < 1) {
    throw new SensebindError('INPUT_INVALID', `Expected a frame with pixels, found a size of ${size}`, SIZE_CURE);
  }
  if (width * height <= MAXIMUM_PIXELS) return;
  throw new SensebindError('INPUT_TOO_LARGE', `Expected at most ${MAXIMUM_PIXELS} pixels, found ${size}`, SIZE_CURE);
}
