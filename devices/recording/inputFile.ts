import { type FileHandle, open } from 'node:fs/promises';
import { messageOf, SensebindError } from '../../runtime/errors';

/** Bytes at any place: a file, or memory in tests. */
export interface InputFile {
  readonly byteLength: number;
  /** Fewer bytes than asked for where the file has become shorter. */
  read(position: number, byteLength: number): Promise<Uint8Array>;
}

/** Reads a file while `use` runs. @throws {SensebindError} `FILE_UNREADABLE` */
export async function* withInput<Item>(
  path: string,
  use: (file: InputFile) => AsyncGenerator<Item>,
): AsyncGenerator<Item> {
  const handle = await open(path).catch((error: unknown) => {
    throw unreadable(path, error);
  });
  try {
    yield* use(inputOf(handle, { path, byteLength: (await handle.stat()).size }));
  } finally {
    await handle.close();
  }
}

function inputOf(
  handle: FileHandle,
  { path, byteLength }: { readonly path: string; readonly byteLength: number },
): InputFile {
  return {
    byteLength,
    async read(position, length) {
      const bytes = Buffer.allocUnsafe(length);
      let done = 0;
      try {
        while (done < length) {
          const { bytesRead } = await handle.read(bytes, done, length - done, position + done);
          if (bytesRead === 0) break;
          done += bytesRead;
        }
      } catch (error) {
        throw unreadable(path, error);
      }
      return bytes.subarray(0, done);
    },
  };
}

export function unreadable(path: string, cause: unknown): SensebindError {
  return new SensebindError(
    'FILE_UNREADABLE',
    `expected a recording at ${path}, found: ${messageOf(cause)}`,
    'check the path and its permissions',
    { cause },
  );
}
