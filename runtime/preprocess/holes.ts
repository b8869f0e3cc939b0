/** Larger than any squared distance within a frame of {@link MAX_SIDE} pixels a side. */
const UNREACHED = 2 ** 31 - 1;

/**
 * Gives each missing pixel the value of a nearest valid one: the way to a valid pixel is handed from neighbour to
 * neighbour in two sweeps over the frame (P.-E. Danielsson, "Euclidean distance mapping", 1980, 8 neighbours). The
 * pixel found is at most a fraction of a pixel farther than the nearest. Only missing pixels cost time.
 */
export class HoleFiller {
  /** Unchanged positions of the missing pixels, in order, and the same in the maps below. */
  #holes = new Int32Array(0);
  #places = new Int32Array(0);
  /** Maps with a border of one unreachable pixel, so that no sweep looks at edges: the way from the valid pixel. */
  #right = new Int16Array(0);
  #down = new Int16Array(0);
  #distance = new Int32Array(0);

  /**
   * Replaces every NaN of a frame, in place.
   *
   * @param values row-major; at least one is not NaN.
   */
  fill(values: Float32Array, width: number): void {
    const count = this.#collect(values, width);
    const ways = { right: this.#right, down: this.#down, distance: this.#distance };
    const places = this.#places.subarray(0, count);
    sweepDown(places, width + 2, ways);
    sweepUp(places, width + 2, ways);
    for (let index = 0; index < count; index++) {
      const at = this.#holes[index] ?? 0;
      const place = places[index] ?? 0;
      values[at] = values[at - (ways.down[place] ?? 0) * width - (ways.right[place] ?? 0)] ?? 0;
    }
  }

  #collect(values: Float32Array, width: number): number {
    const height = values.length / width;
    const stride = width + 2;
    this.#reserve(values.length, stride * (height + 2));
    const holes = this.#holes;
    const places = this.#places;
    const distance = this.#distance;
    distance.fill(UNREACHED);
    let count = 0;
    let at = 0;
    for (let row = 1; row <= height; row++) {
      for (let place = row * stride + 1; place <= row * stride + width; place++) {
        const value = values[at] ?? 0;
        if (value === value) {
          distance[place] = 0;
        } else {
          holes[count] = at;
          places[count] = place;
          count++;
        }
        at++;
      }
    }
    return count;
  }

  #reserve(pixels: number, mapped: number): void {
    if (this.#holes.length < pixels) {
      this.#holes = new Int32Array(pixels);
      this.#places = new Int32Array(pixels);
    }
    if (this.#distance.length !== mapped) {
      this.#right = new Int16Array(mapped);
      this.#down = new Int16Array(mapped);
      this.#distance = new Int32Array(mapped);
    }
    this.#right.fill(0);
    this.#down.fill(0);
  }
}

interface Ways {
  readonly right: Int16Array;
  readonly down: Int16Array;
  readonly distance: Int32Array;
}

function sweepDown(places: Int32Array, stride: number, ways: Ways): void {
  for (let start = 0, end = 0; start < places.length; start = end) {
    const nextRow = rowStart(places[start] ?? 0, stride) + stride;
    for (end = start; end < places.length && (places[end] ?? 0) < nextRow; end++) {
      const place = places[end] ?? 0;
      take(ways, place, place - 1, 1, 0);
      take(ways, place, place - stride - 1, 1, 1);
      take(ways, place, place - stride, 0, 1);
      take(ways, place, place - stride + 1, -1, 1);
    }
    for (let index = end - 1; index >= start; index--) {
      const place = places[index] ?? 0;
      take(ways, place, place + 1, -1, 0);
    }
  }
}
