import Type from '#typebox';
import { Compile } from '#typebox/compile';
import { contiguousStrides, elementCount } from './elementOrder';
import { ELEMENT_BYTES } from './elementTypes';
import type { RandomAccess } from './randomAccess';
import { corrupt, overLimit, unsupported } from './refusals';
import type { ElementType } from './stateDict';
import { type Checkpoint, StoredCheckpoint, type StoredTensor } from './storedCheckpoint';
import { type JsonObject, parseStrictJson } from './strictJson';

/** Before the header: its length, an unsigned 64-bit integer, little-endian. */
const LENGTH_BYTES = 8;
/** The full ImageBind layout, 1311 tensors, takes about 0.2 MiB; the format allows 100 MB. */
const MAX_HEADER_BYTES = 4 * 2 ** 20;
const MAX_FILE_BYTES = 64 * 2 ** 30;
const MAX_DIMENSIONS = 8;
/** Levels: header, tensor, shape. Of each of 20,000 tensors its name and three things more, and some metadata. */
const HEADER = { what: 'the safetensors header', maxDepth: 3, maxMembers: 4 * 20_000 + 1000 };
const OPENING_BRACE = 0x7b;

const ELEMENT_TYPES: ReadonlyMap<string, ElementType> = new Map([
  ['F32', 'float32'],
  ['F16', 'float16'],
  ['BF16', 'bfloat16'],
  ['I64', 'int64'],
]);

const Size = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });
const Entry = Type.Object(
  {
    dtype: Type.String({ maxLength: 16 }),
    shape: Type.Array(Size, { maxItems: MAX_DIMENSIONS }),
    data_offsets: Type.Tuple([Size, Size]),
  },
  { additionalProperties: false },
);
const entryValidator = Compile(Entry);

const METADATA = '__metadata__';
const metadataValidator = Compile(Type.Record(Type.String(), Type.String()));

/** Whether bytes begin as a safetensors file does, whatever its name is. */
export async function looksLikeSafetensors(access: RandomAccess): Promise<boolean> {
  const head = Buffer.alloc(LENGTH_BYTES + 1);
  if (access.size < head.length) return false;
  await access.readInto(head, 0);
  return head[LENGTH_BYTES] === OPENING_BRACE && head.readBigUInt64LE() <= access.size;
}

/**
 * Reads a safetensors file (its format: README of huggingface/safetensors): 8 bytes with the length of a JSON header,
 * the header, and the tensors, one after the other without gaps. Closing the result closes `access`.
 *
 * @throws {SensebindError} `CHECKPOINT_CORRUPT` for a header that is no such JSON, names that come twice, and tensors that
 * overlap, leave gaps or do not fit the file or their shape; `CHECKPOINT_LIMIT` for more of anything than a known model
 * has; `CHECKPOINT_LAYOUT` for element types that this package has no use for.
 */
export async function readSafetensors(access: RandomAccess, path: string): Promise<Checkpoint> {
  if (access.size > MAX_FILE_BYTES) {
    throw overLimit(`Expected a checkpoint of at most ${MAX_FILE_BYTES} bytes; found ${access.size}.`);
  }
  const header = await readHeader(access);
  const start = LENGTH_BYTES + header.byteLength;
  const tensors = new Map<string, StoredTensor>();
  for (const [name, value] of header.entries) tensors.set(name, tensorOf(name, { value, start }));
  requireGapless(tensors, { start, end: access.size });
  return new StoredCheckpoint(access, { path, tensors });
}

interface Header {
  readonly byteLength: number;
  /** What is said of each tensor. */
  readonly entries: readonly (readonly [name: string, value: unknown])[];
}

async function readHeader(access: RandomAccess): Promise<Header> {
  const length = Buffer.alloc(LENGTH_BYTES);
  await access.readInto(length, 0);
  const claimed = length.readBigUInt64LE();
  if (claimed > MAX_HEADER_BYTES) {
    throw overLimit(`Expected a safetensors header of at most ${MAX_HEADER_BYTES} bytes; the file claims ${claimed}.`);
  }
  const json = Buffer.alloc(Number(claimed));
  await access.readInto(json, LENGTH_BYTES);
  return { byteLength: json.length, entries: entriesOf(parseStrictJson(json, HEADER)) };
}

function entriesOf(header: JsonObject): Header['entries'] {
  const metadata = header[METADATA];
  if (Object.hasOwn(header, METADATA) && !metadataValidator.Check(metadata)) {
    throw corrupt(`Expected only text in ${METADATA} of the safetensors header.`);
  }
  return Object.entries(header).filter(([name]) => name !== METADATA);
}

function tensorOf(name: string, { value, start }: { readonly value: unknown; readonly start: number }): StoredTensor {
  if (!entryValidator.Check(value)) {
    throw corrupt(`Expected "dtype", "shape" and "data_offsets" of tensor ${name}; found ${excerptOf(value)}.`);
  }
  const { dtype, shape, data_offsets: offsets } = value;
  const elementType = ELEMENT_TYPES.get(dtype);
  if (elementType === undefined) {
    throw unsupported(
      `Expected elements of the types ${[...ELEMENT_TYPES.keys()].join(', ')}; those of tensor ${name} are ${dtype}.`,
      'Convert such tensors to F32, or leave them out, and save the file again.',
    );
  }
  const [from, to] = offsets;
  const byteLength = elementCount(shape) * ELEMENT_BYTES[elementType];
  if (!Number.isSafeInteger(byteLength) || to - from !== byteLength) {
    throw corrupt(`Expected ${byteLength} bytes of tensor ${name}; its offsets are ${from} and ${to}.`);
  }
  return {
    name,
    elementType,
    shape,
    strides: contiguousStrides(shape),
    order: 'contiguous',
    byteLength,
    position: start + from,
  };
}

function excerptOf(value: unknown): string {
  return JSON.stringify(value).slice(0, 80);
}

/** Every byte belongs to one tensor, as the format demands: nothing hides between them, and none shares another's. */
function requireGapless(
  tensors: ReadonlyMap<string, StoredTensor>,
  { start, end }: { readonly start: number; readonly end: number },
): void {
  let position = start;
  for (const tensor of [...tensors.values()].sort((a, b) => a.position - b.position || a.byteLength - b.byteLength)) {
    if (tensor.position !== position) {
      throw corrupt(
        `Expected tensor ${tensor.name} at byte ${position} of the file, after the one before; found it at ${tensor.position}.`,
      );
    }
    position += tensor.byteLength;
  }
  if (position !== end) throw corrupt(`Expected a safetensors file of ${position} bytes; found ${end}.`);
}
