/** An example of an event: its channels, each of the same length as that of what is asked about. */
export interface Neighbour {
  readonly event: string;
  readonly channels: readonly ArrayLike<number>[];
}

/** The event of the example at the smallest Euclidean distance, the first of several; '' without examples. */
export function nearestNeighbour(
  channels: readonly ArrayLike<number>[],
  neighbours: readonly Neighbour[],
): Neighbour['event'] {
  let best = { event: '', distance: Number.POSITIVE_INFINITY };
  for (const { event, channels: other } of neighbours) {
    const distance = squaredDistance(channels, other, best.distance);
    if (distance < best.distance) best = { event, distance };
  }
  return best.event;
}

/** Goes no further where it is larger than `enough`. */
function squaredDistance(
  left: readonly ArrayLike<number>[],
  right: readonly ArrayLike<number>[],
  enough: number,
): number {
  let sum = 0;
  for (const [channel, values] of left.entries()) {
    const others = right[channel] ?? [];
    for (let at = 0; at < values.length; at++) sum += ((values[at] ?? 0) - (others[at] ?? 0)) ** 2;
    if (sum > enough) return sum;
  }
  return sum;
}
