import path from 'node:path';
import Type from '#typebox';
import { Compile } from '#typebox/compile';
import type { Scratch } from '../streaming/scratch';
import { openFileAccess, type RandomAccess } from './randomAccess';
import { corrupt, overLimit, unsupported } from './refusals';
import { looksLikeSafetensors, readSafetensors } from './safetensors';
import type { TensorInfo } from './stateDict';
import { type Checkpoint, missingTensor } from './storedCheckpoint';
import { parseStrictJson } from './strictJson';

const OPENING_BRACE = 0x7b;
const MAX_INDEX_BYTES = 4 * 2 ** 20;
const MAX_SHARDS = 256;
const INDEX = { what: 'the index of shards', maxDepth: 2, maxMembers: 20_000 };

/** A file beside the index: no folders, no way up. */
const FileName = Type.String({ pattern: '^[A-Za-z0-9_][A-Za-z0-9_.-]{0,254}$' });
const indexValidator = Compile(Type.Object({ weight_map: Type.Record(Type.String(), FileName) }));

/** Whether bytes begin as the index of a sharded checkpoint does: as a JSON object. */
export async function looksLikeShardIndex(access: RandomAccess): Promise<boolean> {
  const head = Buffer.alloc(1);
  if (access.size === 0 || (await looksLikeSafetensors(access))) return false;
  await access.readInto(head, 0);
  return head[0] === OPENING_BRACE;
}

/**
 * Opens the safetensors files that an index (`model.safetensors.index.json`) names, as one checkpoint. They lie beside
 * it.
 *
 * @throws {SensebindError} `CHECKPOINT_CORRUPT`, `CHECKPOINT_LIMIT` and `CHECKPOINT_LAYOUT` for the index and as
 * {@link readSafetensors}; `FILE_UNREADABLE` where a shard is missing.
 */
export async function openShards(access: RandomAccess, file: string): Promise<Checkpoint> {
  const shardOf = await readIndex(access);
  const names = [...new Set(shardOf.values())];
  if (names.length > MAX_SHARDS) throw overLimit(`Expected at most ${MAX_SHARDS} shards; found ${names.length}.`);
  const shards = new Map<string, Checkpoint>();
  try {
    for (const name of names) shards.set(name, await openShard(path.join(path.dirname(file), name)));
    return new ShardedCheckpoint(file, locate(shardOf, shards));
  } catch (error) {
    await Promise.all([...shards.values()].map((shard) => shard.close()));
    throw error;
  }
}

/** The name of the shard by that of the tensor. */
async function readIndex(access: RandomAccess): Promise<ReadonlyMap<string, string>> {
  if (access.size > MAX_INDEX_BYTES) {
    throw overLimit(`Expected an index of at most ${MAX_INDEX_BYTES} bytes; found ${access.size}.`);
  }
  const bytes = Buffer.alloc(access.size);
  await access.readInto(bytes, 0);
  const index = parseStrictJson(bytes, INDEX);
  if (indexValidator.Check(index)) return new Map(Object.entries(index.weight_map));
  throw corrupt('Expected "weight_map" in the index of shards, with the name of a file beside it for each tensor.');
}

async function openShard(file: string): Promise<Checkpoint> {
  const access = await openFileAccess(file);
  try {
    if (await looksLikeSafetensors(access)) return await readSafetensors(access, file);
    throw unsupported(
      `Expected a safetensors file as the shard ${file}.`,
      'Download all files of the checkpoint again.',
    );
  } catch (error) {
    await access.close();
    throw error;
  }
}

interface LocatedTensor {
  readonly info: TensorInfo;
  readonly shard: Checkpoint;
}

function locate(
  shardOf: ReadonlyMap<string, string>,
  shards: ReadonlyMap<string, Checkpoint>,
): ReadonlyMap<string, LocatedTensor> {
  const located = new Map<string, LocatedTensor>();
  for (const [name, shardName] of shardOf) {
    const shard = shards.get(shardName);
    const info = shard?.tensors.get(name);
    if (shard === undefined || info === undefined) {
      throw corrupt(`Expected tensor ${name} in the shard ${shardName}, as the index says; it is not there.`);
    }
    located.set(name, { info, shard });
  }
  return located;
}

class ShardedCheckpoint implements Checkpoint {
  readonly path: string;
  readonly fileBytes: number;
  readonly tensors: ReadonlyMap<string, TensorInfo>;
  readonly #located: ReadonlyMap<string, LocatedTensor>;
  readonly #shards: readonly Checkpoint[];

  constructor(file: string, located: ReadonlyMap<string, LocatedTensor>) {
    this.path = file;
    this.tensors = new Map([...located].map(([name, { info }]) => [name, info]));
    this.#located = located;
    this.#shards = [...new Set([...located.values()].map(({ shard }) => shard))];
    this.fileBytes = this.#shards.reduce((sum, { fileBytes }) => sum + fileBytes, 0);
  }

  async readFloats(name: string, scratch?: Scratch): Promise<Float32Array> {
    return this.#shardOf(name).readFloats(name, scratch);
  }

  readBytes(name: string): AsyncIterable<Uint8Array> {
    return this.#shardOf(name).readBytes(name);
  }

  async close(): Promise<void> {
    await Promise.all(this.#shards.map((shard) => shard.close()));
  }

  #shardOf(name: string): Checkpoint {
    const found = this.#located.get(name);
    if (found === undefined) throw missingTensor(name, this);
    return found.shard;
  }
}
