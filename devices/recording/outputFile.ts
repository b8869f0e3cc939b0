import { closeSync, fdatasyncSync, fsyncSync, ftruncateSync, openSync, writevSync } from 'node:fs';
import { messageOf, SensebindError } from '../../runtime/errors';

/**
 * A file that is only appended to. Every call blocks: used in a thread of its own.
 *
 * Every method throws the error of the system call.
 */
export interface OutputFile {
  append(pieces: readonly Uint8Array[]): void;
  /** What was appended survives a loss of power. */
  sync(): void;
  truncate(byteLength: number): void;
  close(): void;
}

/** Opens a new file for a recording; throws the error of the system call, also when there is one already. */
export type OpenOutput = (path: string) => OutputFile;

/** Files of this machine. */
export const openOutput: OpenOutput = (path) => outputOf(openSync(path, 'wx'));

/** An open file descriptor as a file that is appended to. */
export function outputOf(descriptor: number): OutputFile {
  return {
    append: (pieces) => appendAll(descriptor, pieces),
    sync: () => fdatasyncSync(descriptor),
    truncate: (byteLength) => ftruncateSync(descriptor, byteLength),
    close: () => closeSync(descriptor),
  };
}

/** Makes new names and removals in a folder durable. */
export function syncFolder(folder: string): void {
  const descriptor = openSync(folder, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** A call may write less than it was given. */
function appendAll(descriptor: number, pieces: readonly Uint8Array[]): void {
  let left = pieces.filter((piece) => piece.byteLength > 0);
  while (left.length > 0) {
    let written = writevSync(descriptor, left);
    const rest: Uint8Array[] = [];
    for (const piece of left) {
      if (written < piece.byteLength) rest.push(piece.subarray(written));
      written = Math.max(0, written - piece.byteLength);
    }
    left = rest;
  }
}

/** Error codes of a disk, a quota or a file size that is used up (errno(3)). */
const FULL: readonly unknown[] = ['ENOSPC', 'EDQUOT', 'EFBIG'];

/** Why a recording cannot go on, as an error of ours. */
export function unwritable(path: string, cause: unknown): SensebindError {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  const message = `expected to write ${path}, found: ${messageOf(cause)}`;
  return FULL.includes(code)
    ? new SensebindError('DISK_FULL', message, 'free some space or record less, then start the recording again', {
        cause,
      })
    : new SensebindError('FILE_UNWRITABLE', message, 'check that the folder exists and may be written to', { cause });
}
