import { SensebindError } from '../errors';
import type { Flag } from '../reading';
import { HoleFiller } from './holes';
import type { ThermalInput } from './input';
import { checkFrame, MAX_SENSOR_PIXELS } from './inputChecks';

/** No thermal camera measures more; a dead pixel that reads full scale must not set the range of the frame. */
const MAXIMUM_KELVIN = 5000;

/** Reads radiometric frames; dead pixels get the temperature of a nearest living one. Owns its buffers. */
export class ThermalFrame {
  readonly #filler = new HoleFiller();
  #kelvin = new Float32Array(0);

  /**
   * The temperatures of a frame, row-major, none missing; valid until the next call.
   *
   * @throws {SensebindError} `INPUT_INVALID` for a length that contradicts the size, or when every pixel is dead;
   * `INPUT_TOO_LARGE`.
   */
  read(input: ThermalInput): { readonly kelvin: Float32Array; readonly flags: readonly Flag[] } {
    const { kelvin, width, height } = input;
    const maxPixels = MAX_SENSOR_PIXELS;
    checkFrame({ name: 'a thermal frame', values: kelvin, valuesPerPixel: 1, width, height, maxPixels });
    const holes = this.#copyValid(kelvin);
    if (holes === kelvin.length) throw nothingSeen(input);
    if (holes > 0) this.#filler.fill(this.#kelvin, width);
    return { kelvin: this.#kelvin, flags: holes > 0 ? ['holes-filled'] : [] };
  }

  /** Copies a frame; gives the number of dead pixels, which become NaN. */
  #copyValid(kelvin: Float32Array): number {
    if (this.#kelvin.length !== kelvin.length) this.#kelvin = new Float32Array(kelvin.length);
    const copy = this.#kelvin;
    let holes = 0;
    for (let index = 0; index < kelvin.length; index++) {
      const value = kelvin[index] ?? 0;
      if (value > 0 && value <= MAXIMUM_KELVIN) {
        copy[index] = value;
      } else {
        copy[index] = Number.NaN;
        holes++;
      }
    }
    return holes;
  }
}

function nothingSeen({ width, height }: ThermalInput): SensebindError {
  return new SensebindError(
    'INPUT_INVALID',
    `Expected temperatures between 0 K and ${MAXIMUM_KELVIN} K, found ${width} × ${height} pixels without one`,
    'Look at the unit of the values: this input takes kelvin.',
  );
}
