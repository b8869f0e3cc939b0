/** Whole numbers from 0 to `below` − 1. */
export type Random = (below: number) => number;

/** Marsaglia's xorshift32 (13, 17, 5), after a multiplication that sets neighbouring seeds apart. */
export function randomOf(seed: number): Random {
  let state = Math.imul(seed + 1, 0x9e3779b1) || 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return Math.floor(((state >>> 0) / 2 ** 32) * below);
  };
}

/** Borders of the integer types that formats count and measure with. */
const INTERESTING = [
  0n,
  1n,
  0x7fn,
  0x80n,
  0xffn,
  0x7fffn,
  0xffffn,
  0x7fffffffn,
  0x80000000n,
  0xffffffffn,
  2n ** 53n,
  2n ** 63n,
];
const MAX_CHANGES = 6;

/** One of the seeds with some bytes flipped, inserted, deleted, repeated, replaced by numbers, cut off or taken from another seed. */
export function mutate(seeds: readonly Uint8Array[], random: Random): Uint8Array {
  const pick = () => seeds[random(seeds.length)] ?? new Uint8Array();
  let bytes: Buffer = Buffer.from(pick());
  for (let changes = 1 + random(MAX_CHANGES); changes > 0; changes--) {
    const change = CHANGES[random(CHANGES.length)];
    if (change !== undefined) bytes = change(bytes, { random, other: pick() });
  }
  return bytes;
}

type Change = (bytes: Buffer, tools: { readonly random: Random; readonly other: Uint8Array }) => Buffer;

const CHANGES: readonly Change[] = [
  flipBit,
  setByte,
  setByte,
  writeInteger,
  writeInteger,
  insert,
  remove,
  repeat,
  splice,
  truncate,
];

function flipBit(bytes: Buffer, { random }: { readonly random: Random }): Buffer {
  const position = random(bytes.length);
  const byte = bytes[position];
  if (byte !== undefined) bytes[position] = byte ^ (1 << random(8));
  return bytes;
}

function setByte(bytes: Buffer, { random }: { readonly random: Random }): Buffer {
  if (bytes.length > 0) bytes[random(bytes.length)] = random(256);
  return bytes;
}

function writeInteger(bytes: Buffer, { random }: { readonly random: Random }): Buffer {
  const value = INTERESTING[random(INTERESTING.length)] ?? 0n;
  const width = 1 << random(4);
  const integer = Buffer.alloc(8);
  integer.writeBigUInt64LE(value);
  integer.subarray(0, width).copy(bytes, random(bytes.length));
  return bytes;
}

function insert(bytes: Buffer, { random }: { readonly random: Random }): Buffer {
  const at = random(bytes.length + 1);
  const inserted = Buffer.from(Array.from({ length: 1 + random(16) }, () => random(256)));
  return Buffer.concat([bytes.subarray(0, at), inserted, bytes.subarray(at)]);
}

function remove(bytes: Buffer, { random }: { readonly random: Random }): Buffer {
  const at = random(bytes.length);
  return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + random(32))]);
}

function repeat(bytes: Buffer, { random }: { readonly random: Random }): Buffer {
  const at = random(bytes.length);
  const part = bytes.subarray(at, at + 1 + random(64));
  return Buffer.concat([bytes.subarray(0, at), part, part, bytes.subarray(at)]);
}

function splice(bytes: Buffer, { random, other }: { readonly random: Random; readonly other: Uint8Array }): Buffer {
  return Buffer.concat([bytes.subarray(0, random(bytes.length + 1)), other.subarray(random(other.length + 1))]);
}

function truncate(bytes: Buffer, { random }: { readonly random: Random }): Buffer {
  return bytes.subarray(0, random(bytes.length + 1));
}
