import type { Clock, Millis } from '../../clock';
import { sleep } from '../../clock';
import { SensebindError } from '../../errors';
import { Backoff } from '../../mqtt/backoff';
import { type AttemptFailure, attempt } from './attempt';
import { PartFile } from './partFile';
import type { Resource } from './rangeAnswer';
import { retryAfterMillis } from './retryAfter';

export interface DownloadOptions {
  readonly url: URL;
  /** Path of the file; its folder is made where there is none. */
  readonly target: string;
  /** What the file has to be, hexadecimal. */
  readonly sha256?: string;
  /** Throws for a file that is whole and still no good; it has no name yet then. */
  readonly validate?: (file: string) => Promise<void>;
  readonly onProgress?: (progress: DownloadProgress) => void;
  /** What somebody who waits wants to know: why it starts anew, or waits. */
  readonly onNote?: (text: string) => void;
  readonly signal: AbortSignal;
  readonly clock: Clock;
  /** From 0 to 1: spreads those who come back. */
  readonly random: () => number;
  /** A connection over which nothing comes for so long is given up. */
  readonly stall?: Millis;
}

/** `reading` hashes what an earlier run has left. */
export interface DownloadProgress {
  readonly step: 'reading' | 'download';
  readonly doneBytes: number;
  readonly totalBytes: number;
}

export interface Downloaded {
  readonly bytes: number;
  readonly sha256: string;
  /** How many of them an earlier run had left. */
  readonly resumedFromBytes: number;
  readonly resource: Resource;
}

const STALL = 30_000 as Millis;
/** In a row, without anything to show for it. */
const MAX_FAILURES = 10;
const WORTHWHILE_BYTES = 2 ** 16;
const LONGEST_WAIT = 600_000 as Millis;

/**
 * Downloads a file to its last byte, over broken connections and runs: each attempt asks for what is missing, if the
 * file is still the same. It appears under its name only when it is whole, and what is here of it stays when this throws.
 *
 * @throws {SensebindError} `DOWNLOAD_FAILED` when the network does not give it, `DOWNLOAD_REFUSED` for an answer that makes
 * no sense, `DOWNLOAD_CORRUPT` for a file that has another hash; `DISK_FULL`, `FILE_UNWRITABLE`, `FOLDER_IN_USE`; and
 * what `validate` throws.
 */
export async function download(options: DownloadOptions): Promise<Downloaded> {
  const { target, url, signal, onProgress, sha256: expected } = options;
  const part = await PartFile.open(target, url, {
    signal,
    onBytes: (doneBytes, totalBytes) => onProgress?.({ step: 'reading', doneBytes, totalBytes }),
  });
  try {
    const resumedFromBytes = part.begun?.bytes ?? 0;
    await fill(part, options);
    const { bytes, resource } = requireBegun(part);
    const sha256 = part.sha256();
    if (expected !== undefined && sha256 !== expected) {
      await part.discard();
      throw corrupt(url, { expected, sha256 });
    }
    await options.validate?.(part.content);
    await part.commit();
    return { bytes, sha256, resumedFromBytes, resource };
  } finally {
    await part.close();
  }
}

/** Attempt after attempt, until nothing is missing. */
async function fill(part: PartFile, options: DownloadOptions): Promise<void> {
  const { clock, random, signal, onNote, stall = STALL } = options;
  let backoff = new Backoff(clock, random);
  let failures = 0;
  while (!part.isWhole) {
    const before = part.begun?.bytes ?? 0;
    const failure = await attempt(part, { ...options, stall });
    const gained = (part.begun?.bytes ?? 0) - before;
    if (gained >= WORTHWHILE_BYTES) {
      backoff = new Backoff(clock, random);
      failures = 0;
    }
    if (failure === undefined) continue;
    failures++;
    if (failures >= MAX_FAILURES) throw failed(options, failure, failures);
    const wait = waitFor(failure, backoff.next(), options);
    onNote?.(`${failure.reason}; trying again ${wait < 1000 ? 'now' : `in ${Math.round(wait / 1000)} s`}`);
    await sleep(clock, wait, signal);
    signal.throwIfAborted();
  }
}

/** As long as the server asks for, where it does. @throws {SensebindError} `DOWNLOAD_FAILED` where that is too long. */
function waitFor(failure: AttemptFailure, delay: Millis, options: DownloadOptions): Millis {
  const asked = retryAfterMillis(failure.retryAfter, options.clock);
  if (asked === undefined || asked <= delay) return delay;
  if (asked <= LONGEST_WAIT) return asked;
  const minutes = Math.ceil(asked / 60_000);
  throw failed(options, { ...failure, reason: `${failure.reason} and asks to come back in ${minutes} min` }, 1);
}

function requireBegun(part: PartFile): NonNullable<PartFile['begun']> {
  const { begun } = part;
  if (begun === undefined) throw new Error('a whole file without a size');
  return begun;
}

function failed({ url }: DownloadOptions, { reason, cause }: AttemptFailure, attempts: number): SensebindError {
  return new SensebindError(
    'DOWNLOAD_FAILED',
    `Expected ${url.host} to give the whole file, found: ${reason}${attempts > 1 ? `, ${attempts} times in a row` : ''}`,
    'Check the network, and run the same command again: it goes on where it ended.',
    { cause },
  );
}

function corrupt(url: URL, found: { readonly expected: string; readonly sha256: string }): SensebindError {
  return new SensebindError(
    'DOWNLOAD_CORRUPT',
    `Expected a file of SHA-256 ${found.expected} from ${url.host}, found ${found.sha256}`,
    'Compare the hash with that of its source; what was downloaded is removed, so the same command starts anew.',
  );
}
