/** A tensor as a header tells of it; anything may be a lie. */
export interface CraftedTensor {
  readonly dtype?: unknown;
  readonly shape?: unknown;
  readonly data_offsets?: unknown;
  readonly [other: string]: unknown;
}

/** Bytes of a safetensors file (README of huggingface/safetensors, "Format"): length, JSON, data. */
export function craftSafetensors(
  header: Readonly<Record<string, unknown>> | string,
  data: Uint8Array,
  claim: { readonly headerBytes?: bigint } = {},
): Buffer {
  const json = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(claim.headerBytes ?? BigInt(json.length));
  return Buffer.concat([length, json, data]);
}

/** A header entry of float32 numbers from a byte on. */
export function floatsAt(from: number, ...shape: readonly number[]): CraftedTensor {
  const bytes = 4 * shape.reduce((product, dimension) => product * dimension, 1);
  return { dtype: 'F32', shape, data_offsets: [from, from + bytes] };
}
