import { mkdir, rm, stat, truncate } from 'node:fs/promises';
import { readCursor } from './cursorFile';
import { SegmentReader } from './readSegment';
import type { SpoolRecord } from './record';
import { listSegments, moveAside, SEGMENT_HEADER_BYTES, type Segment } from './segmentFile';
import type { SequenceSet } from './sequenceSet';

/** What a journal's folder holds at the start of a process. */
export interface RecoveredJournal {
  readonly segments: Segment[];
  readonly settled: SequenceSet;
  /** Sequence of the next record. */
  readonly next: number;
  /** The last records of the last segment, oldest first, as far back as `isFresh` says so of each. */
  readonly fresh: readonly SpoolRecord[];
  /** Bytes of a torn record that were cut off. */
  readonly cutBytes: number;
  /** Files that were moved out of the way. */
  readonly setAside: readonly string[];
  /** When the oldest segment was begun: epoch milliseconds. */
  readonly oldestMillis: number | undefined;
}

/** Fresh records that are kept. */
const MAX_FRESH = 1024;

/**
 * Takes up what another process left. Only the last segment is read: a start must be quick, and the others have
 * nothing torn. Throws the error of the system call.
 */
export async function recoverJournal(
  folder: string,
  isFresh: (record: SpoolRecord) => boolean,
): Promise<RecoveredJournal> {
  await mkdir(folder, { recursive: true });
  const { segments, setAside } = await listSegments(folder);
  const cursor = await readCursor(folder);
  const { settled } = cursor;
  const last = segments.at(-1);
  const tail = last ? await readTail(last, (record) => !settled.has(record.sequence) && isFresh(record)) : EMPTY_TAIL;
  const moved: string[] = [];
  let cutBytes = 0;
  if (last && tail.end < last.bytes) {
    cutBytes = last.bytes - tail.end;
    if (tail.end > SEGMENT_HEADER_BYTES) await cutBack(last, tail.end);
    // Not one record: perhaps of another version, with a damaged header.
    else {
      moved.push(await moveAside(last.file));
      segments.pop();
    }
  }
  const next = Math.max(tail.next, last?.first ?? 0, (settled.stretches.at(-1)?.[1] ?? -1) + 1);
  // What no file has is not waited for.
  settled.add(0, (segments[0]?.first ?? next) - 1);
  settled.add(tail.next, next - 1);
  const kept = await withoutSettled(segments, { settled, next: tail.next });
  return {
    segments: kept,
    oldestMillis: await birthMillis(kept[0]),
    settled,
    next,
    fresh: tail.fresh,
    cutBytes,
    setAside: [...setAside, ...cursor.setAside, ...moved],
  };
}

/** Disks that keep no time of birth tell the last change instead. */
async function birthMillis(segment: Segment | undefined): Promise<number | undefined> {
  const stats = segment && (await stat(segment.file).catch(() => undefined));
  return stats && (stats.birthtimeMs || stats.mtimeMs);
}

interface Tail {
  /** Behind the last whole record. */
  readonly end: number;
  readonly next: number;
  readonly fresh: readonly SpoolRecord[];
}

const EMPTY_TAIL: Tail = { end: SEGMENT_HEADER_BYTES, next: 0, fresh: [] };

async function readTail(segment: Segment, isFresh: (record: SpoolRecord) => boolean): Promise<Tail> {
  const reader = await SegmentReader.open(segment);
  try {
    let end = SEGMENT_HEADER_BYTES;
    let next = segment.first;
    let fresh: SpoolRecord[] = [];
    while (!reader.isAtEnd) {
      await reader.fill();
      for (let piece = reader.peek(); piece; piece = reader.peek()) {
        reader.take(piece);
        if (piece.kind === 'damaged') continue;
        end = piece.end;
        next = Math.max(next, piece.record.sequence + 1);
        if (isFresh(piece.record)) fresh.push(piece.record);
        else fresh = [];
        if (fresh.length > MAX_FRESH) fresh = fresh.slice(-MAX_FRESH / 2);
      }
    }
    // Copies, so that no chunk of a file is kept for one record.
    return { end, next, fresh: fresh.map((record) => ({ ...record, body: Buffer.from(record.body) })) };
  } finally {
    await reader.close();
  }
}

async function cutBack(segment: Segment, end: number): Promise<void> {
  segment.bytes = end;
  // A disk that cannot be written to any more can still be read.
  await truncate(segment.file, end).catch(() => undefined);
}

async function withoutSettled(
  segments: readonly Segment[],
  { settled, next }: { readonly settled: SequenceSet; readonly next: number },
): Promise<Segment[]> {
  const kept: Segment[] = [];
  for (const [index, segment] of segments.entries()) {
    const end = segments[index + 1]?.first ?? next;
    if (settled.covers(segment.first, end - 1)) await rm(segment.file, { force: true });
    else kept.push(segment);
  }
  return kept;
}
