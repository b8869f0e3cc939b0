import { stat } from 'node:fs/promises';
import Type, { type Static } from '#typebox';

/**
 * What tells, without reading it, that a file is the one that was checked. Whatever is written to a file, and every change
 * of its times, sets `changed` to the clock, which no program can undo. Beyond 53 bits: decimal text.
 */
export const FileStamp = Type.Object({
  bytes: Type.String(),
  modifiedNanos: Type.String(),
  changedNanos: Type.String(),
  inode: Type.String(),
});
export type FileStamp = Static<typeof FileStamp>;

/** The stamp of a file as it is now. @throws what `stat` throws. */
export async function stampOf(file: string): Promise<FileStamp> {
  const { size, mtimeNs, ctimeNs, ino } = await stat(file, { bigint: true });
  return {
    bytes: String(size),
    modifiedNanos: String(mtimeNs),
    changedNanos: String(ctimeNs),
    inode: String(ino),
  };
}

/** Nothing where a file is as it was, else in words how it differs; `name` is what it is called there. */
export function stampDifference(name: string, known: FileStamp, now: FileStamp): string | undefined {
  if (known.bytes !== now.bytes) return `${name} has ${now.bytes} bytes instead of ${known.bytes}`;
  const isSame =
    known.modifiedNanos === now.modifiedNanos && known.changedNanos === now.changedNanos && known.inode === now.inode;
  return isSame ? undefined : `${name} was changed since it was written`;
}
