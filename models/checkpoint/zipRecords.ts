/**
 * Records of a zip file with entries below 4 GiB, stored as they are (PKWARE APPNOTE 6.3, sections 4.3 and 4.5.3); zip64
 * where a position or the number of entries needs it.
 */

/** An entry, as both of its headers tell. */
export interface ZipEntry {
  readonly name: string;
  readonly crc32: number;
  /** Less than 4 GiB. */
  readonly byteLength: number;
  /** Position of the local header in the file. */
  readonly headerPosition: number;
}

const UTF8_NAMES = 0x0800;
const STORED = 0;
const VERSION_ZIP64 = 45;
const LARGEST_32 = 0xffffffff;
const FIRST_OF_1980 = 0x21;
/** As torch.save does, so that a memory-mapped tensor is aligned. */
const DATA_ALIGNMENT = 64;
const ZIP64_FIELD = 1;
const PADDING_FIELD = 0x4246;
const FIELD_HEADER_BYTES = 4;

/** The local header, padded so that the data after it starts at a multiple of 64. */
export function localHeader(entry: ZipEntry): Buffer {
  const name = Buffer.from(entry.name);
  const unpadded = entry.headerPosition + 30 + name.length + FIELD_HEADER_BYTES;
  const padding = extraField(PADDING_FIELD, Buffer.alloc(-unpadded & (DATA_ALIGNMENT - 1)));
  const header = Buffer.alloc(30);
  header.writeUInt32LE(0x04034b50, 0);
  header.writeUInt16LE(VERSION_ZIP64, 4);
  writeCommon(header.subarray(6), entry);
  header.writeUInt16LE(name.length, 26);
  header.writeUInt16LE(padding.length, 28);
  return Buffer.concat([header, name, padding]);
}

/** The entry in the directory at the end of the file. */
export function centralHeader(entry: ZipEntry): Buffer {
  const name = Buffer.from(entry.name);
  const extra = entry.headerPosition >= LARGEST_32 ? zip64Position(entry.headerPosition) : Buffer.alloc(0);
  const header = Buffer.alloc(46);
  header.writeUInt32LE(0x02014b50, 0);
  header.writeUInt16LE(VERSION_ZIP64, 4);
  header.writeUInt16LE(VERSION_ZIP64, 6);
  writeCommon(header.subarray(8), entry);
  header.writeUInt16LE(name.length, 28);
  header.writeUInt16LE(extra.length, 30);
  header.writeUInt32LE(Math.min(entry.headerPosition, LARGEST_32), 42);
  return Buffer.concat([header, name, extra]);
}

/** Zip64 end record, its locator, and the classic end record. */
export function endRecords(directory: {
  readonly entries: number;
  readonly position: number;
  readonly byteLength: number;
}): Buffer {
  const end64 = Buffer.alloc(56);
  end64.writeUInt32LE(0x06064b50, 0);
  end64.writeBigUInt64LE(44n, 4);
  end64.writeUInt16LE(VERSION_ZIP64, 12);
  end64.writeUInt16LE(VERSION_ZIP64, 14);
  for (const [position, value] of [
    [24, directory.entries],
    [32, directory.entries],
    [40, directory.byteLength],
    [48, directory.position],
  ] as const) {
    end64.writeBigUInt64LE(BigInt(value), position);
  }
  const locator = Buffer.alloc(20);
  locator.writeUInt32LE(0x07064b50, 0);
  locator.writeBigUInt64LE(BigInt(directory.position + directory.byteLength), 8);
  locator.writeUInt32LE(1, 16);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(Math.min(directory.entries, 0xffff), 8);
  end.writeUInt16LE(Math.min(directory.entries, 0xffff), 10);
  end.writeUInt32LE(Math.min(directory.byteLength, LARGEST_32), 12);
  end.writeUInt32LE(Math.min(directory.position, LARGEST_32), 16);
  return Buffer.concat([end64, locator, end]);
}

/** Flags, method, time, date, CRC and sizes, which lie alike in both headers. */
function writeCommon(target: Buffer, { crc32, byteLength }: ZipEntry): void {
  target.writeUInt16LE(UTF8_NAMES, 0);
  target.writeUInt16LE(STORED, 2);
  target.writeUInt16LE(FIRST_OF_1980, 6);
  target.writeUInt32LE(crc32, 8);
  target.writeUInt32LE(byteLength, 12);
  target.writeUInt32LE(byteLength, 16);
}

function zip64Position(headerPosition: number): Buffer {
  const data = Buffer.alloc(8);
  data.writeBigUInt64LE(BigInt(headerPosition));
  return extraField(ZIP64_FIELD, data);
}

function extraField(id: number, data: Buffer): Buffer {
  const header = Buffer.alloc(FIELD_HEADER_BYTES);
  header.writeUInt16LE(id, 0);
  header.writeUInt16LE(data.length, 2);
  return Buffer.concat([header, data]);
}
