/** Half the distance of the two points of a central difference: its error is near the square of this. */
const STEP = 5e-5;

/** The gradient of `loss` at `point`, in float64: (loss(x + h) − loss(x − h)) / 2h for each element. */
export function centralDifferences(loss: (point: Float64Array) => number, point: Float64Array): Float64Array {
  const moved = point.slice();
  return point.map((number, index) => {
    moved[index] = number + STEP;
    const above = loss(moved);
    moved[index] = number - STEP;
    const below = loss(moved);
    moved[index] = number;
    return (above - below) / (2 * STEP);
  });
}

/**
 * The largest difference as a share of the element; of a hundredth of the largest element for those that are smaller,
 * whose finite differences are mostly rounding.
 */
export function worstRelativeError(found: ArrayLike<number>, expected: Float64Array): number {
  const floor = 1e-2 * expected.reduce((largest, number) => Math.max(largest, Math.abs(number)), 1e-9);
  return expected.reduce(
    (worst, number, index) => Math.max(worst, Math.abs(found[index]! - number) / Math.max(Math.abs(number), floor)),
    0,
  );
}

/** Length of the difference as a share of the length. */
export function relativeLength(found: ArrayLike<number>, expected: ArrayLike<number>): number {
  const squares = (numbers: Iterable<number>): number => Array.from(numbers).reduce((sum, x) => sum + x * x, 0);
  const difference = Array.from(expected, (number, index) => number - found[index]!);
  return Math.sqrt(squares(difference) / squares(Array.from(expected)));
}
