import { messageOf, SensebindError } from '../../errors';

const FULL: readonly unknown[] = ['ENOSPC', 'EDQUOT', 'EFBIG'];

/** Why a disk takes no messages: it is full (`DISK_FULL`), or something else keeps them from it (`FILE_UNWRITABLE`). */
export function diskProblem(folder: string, cause: unknown): SensebindError {
  const isFull = cause instanceof Error && 'code' in cause && FULL.includes(cause.code);
  return new SensebindError(
    isFull ? 'DISK_FULL' : 'FILE_UNWRITABLE',
    `expected room for messages in ${folder}, found: ${messageOf(cause)}`,
    isFull ? 'free some space; messages wait in memory, and the oldest are lost' : 'check the disk and its permissions',
    { cause },
  );
}
