import { formatBytes } from '../../formatBytes';
import type { CopyRequest, CopyResult } from './build';
import type { Entry } from './entry';
import type { CopyStore } from './store';

/**
 * Makes room for a copy, within the bound of all copies and above what is to stay free on the disk. Copies that nobody
 * uses go: first those that can be of no use here, then the longest unused. Where that would not be enough, none goes.
 *
 * @returns Nothing, or why there is no room.
 */
export async function makeRoom(
  store: CopyStore,
  request: Pick<CopyRequest, 'key' | 'title' | 'expectedBytes' | 'settings'>,
): Promise<CopyResult | undefined> {
  const { expectedBytes: needed, settings } = request;
  const { maxBytes, keepFreeBytes } = settings;
  if (needed > maxBytes) {
    return { kind: 'never', reason: `a copy takes ${formatBytes(needed)}, all may take ${formatBytes(maxBytes)}` };
  }
  await store.sweep();
  const { removable, takenBytes } = await survey(store, request);
  const removableBytes = removable.reduce((sum, { bytes }) => sum + bytes, 0);
  if (takenBytes - removableBytes + needed > maxBytes) {
    const reason = `copies in use take ${formatBytes(takenBytes - removableBytes)} of ${formatBytes(maxBytes)}`;
    return { kind: 'later', reason };
  }
  const short = (free: number): CopyResult => ({
    kind: 'later',
    reason: `the disk is short: a copy takes ${formatBytes(needed)}, and ${formatBytes(keepFreeBytes)} are to stay free of ${formatBytes(free)}`,
  });
  const atMost = (await store.freeBytes()) + removableBytes;
  if (atMost - needed < keepFreeBytes) return short(atMost);
  let taken = takenBytes;
  for (const { name, bytes } of removable) {
    if (taken + needed <= maxBytes && (await store.freeBytes()) - needed >= keepFreeBytes) return undefined;
    await store.remove(name);
    taken -= bytes;
  }
  const free = await store.freeBytes();
  return free - needed >= keepFreeBytes ? undefined : short(free);
}

interface Removable {
  readonly name: string;
  readonly bytes: number;
}

async function survey(
  store: CopyStore,
  request: Pick<CopyRequest, 'key' | 'title'>,
): Promise<{ readonly removable: readonly Removable[]; readonly takenBytes: number }> {
  const listings = await store.list();
  const known = await Promise.all(
    listings.map(async (listing) => ({ ...listing, isStale: isStale(await store.entryOf(listing.name), request) })),
  );
  const unused = known.filter(({ isInUse }) => !isInUse);
  return {
    removable: [...unused.filter((each) => each.isStale), ...unused.filter((each) => !each.isStale)],
    takenBytes: listings.reduce((sum, { bytes }) => sum + bytes, await store.unfinishedBytes()),
  };
}

/**
 * Whether a copy is of no use to who asks: it cannot be read, is for another runtime, processor or options, or of the same
 * file as it was before it was changed.
 */
function isStale(entry: Entry | undefined, { key, title }: Pick<CopyRequest, 'key' | 'title'>): boolean {
  if (entry === undefined) return true;
  const { encoder, runtime, processor, options } = entry.key;
  const isOfThisMachine = runtime === key.runtime && processor === key.processor && options === key.options;
  return !isOfThisMachine || (entry.title === title && encoder !== key.encoder);
}
