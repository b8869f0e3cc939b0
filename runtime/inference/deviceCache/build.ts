import { rm } from 'node:fs/promises';
import path from 'node:path';
import { isSensebindError, messageOf } from '../../errors';
import { FolderLock } from '../../folderLock';
import { probeInput } from '../probeInput';
import type { EncoderSetup } from '../protocol';
import { WorkerFlags } from '../quiesce';
import { EncoderSession, type Runtime, type SessionOptions } from '../session';
import { MODEL_FILE, sealEntry, WEIGHTS_FILE } from './entry';
import type { CacheKey } from './key';
import { makeRoom } from './room';
import type { DeviceCacheSettings } from './settings';
import { CopyStore } from './store';
import { beginCopy, removeLeftovers } from './unfinished';

/** What is copied, and where to. */
export interface CopyRequest {
  readonly key: CacheKey;
  readonly title: string;
  readonly setup: EncoderSetup;
  /** How much the copy will take on the disk, a little too high. */
  readonly expectedBytes: number;
  readonly settings: DeviceCacheSettings;
}

/** What came of it. `later`: may go better another time. `never`: not with this encoder, machine and settings. */
export type CopyResult =
  | { readonly kind: 'made'; readonly bytes: number }
  | { readonly kind: 'there' }
  | { readonly kind: 'later' | 'never'; readonly reason: string };

/**
 * Writes the prepacked copy of an encoder: the runtime loads the encoder as always and writes what it packed beside what it
 * read (reference/onnxruntime.md §4). The copy gets its name when it is on the disk and has given, bit for bit, the numbers
 * of the bundle's file. To be called in a process of its own.
 *
 * @throws {SensebindError} `ENCODE_FAILED`, `BUNDLE_INVALID` where the encoder itself does not work; `FILE_UNWRITABLE`.
 */
export async function makeCopy(
  { key, title, setup, expectedBytes, settings }: CopyRequest,
  { runtime, threads }: { readonly runtime: Runtime; readonly threads: number },
): Promise<CopyResult> {
  const store = new CopyStore(settings.folder);
  const refusal = await store.prepare();
  if (refusal !== undefined) return { kind: 'later', reason: refusal };
  const lock = await takeLock(store);
  if (lock === undefined) return { kind: 'later', reason: 'another process makes a copy' };
  try {
    await removeLeftovers(store.buildingFolder);
    const found = await store.hold(key);
    if (found.kind === 'held') {
      await found.release();
      return { kind: 'there' };
    }
    const obstacle = await makeRoom(store, { key, title, expectedBytes, settings });
    if (obstacle !== undefined) return obstacle;
    const folder = await beginCopy(store.buildingFolder);
    try {
      const difference = await writeCopy(folder, setup, { runtime, threads });
      if (difference !== undefined) return { kind: 'never', reason: difference };
      const bytes = await sealEntry(folder, { key, title });
      await store.publish(folder, key);
      return { kind: 'made', bytes };
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  } catch (error) {
    if (!isUnwritten(error)) throw error;
    return { kind: 'later', reason: `it could not be written: ${messageOf(error)}` };
  } finally {
    await lock.release();
  }
}

async function takeLock(store: CopyStore): Promise<FolderLock | undefined> {
  try {
    return await FolderLock.take(store.buildingFolder);
  } catch (error) {
    if (isSensebindError(error, 'FOLDER_IN_USE')) return undefined;
    throw error;
  }
}

/** @returns Nothing, or how the copy differs from what it is a copy of. */
async function writeCopy(
  folder: string,
  setup: EncoderSetup,
  { runtime, threads }: { readonly runtime: Runtime; readonly threads: number },
): Promise<string | undefined> {
  const options: SessionOptions = { runtime, flags: new WorkerFlags(), threads, provider: 'cpu' };
  const probe = probeInput(setup);
  const original = await EncoderSession.open(setup, {
    ...options,
    writeTo: { folder, model: MODEL_FILE, weights: WEIGHTS_FILE },
  });
  const [expected = new Float32Array()] = await original.run(probe);
  await original.release();
  const copy = await EncoderSession.open({ ...setup, modelPath: path.join(folder, MODEL_FILE) }, options);
  const [found = new Float32Array()] = await copy.run(probe);
  await copy.release();
  const isSame = expected.length === found.length && expected.every((value, index) => Object.is(value, found[index]));
  return isSame ? undefined : 'the copy does not give the same numbers as the encoder of the bundle';
}

function isUnwritten(error: unknown): boolean {
  const codes = [error, error instanceof Error ? error.cause : undefined].map((one) =>
    one instanceof Error && 'code' in one ? one.code : undefined,
  );
  return (
    codes.includes('ENOSPC') || codes.includes('EDQUOT') || /no space left|failed to write/i.test(messageOf(error))
  );
}
