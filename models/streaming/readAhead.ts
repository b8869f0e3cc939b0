import { Scratch } from './scratch';

/** Reads in flight: one that waits for the disk, beside the one whose result is worked on. */
const AHEAD = 1;

interface Reading<Item, Result> {
  readonly item: Item;
  readonly scratch: Scratch;
  readonly result: Promise<Result>;
}

/**
 * Reads items in order, one ahead of the caller, so that reading the next overlaps with what is done with this. A result
 * may lie in the scratch that its read was given: it is valid until the next one is asked for. However it ends, no read
 * goes on after it.
 *
 * Throws what `read` throws, in the place of that item.
 */
export async function* readAhead<Item, Result>(
  items: Iterable<Item>,
  read: (item: Item, scratch: Scratch) => Promise<Result>,
): AsyncGenerator<readonly [Item, Result], void> {
  const free = Array.from({ length: AHEAD + 1 }, () => new Scratch());
  const started: Reading<Item, Result>[] = [];
  const rest = items[Symbol.iterator]();
  const start = (): void => {
    for (let scratch = free.pop(); scratch !== undefined; scratch = free.pop()) {
      const { done, value: item } = rest.next();
      if (done) return;
      const result = read(item, scratch);
      // It may fail long before its turn, when it is awaited and throws.
      result.catch(() => undefined);
      started.push({ item, scratch, result });
    }
  };
  try {
    start();
    for (let next = started.shift(); next !== undefined; next = started.shift()) {
      yield [next.item, await next.result];
      next.scratch.release();
      free.push(next.scratch);
      start();
    }
  } finally {
    await Promise.allSettled(started.map(({ result }) => result));
  }
}
