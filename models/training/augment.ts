import { GaussianNoise, type SeededNumbers } from './seededNumbers';

/** Sizes of one item: planes one after the other, rows of a plane one after the other. */
export interface Planes {
  readonly channels: number;
  readonly height: number;
  readonly width: number;
}

/** A crop of a picture, moved by a share of its height and width: the same for every sensor that looks the same way. */
export interface Shift {
  readonly down: number;
  readonly right: number;
}

/** Noise is drawn once and read from another place each time: drawing it anew would take longer than a step. */
const NOISE_LENGTH = 2 ** 20;

/** Adds noise of that deviation to numbers, in place. */
export class NoiseTable {
  readonly #noise: Float32Array;

  constructor(seed: number) {
    const noise = new GaussianNoise(seed);
    this.#noise = Float32Array.from({ length: NOISE_LENGTH }, () => noise.next());
  }

  add(
    numbers: Float32Array,
    { deviation, random }: { readonly deviation: number; readonly random: SeededNumbers },
  ): void {
    let place = random.integer(NOISE_LENGTH);
    for (let index = 0; index < numbers.length; index++) {
      numbers[index] = (numbers[index] ?? 0) + deviation * (this.#noise[place] ?? 0);
      place = (place + 1) % NOISE_LENGTH;
    }
  }
}

/** A shift by up to `limit` of the sides each way. */
export function randomShift(random: SeededNumbers, limit: number): Shift {
  const part = (): number => (2 * random.next() - 1) * limit;
  return { down: part(), right: part() };
}

/** Moves what a picture shows, in place; what comes in at an edge repeats the edge. */
export function applyShift(item: Float32Array, { channels, height, width }: Planes, { down, right }: Shift): void {
  const rows = Math.round(down * height);
  const columns = Math.round(right * width);
  if (rows === 0 && columns === 0) return;
  const source = item.slice();
  for (let channel = 0; channel < channels; channel++) {
    const plane = channel * height * width;
    for (let row = 0; row < height; row++) {
      const from = plane + clamped(row - rows, height) * width;
      for (let column = 0; column < width; column++) {
        item[plane + row * width + column] = source[from + clamped(column - columns, width)] ?? 0;
      }
    }
  }
}

/** Replaces a rectangle of up to a third of each side (or one pixel) by the item's mean (random erasing, arXiv 1708.04896), in place. */
export function erase(item: Float32Array, planes: Planes, random: SeededNumbers): void {
  const { height, width } = planes;
  const side = (size: number): number => 1 + random.integer(Math.floor(size / 3));
  const [tall, wide] = [side(height), side(width)];
  const [top, left] = [random.integer(height - tall + 1), random.integer(width - wide + 1)];
  blank(item, planes, { top, left, tall, wide });
}

/**
 * Masks a band of up to `rows` rows and one of up to `columns` columns of a log-mel picture by its mean (SpecAugment,
 * arXiv 1904.08779), in place.
 */
export function maskBands(
  item: Float32Array,
  planes: Planes,
  { rows, columns, random }: { readonly rows: number; readonly columns: number; readonly random: SeededNumbers },
): void {
  const { height, width } = planes;
  const [tall, wide] = [random.integer(Math.min(rows, height) + 1), random.integer(Math.min(columns, width) + 1)];
  blank(item, planes, { top: random.integer(height - tall + 1), left: 0, tall, wide: width });
  blank(item, planes, { top: 0, left: random.integer(width - wide + 1), tall: height, wide });
}

interface Rectangle {
  readonly top: number;
  readonly left: number;
  readonly tall: number;
  readonly wide: number;
}

function blank(item: Float32Array, { channels, height, width }: Planes, { top, left, tall, wide }: Rectangle): void {
  const mean = meanOf(item);
  for (let channel = 0; channel < channels; channel++) {
    for (let row = top; row < top + tall; row++) {
      const start = (channel * height + row) * width + left;
      item.fill(mean, start, start + wide);
    }
  }
}

function meanOf(numbers: Float32Array): number {
  let sum = 0;
  for (let index = 0; index < numbers.length; index++) sum += numbers[index] ?? 0;
  return sum / numbers.length;
}

function clamped(index: number, size: number): number {
  return Math.max(0, Math.min(size - 1, index));
}
