import { crc32 } from 'node:zlib';
import {
  type Entry,
  fromRandomAccessReaderPromise,
  getFileNameLowLevel,
  RandomAccessReader,
  validateFileName,
  type ZipFile,
} from 'yauzl';
import { isSensebindError, messageOf } from '../../runtime/errors';
import { requireZipContainer } from './containers';
import type { RandomAccess } from './randomAccess';
import { corrupt, overLimit, unsafe, unsupported } from './refusals';

const MAX_FILE_BYTES = 64 * 2 ** 30;
const MAX_ENTRIES = 20_000;
const MAX_NAME_BYTES = 512;
/** The full ImageBind layout, 1311 tensors, takes about 0.2 MiB. */
const MAX_PICKLE_BYTES = 16 * 2 ** 20;

const STORED = 0;
const ENCRYPTED_FLAG = 1;

/** One stored entry: its bytes lie in the file as they are. */
export interface ArchiveRecord {
  /** Of the first data byte in the file. */
  readonly position: number;
  readonly byteLength: number;
  readonly crc32: number;
}

/** The records of a PyTorch zip checkpoint. */
export interface Archive {
  /** `data.pkl`, its CRC verified. */
  readonly pickle: Buffer;
  /** By storage key: the records `data/<key>`. Their bytes lie within the file and none overlaps another. */
  readonly storages: ReadonlyMap<string, ArchiveRecord>;
}

/**
 * Reads the directory of a zip checkpoint as `torch.save` writes it (reference/imagebind.md §1.5): one folder with
 * `data.pkl`, `data/<key>` and, from newer versions, `byteorder`.
 *
 * Only stored entries are accepted, so that no entry can unpack to more than its own bytes. The CRC of the tensors is
 * not verified here, since that would read the whole file twice: the sha256 of each converted file, which the bundle's
 * manifest holds, protects what was read, and the published hash of a checkpoint what was downloaded.
 *
 * @throws {SensebindError} `CHECKPOINT_UNSAFE`, `CHECKPOINT_LIMIT`, `CHECKPOINT_CORRUPT` or `CHECKPOINT_LAYOUT`.
 */
export async function readArchive(access: RandomAccess): Promise<Archive> {
  if (access.size > MAX_FILE_BYTES) {
    throw overLimit(`Expected a checkpoint of at most ${MAX_FILE_BYTES} bytes; found ${access.size}.`);
  }
  await requireZipContainer(access);
  const records = await listRecords(access);
  const { folder, pickle } = pickleRecord(records);
  await requireLittleEndian(access, records.get(`${folder}byteorder`));
  return { pickle: await readPickle(access, pickle), storages: storagesOf(records, folder) };
}

async function listRecords(access: RandomAccess): Promise<ReadonlyMap<string, ArchiveRecord>> {
  try {
    const zip = await fromRandomAccessReaderPromise(new Reader(access), access.size, {
      autoClose: false,
      // Raw names, so that their length is known before they are decoded.
      decodeStrings: false,
      validateEntrySizes: true,
    });
    return await checkedEntries(zip);
  } catch (error) {
    if (isSensebindError(error)) throw error;
    throw corrupt(`Expected a whole zip archive: ${messageOf(error)}.`, { cause: error });
  }
}

async function checkedEntries(zip: ZipFile): Promise<ReadonlyMap<string, ArchiveRecord>> {
  if (zip.entryCount > MAX_ENTRIES) {
    throw overLimit(`Expected at most ${MAX_ENTRIES} zip entries; the archive claims ${zip.entryCount}.`);
  }
  const records = new Map<string, ArchiveRecord>();
  // The type declaration calls this cursor a boolean; it is the position of the next directory entry.
  const directoryStart = Number(zip.readEntryCursor);
  const ranges: Range[] = [];
  for await (const entry of zip.eachEntry()) {
    const name = safeName(entry);
    if (records.has(name)) throw unsafe(`Expected each zip entry once; ${name} is there twice.`);
    const record = await storedRecord(zip, { entry, name });
    ranges.push({ name, start: entry.relativeOffsetOfLocalHeader, end: record.position + record.byteLength });
    records.set(name, record);
  }
  ranges.push({ name: 'the zip directory', start: directoryStart, end: Number(zip.readEntryCursor) });
  refuseOverlaps(ranges);
  return records;
}

function safeName(entry: Entry): string {
  if (entry.fileNameRaw.length > MAX_NAME_BYTES) {
    throw overLimit(`Expected zip entry names of at most ${MAX_NAME_BYTES} bytes; found ${entry.fileNameRaw.length}.`);
  }
  const name = getFileNameLowLevel(entry.generalPurposeBitFlag, entry.fileNameRaw, entry.extraFields, true);
  const objection = validateFileName(name);
  if (objection !== null) throw unsafe(`Expected zip entries inside one folder; found an ${objection}.`);
  return name;
}

async function storedRecord(
  zip: ZipFile,
  { entry, name }: { readonly entry: Entry; readonly name: string },
): Promise<ArchiveRecord> {
  const local = await zip.readLocalFileHeaderPromise(entry);
  // Readers that trust the one and readers that trust the other would see different files.
  if (!local.fileName.equals(entry.fileNameRaw)) {
    throw unsafe(`Expected the same name in both headers of the zip entry ${name}; found ${local.fileName}.`);
  }
  for (const header of [entry, local]) {
    if ((header.generalPurposeBitFlag & ENCRYPTED_FLAG) !== 0) throw unsafe(`The zip entry ${name} is encrypted.`);
    if (header.compressionMethod !== STORED) {
      throw unsafe(
        `Expected stored zip entries, as torch.save writes them; ${name} is compressed (method ${header.compressionMethod}).`,
      );
    }
  }
  return { position: local.fileDataStart, byteLength: entry.uncompressedSize, crc32: entry.crc32 };
}

interface Range {
  readonly name: string;
  readonly start: number;
  readonly end: number;
}

function refuseOverlaps(ranges: Range[]): void {
  ranges.sort((a, b) => a.start - b.start || a.end - b.end);
  let previous: Range | undefined;
  for (const range of ranges) {
    if (previous !== undefined && range.start < previous.end) {
      throw unsafe(`Expected zip entries apart from each other; ${previous.name} and ${range.name} overlap.`);
    }
    previous = range;
  }
}

/** The one `data.pkl`, and its folder with a slash. */
function pickleRecord(records: ReadonlyMap<string, ArchiveRecord>): {
  readonly folder: string;
  readonly pickle: ArchiveRecord;
} {
  const found = [...records].filter(([name]) => /^[^/]+\/data\.pkl$/.test(name));
  const [first] = found;
  if (first === undefined || found.length > 1) {
    throw unsupported(`Expected a zip with one <folder>/data.pkl; found ${found.length} of them.`);
  }
  const [name, pickle] = first;
  return { folder: name.slice(0, -'data.pkl'.length), pickle };
}

function storagesOf(records: ReadonlyMap<string, ArchiveRecord>, folder: string): ReadonlyMap<string, ArchiveRecord> {
  const prefix = `${folder}data/`;
  const storages = new Map<string, ArchiveRecord>();
  for (const [name, record] of records) {
    if (name.startsWith(prefix)) storages.set(name.slice(prefix.length), record);
  }
  return storages;
}

async function requireLittleEndian(access: RandomAccess, record: ArchiveRecord | undefined): Promise<void> {
  // Absent from files of PyTorch before 2.1, which were little-endian on every machine that we know of.
  if (record === undefined) return;
  const order = Buffer.alloc(Math.min(record.byteLength, 'little'.length + 1));
  await access.readInto(order, record.position);
  if (order.toString('latin1') !== 'little') {
    throw unsupported(`Expected the byte order "little"; found ${JSON.stringify(order.toString('latin1'))}.`);
  }
}

async function readPickle(access: RandomAccess, record: ArchiveRecord): Promise<Buffer> {
  if (record.byteLength > MAX_PICKLE_BYTES) {
    throw overLimit(`Expected a data.pkl of at most ${MAX_PICKLE_BYTES} bytes; found ${record.byteLength}.`);
  }
  const pickle = Buffer.alloc(record.byteLength);
  await access.readInto(pickle, record.position);
  if (crc32(pickle) !== record.crc32) {
    throw corrupt(`Expected the CRC ${record.crc32.toString(16)} of data.pkl; found ${crc32(pickle).toString(16)}.`);
  }
  return pickle;
}

/** Lets yauzl read through our interface. Closing is left to the owner of the access. */
class Reader extends RandomAccessReader {
  readonly #access: RandomAccess;

  constructor(access: RandomAccess) {
    super();
    this.#access = access;
  }

  override read(
    buffer: Buffer,
    offset: number,
    length: number,
    position: number,
    callback: (error: Error | null) => void,
  ): void {
    this.#access.readInto(buffer.subarray(offset, offset + length), position).then(() => callback(null), callback);
  }
}
