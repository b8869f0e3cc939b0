import type { IncomingHttpHeaders } from 'node:http';

/** What a server says of a file, by which it can be told whether it is still the same. */
export interface Resource {
  readonly totalBytes: number;
  readonly etag: string | null;
  readonly lastModified: string | null;
}

/** What is here of a file already. */
export interface Begun {
  readonly bytes: number;
  readonly resource: Resource;
}

/** What to do with an answer (RFC 9110, sections 13.1.5, 14 and 15). */
export type Judgement =
  /** Its body belongs at `position`: 0, or where what is here ends. */
  | { readonly kind: 'body'; readonly position: number; readonly byteLength: number; readonly resource: Resource }
  /** What is here is of another file: ask for the whole. */
  | { readonly kind: 'changed' }
  /** Later it may be different. */
  | { readonly kind: 'busy'; readonly reason: string; readonly retryAfter: string | undefined }
  | { readonly kind: 'refused'; readonly reason: string };

export interface Head {
  readonly status: number | undefined;
  readonly headers: IncomingHttpHeaders;
}

/** Request headers for what is missing. Without a validator nobody could tell whether both parts are of one file. */
export function rangeHeaders(begun: Begun | undefined): Readonly<Record<string, string>> {
  const validator = begun === undefined ? undefined : validatorOf(begun.resource);
  if (begun === undefined || validator === undefined) return {};
  return { range: `bytes=${begun.bytes}-`, 'if-range': validator };
}

/** A strong validator, as If-Range demands; `undefined` where there is none. */
export function validatorOf({ etag, lastModified }: Resource): string | undefined {
  if (etag !== null && !etag.startsWith('W/')) return etag;
  return lastModified ?? undefined;
}

/** @param begun - What the request was made with; `undefined` for the whole file. */
export function judge({ status, headers }: Head, begun: Begun | undefined): Judgement {
  if (status === 200) return judgeWhole(headers);
  if (status === 206) return begun === undefined ? refused('a part of it') : judgePart(headers, begun);
  if (status === 416 && begun !== undefined) return { kind: 'changed' };
  if (status === 408 || status === 425 || status === 429 || (status !== undefined && status >= 500)) {
    return { kind: 'busy', reason: `the server answers ${status}`, retryAfter: headers['retry-after'] };
  }
  return refused(`the answer ${status}`);
}

function judgeWhole(headers: IncomingHttpHeaders): Judgement {
  const form = judgeForm(headers);
  if (form !== undefined) return form;
  const totalBytes = wholeNumber(headers['content-length']);
  if (totalBytes === undefined) return refused('no Content-Length, so that nobody could tell whether it is whole');
  return { kind: 'body', position: 0, byteLength: totalBytes, resource: resourceOf(headers, totalBytes) };
}

function judgePart(headers: IncomingHttpHeaders, { bytes, resource }: Begun): Judgement {
  const form = judgeForm(headers);
  if (form !== undefined) return form;
  const { etag = null, 'last-modified': lastModified = null } = headers;
  if (etag !== null && resource.etag !== null && etag !== resource.etag) return { kind: 'changed' };
  if (etag === null && lastModified !== null && lastModified !== resource.lastModified) return { kind: 'changed' };
  const range = headers['content-range'];
  const [, first, last, total] = /^bytes (\d+)-(\d+)\/(\d+|\*)$/.exec(range ?? '') ?? [];
  const byteLength = Number(last) - Number(first) + 1;
  const length = headers['content-length'];
  const fits =
    Number(first) === bytes &&
    byteLength > 0 &&
    Number(last) < resource.totalBytes &&
    (total === '*' || Number(total) === resource.totalBytes) &&
    (length === undefined || Number(length) === byteLength);
  if (fits) return { kind: 'body', position: bytes, byteLength, resource };
  const wanted = `bytes ${bytes}-${resource.totalBytes - 1}/${resource.totalBytes}`;
  return refused(`the range "${range}" of ${length ?? 'unknown'} bytes where "${wanted}" was asked for`);
}

/** Pages of text where a file should be are those of networks that want a login. */
function judgeForm(headers: IncomingHttpHeaders): Judgement | undefined {
  const { 'content-encoding': encoding = 'identity', 'content-type': type = '' } = headers;
  if (encoding !== 'identity') return refused(`bytes that are encoded as ${encoding}`);
  if (/^(text|multipart)\//i.test(type)) return refused(`something of the type ${type}`);
  return undefined;
}

function resourceOf(headers: IncomingHttpHeaders, totalBytes: number): Resource {
  return { totalBytes, etag: headers.etag ?? null, lastModified: headers['last-modified'] ?? null };
}

function refused(reason: string): Judgement {
  return { kind: 'refused', reason };
}

function wholeNumber(text: string | undefined): number | undefined {
  const value = /^\d{1,15}$/.test(text ?? '') ? Number(text) : undefined;
  return value === 0 ? undefined : value;
}
