/** Width and height in pixels. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

/** A picture resized to `resized`, of which the window with this upper left corner is kept. */
export interface Framing {
  readonly resized: Size;
  readonly left: number;
  readonly top: number;
}

/**
 * The smallest resize that covers `to`, and its centre: torchvision's Resize(short side) and CenterCrop
 * (reference/imagebind.md §2.1), carried over to targets that are not square.
 */
export function coverAndCentre(from: Size, to: Size): Framing {
  const resized = cover(from, to);
  return {
    resized,
    left: roundHalfToEven((resized.width - to.width) / 2),
    top: roundHalfToEven((resized.height - to.height) / 2),
  };
}

/** The long side is truncated, not rounded, as in torchvision. */
function cover(from: Size, to: Size): Size {
  if (from.width * to.height <= from.height * to.width) {
    return { width: to.width, height: Math.floor((to.width * from.height) / from.width) };
  }
  return { width: Math.floor((to.height * from.width) / from.height), height: to.height };
}

/** Python's `round`: 0.5 → 0, 1.5 → 2. */
function roundHalfToEven(value: number): number {
  const below = Math.floor(value);
  const isHalf = value - below === 0.5;
  return isHalf && below % 2 === 0 ? below : Math.round(value);
}
