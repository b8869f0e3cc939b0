import { setImmediate } from 'node:timers/promises';

/**
 * Maps a list and lets the event loop run after every `turn` items, so that long sums hold nothing up.
 *
 * @param turn - As many items as take a few milliseconds.
 */
export async function inTurns<Item, Result>(
  items: readonly Item[],
  turn: number,
  map: (item: Item, index: number) => Result,
): Promise<Result[]> {
  const results: Result[] = [];
  for (const [index, item] of items.entries()) {
    results.push(map(item, index));
    if ((index + 1) % turn === 0) await setImmediate();
  }
  return results;
}
