import { crc32c } from './crc32c';

/** One message in the spool. What its body means is the business of who put it there. */
export interface SpoolRecord {
  /** Counts up by one within one journal. */
  readonly sequence: number;
  /** Format of the body, 0 to 255. */
  readonly kind: number;
  /** Wall time of storing, milliseconds since the Unix epoch. */
  readonly storedMillis: number;
  /** Dropped when older; 0: never. */
  readonly lifeSeconds: number;
  /** Start of the process that stored it; `monotonicMillis` counts from there. */
  readonly boot: number;
  readonly monotonicMillis: number;
  readonly body: Buffer;
}

/**
 * Layout of a record, integers little-endian: magic, CRC-32C of the header behind it, CRC-32C of the body, length of the
 * body, sequence (6 bytes), kind, 0, stored (6 bytes), 0 0, life, boot, monotonic (6 bytes), 0 0, body. The header has a
 * checksum of its own, so that a flipped byte in the body leaves the length to be trusted, and one in the header costs
 * this record only: the next magic with a whole header is searched for.
 */
const MAGIC = Buffer.from('SBr\u0001', 'latin1');
const HEADER_CRC = 4;
const CHECKED = 8;
const BODY_BYTES = 12;
const SEQUENCE = 16;
const KIND = 22;
const STORED = 24;
const LIFE = 32;
const BOOT = 36;
const MONOTONIC = 40;

export const RECORD_HEADER_BYTES = 48;

/** Largest body; no broker is told of larger messages (reference/mqtt.md §3). */
export const MAX_BODY_BYTES = 2 ** 20;

/** A record as it stands in a segment: one new buffer. */
export function encodeRecord(record: SpoolRecord): Buffer {
  const { body } = record;
  // From the pool of small buffers: hundreds of thousands of own ones cost the process memory that it never gives back.
  const bytes = Buffer.allocUnsafe(RECORD_HEADER_BYTES + body.length).fill(0, 0, RECORD_HEADER_BYTES);
  MAGIC.copy(bytes);
  bytes.writeUInt32LE(crc32c(body), CHECKED);
  bytes.writeUInt32LE(body.length, BODY_BYTES);
  bytes.writeUIntLE(record.sequence, SEQUENCE, 6);
  bytes.writeUInt8(record.kind, KIND);
  bytes.writeUIntLE(record.storedMillis, STORED, 6);
  bytes.writeUInt32LE(record.lifeSeconds, LIFE);
  bytes.writeUInt32LE(record.boot, BOOT);
  bytes.writeUIntLE(record.monotonicMillis, MONOTONIC, 6);
  bytes.writeUInt32LE(crc32c(bytes.subarray(CHECKED, RECORD_HEADER_BYTES)), HEADER_CRC);
  body.copy(bytes, RECORD_HEADER_BYTES);
  return bytes;
}

/** What stands at a place in a segment. */
export type Found =
  | { readonly kind: 'record'; readonly record: SpoolRecord; readonly end: number }
  /** The bytes end within a record: `bytes` are needed from the same place, at least. */
  | { readonly kind: 'partial'; readonly bytes: number }
  /** No record; what comes next may begin at `end`. */
  | { readonly kind: 'damaged'; readonly end: number };

/** Reads what stands at `offset`. The body of a record is a view into `bytes`. Never throws; `end` is always behind `offset`. */
export function recordAt(bytes: Buffer, offset: number): Found {
  const room = bytes.length - offset;
  if (room < RECORD_HEADER_BYTES) return { kind: 'partial', bytes: RECORD_HEADER_BYTES };
  if (!isHeader(bytes, offset)) return { kind: 'damaged', end: nextMagic(bytes, offset + 1) };
  const end = offset + RECORD_HEADER_BYTES + bytes.readUInt32LE(offset + BODY_BYTES);
  if (end > bytes.length) return { kind: 'partial', bytes: end - offset };
  const body = bytes.subarray(offset + RECORD_HEADER_BYTES, end);
  if (crc32c(body) !== bytes.readUInt32LE(offset + CHECKED)) return { kind: 'damaged', end };
  return {
    kind: 'record',
    end,
    record: {
      sequence: bytes.readUIntLE(offset + SEQUENCE, 6),
      kind: bytes.readUInt8(offset + KIND),
      storedMillis: bytes.readUIntLE(offset + STORED, 6),
      lifeSeconds: bytes.readUInt32LE(offset + LIFE),
      boot: bytes.readUInt32LE(offset + BOOT),
      monotonicMillis: bytes.readUIntLE(offset + MONOTONIC, 6),
      body,
    },
  };
}

function isHeader(bytes: Buffer, offset: number): boolean {
  return (
    bytes.compare(MAGIC, 0, MAGIC.length, offset, offset + MAGIC.length) === 0 &&
    bytes.readUInt32LE(offset + BODY_BYTES) <= MAX_BODY_BYTES &&
    crc32c(bytes.subarray(offset + CHECKED, offset + RECORD_HEADER_BYTES)) === bytes.readUInt32LE(offset + HEADER_CRC)
  );
}

/** Where the next record may begin, at `from` or behind it: a whole header, or the beginning of what may become one. */
function nextMagic(bytes: Buffer, from: number): number {
  for (let at = bytes.indexOf(MAGIC, from); at >= 0; at = bytes.indexOf(MAGIC, at + 1)) {
    if (bytes.length - at < RECORD_HEADER_BYTES || isHeader(bytes, at)) return at;
  }
  return Math.max(from, bytes.length - MAGIC.length + 1);
}
