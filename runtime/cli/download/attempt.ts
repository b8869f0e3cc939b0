import type { IncomingMessage } from 'node:http';
import type { Clock, Millis } from '../../clock';
import { isSensebindError, messageOf, SensebindError } from '../../errors';
import type { DownloadProgress } from './download';
import type { PartFile } from './partFile';
import { type Judgement, judge, rangeHeaders, validatorOf } from './rangeAnswer';
import { get } from './request';
import { StallWatch } from './stallWatch';

/** Why an attempt did not bring all that is missing; another may. */
export interface AttemptFailure {
  readonly reason: string;
  readonly retryAfter?: string | undefined;
  readonly cause?: unknown;
}

export interface AttemptOptions {
  readonly url: URL;
  readonly sha256?: string;
  readonly onProgress?: (progress: DownloadProgress) => void;
  readonly onNote?: (text: string) => void;
  readonly signal: AbortSignal;
  readonly clock: Clock;
  readonly stall: Millis;
}

/**
 * One request for what is missing of a file, and its answer. Gives nothing when the answer was whole.
 *
 * @throws {SensebindError} `DOWNLOAD_REFUSED`; `DOWNLOAD_FAILED` where the server cannot be who it says; and what
 * {@link PartFile} throws.
 */
export async function attempt(part: PartFile, options: AttemptOptions): Promise<AttemptFailure | undefined> {
  const { url, signal, clock, stall } = options;
  const watch = new StallWatch(clock, stall);
  try {
    return await exchange(part, { ...options, watch });
  } catch (error) {
    signal.throwIfAborted();
    if (isSensebindError(error)) throw error;
    if (watch.signal.aborted) return { reason: `nothing came from ${url.host} for ${stall / 1000} s` };
    throwDistrust(error, url);
    return { reason: `${url.host}: ${messageOf(error)}`, cause: error };
  } finally {
    watch.stop();
  }
}

async function exchange(
  part: PartFile,
  { watch, ...options }: AttemptOptions & { readonly watch: StallWatch },
): Promise<AttemptFailure | undefined> {
  const { url, sha256, onNote } = options;
  if (part.begun !== undefined && validatorOf(part.begun.resource) === undefined) await part.startAnew(undefined);
  const { begun } = part;
  const response = await get(url, {
    headers: rangeHeaders(begun),
    signal: AbortSignal.any([options.signal, watch.signal]),
    isHashKnown: sha256 !== undefined,
  });
  try {
    watch.touch();
    const judgement = judge({ status: response.statusCode, headers: response.headers }, begun);
    switch (judgement.kind) {
      case 'refused':
        throw refused(url, judgement.reason);
      case 'busy':
        return judgement;
      case 'changed':
        await part.startAnew(undefined);
        return { reason: `the file at ${url.host} has changed, so it is loaded anew` };
      case 'body':
        if (judgement.position === 0 && begun !== undefined && begun.bytes > 0) {
          onNote?.(`${url.host} gives the whole file, so it is loaded anew`);
        }
        return await takeBody(part, { ...options, watch, response, judgement });
    }
  } finally {
    response.destroy();
  }
}

async function takeBody(
  part: PartFile,
  {
    url,
    watch,
    response,
    judgement: { position, byteLength, resource },
    onProgress,
  }: AttemptOptions & {
    readonly watch: StallWatch;
    readonly response: IncomingMessage;
    readonly judgement: Extract<Judgement, { kind: 'body' }>;
  },
): Promise<AttemptFailure | undefined> {
  const { totalBytes } = resource;
  if (position === 0) await part.startAnew(resource);
  await part.requireRoom();
  let received = 0;
  for await (const piece of piecesOf(response)) {
    watch.touch();
    received += piece.length;
    if (received > byteLength) throw refused(url, `more than the ${byteLength} bytes that it announced`);
    await part.append(piece);
    onProgress?.({ step: 'download', doneBytes: position + received, totalBytes });
  }
  if (received === byteLength) return undefined;
  return { reason: `${url.host} ended after ${received} of ${byteLength} bytes` };
}

async function* piecesOf(response: IncomingMessage): AsyncGenerator<Uint8Array> {
  for await (const piece of response) {
    if (piece instanceof Uint8Array) yield piece;
  }
}

/** Codes of OpenSSL and Node.js for a certificate that does not hold. */
const DISTRUST = /^(CERT_|ERR_TLS_|ERR_SSL_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|HOSTNAME_MISMATCH)/;

/** @throws {SensebindError} `DOWNLOAD_FAILED` for what another attempt does not mend. */
function throwDistrust(error: unknown, { host }: URL): void {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (!DISTRUST.test(code)) return;
  throw new SensebindError(
    'DOWNLOAD_FAILED',
    `Expected ${host} to prove who it is, found: ${messageOf(error)}`,
    'Check the clock of this machine (date). Behind a proxy that reads along, name its certificate in NODE_EXTRA_CA_CERTS.',
    { cause: error },
  );
}

function refused({ host }: URL, found: string): SensebindError {
  return new SensebindError(
    'DOWNLOAD_REFUSED',
    `Expected ${host} to give the file, found ${found}`,
    'Check the address with a browser; on networks with a login page, log in first. What is here already is kept.',
  );
}
