import { type DepthUnit, depthOf, METRES_PER_DEPTH_UNIT } from '../../devices/depth/units';
import type { Steps } from '../../devices/gray16';
import { KELVIN_PER_THERMAL_UNIT, type ThermalUnit, thermalOf } from '../../devices/thermal/raw';
import { SensebindError } from '../../runtime/errors';
import { fillInSlices } from '../shared/slices';
import type { OneInput } from './oneInput';

const ZERO_CELSIUS = 273.15;

/** How people write degrees Celsius. */
const CELSIUS: ReadonlySet<string> = new Set(['°C', 'C', 'degC']);

export function isThermalUnit(unit: string | undefined): unit is ThermalUnit {
  return unit !== undefined && Object.hasOwn(KELVIN_PER_THERMAL_UNIT, unit);
}

export function isDepthUnit(unit: string | undefined): unit is DepthUnit {
  return unit !== undefined && Object.hasOwn(METRES_PER_DEPTH_UNIT, unit);
}

/**
 * A picture of numbers: its unit says whether it is of depth or of heat.
 *
 * @throws {SensebindError} `INPUT_INVALID` for a unit that is neither, and for values that no sensor gives.
 */
export async function pictureOfNumbers(
  picture: Steps,
  options: { readonly asked?: string; readonly unit: string | undefined },
): Promise<OneInput> {
  const { asked, unit } = options;
  if (unit !== undefined && CELSIUS.has(unit)) {
    const { values, width, height } = picture;
    const kelvin = await fillInSlices(new Float32Array(values.length), (index) => (values[index] ?? 0) + ZERO_CELSIUS);
    return thermal({ values: kelvin, width, height }, { unit: 'K', modality: asked ?? 'thermal' });
  }
  if (isThermalUnit(unit)) return thermal(picture, { unit, modality: asked ?? 'thermal' });
  if (isDepthUnit(unit)) {
    return { modality: asked ?? 'depth', input: { kind: 'depth', ...depthOf(picture, { unit }) }, flags: [] };
  }
  const units = [...CELSIUS, ...Object.keys(KELVIN_PER_THERMAL_UNIT), ...Object.keys(METRES_PER_DEPTH_UNIT)];
  throw new SensebindError(
    'INPUT_INVALID',
    `expected the unit of the values of a picture in msg.unit, found ${unit === undefined ? 'none' : `"${unit}"`}`,
    `set it to one of ${units.join(', ')}`,
  );
}

function thermal(picture: Steps, options: { readonly unit: ThermalUnit; readonly modality: string }): OneInput {
  return {
    modality: options.modality,
    input: { kind: 'thermal', ...thermalOf(picture, { unit: options.unit }) },
    flags: [],
  };
}
