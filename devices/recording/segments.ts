import type { Dirent } from 'node:fs';
import path from 'node:path';

/** One file of a recording. */
export interface Segment {
  readonly path: string;
  readonly number: number;
  /** The recorder gave it its name when it was whole; else it is being written, or the power was lost. */
  readonly isFinished: boolean;
}

const DIGITS = 6;

/** The name of a segment: while it is written, and when it is whole. */
export function segmentPath(folder: string, number: number, { isFinished }: { readonly isFinished: boolean }): string {
  const name = `segment-${String(number).padStart(DIGITS, '0')}.mcap`;
  return path.join(folder, isFinished ? name : `${name}.partial`);
}

const NAME = /^segment-(\d{6,9})\.mcap(\.partial)?$/;

/** The segments among the entries of a folder, the oldest first. */
export function segmentsAmong(folder: string, entries: readonly Dirent[]): readonly Segment[] {
  return entries
    .flatMap((entry) => {
      const [, digits, partial] = NAME.exec(entry.name) ?? [];
      if (digits === undefined || !entry.isFile()) return [];
      return [{ path: path.join(folder, entry.name), number: Number(digits), isFinished: partial === undefined }];
    })
    .toSorted((a, b) => a.number - b.number);
}
