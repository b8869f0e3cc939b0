import { createHash } from 'node:crypto';
import path from 'node:path';
import { filesOf } from '../../../devices/recording/readRecording';
import { sha256OfFile } from '../../../models/bundle/sha256';
import type { PairCounts } from './pairs';

/** A recording that something was learnt from. */
export interface RecordingIdentity {
  /** Last part of its path: where it lay says nothing elsewhere. */
  readonly name: string;
  /** Over the hashes of its files in their order, hexadecimal. */
  readonly sha256: string;
}

/** How an encoder was bound: written beside it, so that anybody can tell what it rests on. */
export interface BindingRecord {
  readonly format: 'sensebind-binding/1';
  readonly modality: string;
  readonly space: string;
  readonly source: string;
  readonly anchor: { readonly source: string; readonly modality: string; readonly encoder: string };
  readonly recordings: readonly RecordingIdentity[];
  /** Places in them that could not be read. */
  readonly damaged: number;
  readonly pairing: { readonly toleranceMicros: number; readonly everyMicros: number };
  readonly pairs: PairCounts & {
    /** A reading that one of the two encoders does not take. */
    readonly unusable: number;
    readonly learnt: number;
    /** The last of each recording, never learnt from. */
    readonly heldBack: number;
  };
  readonly tower: { readonly width: number; readonly blocks: number; readonly parameters: number };
  readonly steps: number;
  readonly batch: number;
  readonly seed: number;
  readonly loss: { readonly first: number; readonly last: number };
  /** Held-back pairs, evenly spread, whose partner is the nearest among all of them; chance is 1 / `among`. */
  readonly recallAt1: { readonly share: number; readonly among: number };
  /** Both, while it was trained. */
  readonly curve: readonly { readonly step: number; readonly loss: number; readonly recallAt1: number }[];
  /** Of training alone. */
  readonly seconds: number;
}

/** @throws {SensebindError} `FILE_UNREADABLE` */
export async function identityOf(recording: string, signal?: AbortSignal): Promise<RecordingIdentity> {
  const hash = createHash('sha256');
  const options = signal === undefined ? {} : { signal };
  for (const file of await filesOf(recording)) hash.update(await sha256OfFile(file, options));
  return { name: path.basename(path.resolve(recording)), sha256: hash.digest('hex') };
}
