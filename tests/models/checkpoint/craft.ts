import { crc32 } from 'node:zlib';
import { readCheckpoint } from '../../../models/checkpoint/checkpoint';
import { dictPickle, type TensorView, tensorOf } from '../../../models/checkpoint/pickleWriter';
import { bytesAccess } from '../../../models/checkpoint/randomAccess';
import type { StateDict } from '../../../models/checkpoint/stateDict';
import { centralHeader, endRecords, localHeader, type ZipEntry } from '../../../models/checkpoint/zipRecords';

/** What a header claims where that is not the truth. */
interface Claim extends Partial<ZipEntry> {
  /** 8 is deflated. */
  readonly method?: number;
  /** 1 is encrypted. */
  readonly flags?: number;
}

/** A zip entry, and the lies of its headers. */
export interface CraftedEntry {
  readonly name: string;
  readonly data: Uint8Array;
  readonly local?: Claim;
  readonly central?: Claim;
}

/** Where flags and method lie in each header (PKWARE APPNOTE 6.3, sections 4.3.7 and 4.3.12). */
const LOCAL_FLAGS_AT = 6;
const CENTRAL_FLAGS_AT = 8;

function lying(header: Buffer, { flags, method }: Claim, flagsAt: number): Buffer {
  if (flags !== undefined) header.writeUInt16LE(flags, flagsAt);
  if (method !== undefined) header.writeUInt16LE(method, flagsAt + 2);
  return header;
}

export function craftZip(
  entries: readonly CraftedEntry[],
  claim: { readonly entries?: number; readonly position?: number } = {},
): Buffer {
  const parts: Uint8Array[] = [];
  const directory: Buffer[] = [];
  let position = 0;
  for (const { name, data, local = {}, central = {} } of entries) {
    const truth = { name, crc32: crc32(data), byteLength: data.length, headerPosition: position };
    const header = lying(localHeader({ ...truth, ...local }), local, LOCAL_FLAGS_AT);
    directory.push(lying(centralHeader({ ...truth, ...central }), central, CENTRAL_FLAGS_AT));
    parts.push(header, data);
    position += header.length + data.length;
  }
  const headers = Buffer.concat(directory);
  const end = endRecords({ entries: entries.length, position, byteLength: headers.length });
  // The claims go into the zip64 end record, which readers prefer.
  if (claim.entries !== undefined) end.writeBigUInt64LE(BigInt(claim.entries), 32);
  if (claim.position !== undefined) end.writeBigUInt64LE(BigInt(claim.position), 48);
  return Buffer.concat([...parts, headers, end]);
}

/** Four float32: 1, 2, 3, 4. */
export const FOUR_FLOATS = Buffer.from(new Float32Array([1, 2, 3, 4]).buffer);

/** A matrix over all of {@link FOUR_FLOATS}. */
export const TWO_BY_TWO: TensorView = {
  elementType: 'float32',
  storageKey: '0',
  storageElements: 4,
  storageOffset: 0,
  shape: [2, 2],
  strides: [2, 1],
};

/** The entries of a sound checkpoint with one tensor `w`; what is given replaces its parts. */
export function soundEntries({
  view = {},
  pickle = dictPickle([['w', tensorOf({ ...TWO_BY_TWO, ...view })]]),
  data = FOUR_FLOATS,
}: {
  readonly view?: Partial<TensorView>;
  readonly pickle?: Uint8Array;
  readonly data?: Uint8Array;
} = {}): CraftedEntry[] {
  return [
    { name: 'archive/data.pkl', data: pickle },
    { name: 'archive/byteorder', data: Buffer.from('little') },
    { name: 'archive/data/0', data },
    { name: 'archive/version', data: Buffer.from('3\n') },
  ];
}

/** Opens a checkpoint in memory and reads every tensor. */
export async function readAll(bytes: Uint8Array): Promise<ReadonlyMap<string, Float32Array>> {
  const checkpoint = await readCheckpoint(bytesAccess(bytes), 'memory');
  const floats = new Map<string, Float32Array>();
  for (const name of checkpoint.tensors.keys()) floats.set(name, await checkpoint.readFloats(name));
  await checkpoint.close();
  return floats;
}

/** All bytes of a tensor, from its pieces. */
export async function bytesOf(stateDict: StateDict, name: string): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of stateDict.readBytes(name)) pieces.push(Buffer.from(piece));
  return Buffer.concat(pieces);
}
