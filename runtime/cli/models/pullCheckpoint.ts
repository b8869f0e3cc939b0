import { readFile, rm, stat } from 'node:fs/promises';
import Type, { type Static } from '#typebox';
import { Compile } from '#typebox/compile';
import { sha256OfFile } from '../../../models/bundle/sha256';
import { openCheckpoint } from '../../../models/checkpoint/checkpoint';
import { type ContentCheck, verifyContent } from '../../../models/checkpoint/verifyContent';
import { modalitiesOf } from '../../../models/imagebind/encoder';
import { type Clock, systemClock } from '../../clock';
import { isSensebindError, SensebindError } from '../../errors';
import { FileStamp, stampDifference, stampOf } from '../../fileStamp';
import { parseAddress } from '../download/address';
import { type Downloaded, download } from '../download/download';
import { partFolder } from '../download/partFile';
import { proxyRemark } from '../download/request';
import { describeRate, TransferRate } from '../download/transferRate';
import { type OutputOptions, printNote, UsageError } from '../output';
import { type Progress, startProgress } from '../progress';
import { requireAcceptance, writeWhole } from './licenceQuestion';
import { PUBLISHED } from './published';

export interface PullOptions extends OutputOptions {
  /** Path of the file. */
  readonly file: string;
  readonly url?: string;
  readonly sha256?: string;
  readonly acceptLicence?: boolean;
  readonly signal: AbortSignal;
  readonly clock?: Clock;
}

/** The published checkpoint, as it lies here. */
export interface PulledCheckpoint {
  readonly file: string;
  readonly bytes: number;
  readonly sha256: string;
  readonly url: string;
  /** False where it was here already. */
  readonly isNew: boolean;
  /** How many bytes an earlier run had left. */
  readonly resumedFromBytes: number;
}

/** Where a file came from, and what it was: kept beside it. */
const DownloadRecord = Type.Object({
  format: Type.Literal('sensebind-downloaded/1'),
  url: Type.String(),
  bytes: Type.Integer({ minimum: 1 }),
  sha256: Type.String({ pattern: '^[0-9a-f]{64}$' }),
  etag: Type.Union([Type.String(), Type.Null()]),
  lastModified: Type.Union([Type.String(), Type.Null()]),
  downloadedAt: Type.String(),
  /** Of the file when it was last known to have this hash; older records have none. */
  stamp: Type.Optional(FileStamp),
});
type DownloadRecord = Static<typeof DownloadRecord>;
const recordValidator = Compile(DownloadRecord);

/**
 * Brings the published checkpoint here, unless it is here: after its licence was accepted, over any number of runs, and
 * under its name only when it is whole and can be read.
 *
 * @throws {SensebindError} `LICENCE_NOT_ACCEPTED`; what {@link download} and {@link verifyContent} throw.
 * @throws {UsageError} for an address or a hash that is none.
 */
export async function pullCheckpoint(options: PullOptions): Promise<PulledCheckpoint> {
  const { file, json, signal, clock = systemClock } = options;
  const sha256 = parseSha256(options.sha256);
  const url = parseAddress(options.url ?? PUBLISHED.url, { isHashKnown: sha256 !== undefined });
  await requireAcceptance({ ...options, clock, licence: PUBLISHED.licence, source: url.href });
  const progress = startProgress(json === undefined ? {} : { json });
  try {
    const isHere = (await stat(file).catch(() => undefined)) !== undefined;
    const pull = { file, url, sha256, signal, clock, progress };
    return await (isHere ? checkPresent(pull) : load(pull));
  } finally {
    progress.stop();
  }
}

interface Pull {
  readonly file: string;
  readonly url: URL;
  readonly sha256: string | undefined;
  readonly signal: AbortSignal;
  readonly clock: Clock;
  readonly progress: Progress;
}

async function load(pull: Pull): Promise<PulledCheckpoint> {
  const { file, url, sha256, signal, clock, progress } = pull;
  const remark = proxyRemark();
  if (remark !== undefined) printNote(`note: ${remark}`);
  const rate = new TransferRate(clock);
  const loaded = await download({
    url,
    target: file,
    ...(sha256 === undefined ? {} : { sha256 }),
    validate: (content) => validate(content, pull),
    onProgress: (done) => {
      const detail = done.step === 'download' ? describeRate(rate.update(done.doneBytes)) : '';
      progress.update({ ...done, detail });
    },
    onNote: (text) => {
      progress.stop();
      printNote(`note: ${text}`);
    },
    signal,
    clock,
    random: Math.random,
  });
  await record(pull, loaded);
  const { bytes, resumedFromBytes } = loaded;
  return { file, bytes, sha256: loaded.sha256, url: url.href, isNew: true, resumedFromBytes };
}

async function record({ file, url, clock }: Pull, { bytes, sha256, resource }: Downloaded): Promise<void> {
  const { etag, lastModified } = resource;
  const downloadedAt = new Date(clock.epochMicros() / 1000).toISOString();
  const written: DownloadRecord = {
    format: 'sensebind-downloaded/1',
    url: url.href,
    bytes,
    sha256,
    etag,
    lastModified,
    downloadedAt,
    stamp: await stampOf(file),
  };
  await writeWhole(recordFile(file), written);
}

function recordFile(file: string): string {
  return `${file}.download.json`;
}

/** Reads it as a conversion will, and compares it with the sums in it. */
async function validate(content: string, { file, progress, signal }: Pull): Promise<void> {
  try {
    await check(content, { progress, signal });
  } catch (error) {
    if (!isSensebindError(error)) throw error;
    throw new SensebindError(
      error.code,
      `The download is whole, but: ${error.message.slice(0, -` (${error.code})`.length)}`,
      `Check --url. What was downloaded is in ${partFolder(file)}: delete that folder to load it again.`,
      { cause: error },
    );
  }
}

async function check(
  content: string,
  { progress, signal }: { readonly progress: Progress; readonly signal: AbortSignal },
): Promise<ContentCheck> {
  const checkpoint = await openCheckpoint(content);
  await checkpoint.close();
  if (modalitiesOf(checkpoint).length === 0) {
    throw new SensebindError(
      'CHECKPOINT_LAYOUT',
      'Expected a checkpoint with encoders of ImageBind, found none',
      'Check where it comes from.',
    );
  }
  return verifyContent(content, {
    signal,
    onBytes: (doneBytes, totalBytes) => progress.update({ step: 'check', doneBytes, totalBytes }),
  });
}

/** A file that is here: as it was recorded, else read in full, as one that somebody brought. */
async function checkPresent(pull: Pull): Promise<PulledCheckpoint> {
  const { file, url, sha256: expected, progress, signal } = pull;
  const { size: bytes } = await stat(file);
  const recorded = await readRecord(file);
  const isUntouched = recorded !== undefined && (await isAsRecorded(file, recorded));
  const before = await stampOf(file);
  if (!isUntouched) await check(file, { progress, signal });
  const isKnown = isUntouched && expected === undefined;
  const sha256 = isKnown ? recorded.sha256 : await hash(file, { progress, signal, totalBytes: bytes });
  requireHash(file, { expected, recorded: recorded?.sha256, sha256 });
  if (!isUntouched) await vouchAnew(file, { recorded, sha256, stamp: before });
  const source = recorded?.sha256 === sha256 ? recorded.url : url.href;
  return { file, bytes, sha256, url: source, isNew: false, resumedFromBytes: 0 };
}

async function isAsRecorded(file: string, { stamp }: DownloadRecord): Promise<boolean> {
  return stamp !== undefined && stampDifference(file, stamp, await stampOf(file)) === undefined;
}

/** @throws {SensebindError} `DOWNLOAD_CORRUPT` for another hash than was asked for, or than was downloaded. */
function requireHash(
  file: string,
  hashes: { readonly expected: string | undefined; readonly recorded: string | undefined; readonly sha256: string },
): void {
  const { expected, recorded, sha256 } = hashes;
  const wanted = expected ?? recorded;
  if (wanted === undefined || sha256 === wanted) return;
  const anew = 'Delete the file to download it anew, choose another place with --to,';
  throw new SensebindError(
    'DOWNLOAD_CORRUPT',
    `Expected ${file} to have the SHA-256 ${wanted}${expected === undefined ? ' with which it was downloaded' : ''}, found ${sha256}`,
    expected === undefined
      ? `${anew} or say with --sha256 that it is what you put there.`
      : `${anew} or compare the hash with that of its source.`,
  );
}

/** So that it is not read again the next time; what cannot be kept is read again: slower, and nothing else. */
async function vouchAnew(
  file: string,
  found: { readonly recorded: DownloadRecord | undefined; readonly sha256: string; readonly stamp: FileStamp },
): Promise<void> {
  const { recorded, sha256, stamp } = found;
  if (recorded === undefined) return;
  const isSame = recorded.sha256 === sha256;
  // Of another file, which somebody named by its hash, nobody knows where it is from.
  await (isSame ? writeWhole(recordFile(file), { ...recorded, stamp }) : rm(recordFile(file))).catch(() => undefined);
}

async function hash(
  file: string,
  {
    progress,
    signal,
    totalBytes,
  }: { readonly progress: Progress; readonly signal: AbortSignal; readonly totalBytes: number },
): Promise<string> {
  let doneBytes = 0;
  const onBytes = (bytes: number): void => {
    doneBytes += bytes;
    progress.update({ step: 'hash', doneBytes, totalBytes });
  };
  return sha256OfFile(file, { onBytes, signal });
}

async function readRecord(file: string): Promise<DownloadRecord | undefined> {
  const text = await readFile(recordFile(file), 'utf8').catch(() => 'null');
  try {
    const value: unknown = JSON.parse(text);
    return recordValidator.Check(value) ? value : undefined;
  } catch {
    // Damaged: the file is read in full.
    return undefined;
  }
}

function parseSha256(text: string | undefined): string | undefined {
  if (text === undefined || /^[0-9a-f]{64}$/i.test(text)) return text?.toLowerCase();
  throw new UsageError(`expected --sha256 with 64 hexadecimal digits, found ${text}`, 'sha256sum FILE prints them.');
}
