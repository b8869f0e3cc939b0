import { SensebindError } from '../../runtime/errors';

/** Median of |acceleration| in m/s² that a sensor on Earth can have; outside, the unit is wrong or gravity was removed. */
const PLAUSIBLE_GRAVITY = { minimum: 3, maximum: 40 } as const;

/** Samples that the check of a stream looks at: enough for a median, soon enough to say so. */
const LOOKED_AT = 50;

/**
 * What is wrong with acceleration of this size, in words; nothing when it is plausible.
 *
 * @param magnitudes - |acceleration| in m/s². They are sorted in place.
 */
export function gravityProblem(magnitudes: Float64Array): string | undefined {
  magnitudes.sort();
  const median = magnitudes[magnitudes.length >> 1];
  if (median === undefined || (median >= PLAUSIBLE_GRAVITY.minimum && median <= PLAUSIBLE_GRAVITY.maximum)) return;
  return `acceleration of ${Number(median.toPrecision(3))} m/s² in the median, where a sensor on Earth shows about 9.8: the unit is another, or gravity was removed`;
}

/** Looks once, at the first samples of a stream, whether there is gravity in them. */
export class GravityCheck {
  readonly #source: string;
  readonly #fail: (error: SensebindError) => void;
  #magnitudes: number[] | undefined = [];

  /** @param fail - Gets an `INPUT_INVALID` when there is none: every embedding of it would be nonsense. */
  constructor(source: string, fail: (error: SensebindError) => void) {
    this.#source = source;
    this.#fail = fail;
  }

  add(x: number, y: number, z: number): void {
    if (this.#magnitudes === undefined) return;
    this.#magnitudes.push(Math.hypot(x, y, z));
    if (this.#magnitudes.length < LOOKED_AT) return;
    const problem = gravityProblem(Float64Array.from(this.#magnitudes));
    this.#magnitudes = undefined;
    if (problem === undefined) return;
    this.#fail(
      new SensebindError(
        'INPUT_INVALID',
        `Expected motion with gravity from "${this.#source}", found ${problem}`,
        'State the unit of acceleration, and switch off what removes gravity ("linear acceleration").',
      ),
    );
  }
}
