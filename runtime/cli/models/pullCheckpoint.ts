import { readFile, stat } from 'node:fs/promises';
import Type, { type Static } from '#typebox';
import { Compile } from '#typebox/compile';
import { sha256OfFile } from '../../../models/bundle/sha256';
import { openCheckpoint } from '../../../models/checkpoint/checkpoint';
import { type ContentCheck, verifyContent } from '../../../models/checkpoint/verifyContent';
import { modalitiesOf } from '../../../models/imagebind/encoder';
import { type Clock, systemClock } from '../../clock';
import { isSensebindError, SensebindError } from '../../errors';
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

/** A file that is here: as recorded when it was downloaded, or one that somebody brought, which is read in full. */
async function checkPresent(pull: Pull): Promise<PulledCheckpoint> {
  const { file, url, sha256: expected, progress, signal } = pull;
  const { size: bytes } = await stat(file);
  const recorded = await readRecord(file);
  const isRecorded = recorded !== undefined && recorded.bytes === bytes;
  if (!isRecorded) await check(file, { progress, signal });
  const sha256 =
    isRecorded && expected === undefined ? recorded.sha256 : await hash(file, { progress, signal, totalBytes: bytes });
  if (expected !== undefined && sha256 !== expected) {
    throw new SensebindError(
      'DOWNLOAD_CORRUPT',
      `Expected ${file} to have the SHA-256 ${expected}, found ${sha256}`,
      'Delete the file to download it anew, choose another place with --to, or compare the hash with that of its source.',
    );
  }
  return { file, bytes, sha256, url: recorded?.url ?? url.href, isNew: false, resumedFromBytes: 0 };
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
