/** Larger than any squared distance within a frame. */
const UNREACHED = 2 ** 31 - 1;

/**
 * Gives each missing pixel the value of a nearest valid one: the way from a valid pixel is handed from neighbour to
 * neighbour in two sweeps over the frame (P.-E. Danielsson, "Euclidean distance mapping", 1980, 8 neighbours). The
 * pixel found is at most a fraction of a pixel farther than the nearest. Time goes with the number of missing pixels.
 */
export class HoleFiller {
  /** Positions of the missing pixels in the frame, in order, and in the maps below. */
  #holes = new Int32Array(0);
  #places = new Int32Array(0);
  /** Maps with a border of one unreachable pixel, so that no sweep has to look at edges. */
  #right = new Int16Array(0);
  #down = new Int16Array(0);
  #distance = new Int32Array(0);

  /**
   * Replaces every NaN of a frame, in place.
   *
   * @param values row-major; at least one is not NaN.
   */
  fill(values: Float32Array, width: number): void {
    this.#reserve(values.length, width);
    const count = this.#collect(values, width);
    const ways = { stride: width + 2, right: this.#right, down: this.#down, distance: this.#distance };
    const places = this.#places.subarray(0, count);
    sweepDown(places, ways);
    sweepUp(places, ways);
    for (let index = 0; index < count; index++) {
      const hole = this.#holes[index] ?? 0;
      const place = places[index] ?? 0;
      values[hole] = values[hole - (ways.down[place] ?? 0) * width - (ways.right[place] ?? 0)] ?? 0;
    }
  }

  #reserve(pixels: number, width: number): void {
    const mapped = (width + 2) * (pixels / width + 2);
    if (this.#holes.length < pixels) {
      this.#holes = new Int32Array(pixels);
      this.#places = new Int32Array(pixels);
    }
    if (this.#distance.length < mapped) {
      this.#right = new Int16Array(mapped);
      this.#down = new Int16Array(mapped);
      this.#distance = new Int32Array(mapped);
    }
    this.#right.fill(0);
    this.#down.fill(0);
    this.#distance.fill(UNREACHED);
  }

  /** Lists the missing pixels and marks the valid ones as reached. */
  #collect(values: Float32Array, width: number): number {
    const holes = this.#holes;
    const places = this.#places;
    const distance = this.#distance;
    let count = 0;
    let place = width + 3;
    for (let rowStart = 0; rowStart < values.length; rowStart += width) {
      for (let at = rowStart; at < rowStart + width; at++) {
        if (Number.isNaN(values[at] ?? 0)) {
          holes[count] = at;
          places[count] = place;
          count++;
        } else {
          distance[place] = 0;
        }
        place++;
      }
      place += 2;
    }
    return count;
  }
}

/** For each place the way to it from the valid pixel found so far, and the square of its length. */
interface Ways {
  /** Places a row. */
  readonly stride: number;
  readonly right: Int16Array;
  readonly down: Int16Array;
  readonly distance: Int32Array;
}

/** One pixel right, left, down or up, or two of them; `back` leads to the neighbour that it comes from. */
interface Step {
  readonly back: number;
  readonly right: number;
  readonly down: number;
}

function step({ stride }: Ways, { right, down }: Omit<Step, 'back'>): Step {
  return { back: -down * stride - right, right, down };
}

/** Row by row from above; each row from the left, then back. */
function sweepDown(places: Int32Array, ways: Ways): void {
  const right = step(ways, { right: 1, down: 0 });
  const left = step(ways, { right: -1, down: 0 });
  const downRight = step(ways, { right: 1, down: 1 });
  const down = step(ways, { right: 0, down: 1 });
  const downLeft = step(ways, { right: -1, down: 1 });
  for (let start = 0, end = 0; start < places.length; start = end) {
    const nextRow = rowStart(places[start] ?? 0, ways) + ways.stride;
    for (end = start; end < places.length && (places[end] ?? 0) < nextRow; end++) {
      const place = places[end] ?? 0;
      take(ways, place, right);
      take(ways, place, downRight);
      take(ways, place, down);
      take(ways, place, downLeft);
    }
    for (let index = end - 1; index >= start; index--) take(ways, places[index] ?? 0, left);
  }
}

/** The same from below and from the right. */
function sweepUp(places: Int32Array, ways: Ways): void {
  const right = step(ways, { right: 1, down: 0 });
  const left = step(ways, { right: -1, down: 0 });
  const upLeft = step(ways, { right: -1, down: -1 });
  const up = step(ways, { right: 0, down: -1 });
  const upRight = step(ways, { right: 1, down: -1 });
  for (let end = places.length - 1, start = end; end >= 0; end = start) {
    const thisRow = rowStart(places[end] ?? 0, ways);
    for (start = end; start >= 0 && (places[start] ?? 0) >= thisRow; start--) {
      const place = places[start] ?? 0;
      take(ways, place, left);
      take(ways, place, upLeft);
      take(ways, place, up);
      take(ways, place, upRight);
    }
    for (let index = start + 1; index <= end; index++) take(ways, places[index] ?? 0, right);
  }
}

function rowStart(place: number, { stride }: Ways): number {
  return place - (place % stride);
}

/** Takes over the way of a neighbour, one step longer, when that is shorter than the one known so far. */
function take({ right, down, distance }: Ways, place: number, step: Step): void {
  const from = place + step.back;
  if (distance[from] === UNREACHED) return;
  const newRight = (right[from] ?? 0) + step.right;
  const newDown = (down[from] ?? 0) + step.down;
  const newDistance = newRight * newRight + newDown * newDown;
  if (newDistance >= (distance[place] ?? 0)) return;
  right[place] = newRight;
  down[place] = newDown;
  distance[place] = newDistance;
}
