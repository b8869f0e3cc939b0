import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createServer, type IncomingMessage, type OutgoingHttpHeaders, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { Readable } from 'node:stream';
import type { CleanUp } from './cleanUp';

/** What a server has to give. */
export interface ServedFile {
  readonly bytes: number;
  /** From a byte to one before another. */
  read(from: number, to: number): Readable;
}

/** How the answer to one request goes wrong; by a plain `{}` it does not. */
export interface Fault {
  /** Answers with this and no body that matters. */
  readonly status?: number;
  /** Instead of those that are right; `undefined` leaves one out. */
  readonly headers?: OutgoingHttpHeaders;
  /** Gives the whole file, whatever was asked for. */
  readonly ignoresRange?: boolean;
  /** Body bytes after which the connection is cut, or nothing comes any more. */
  readonly cutAfter?: number;
  readonly stallAfter?: number;
}

export interface FileServer {
  /** Of the file. */
  readonly url: string;
  /** What was asked for so far. */
  readonly requests: readonly { readonly range: string | undefined; readonly ifRange: string | undefined }[];
  /** What requests from now on are answered with, one after the other; then all goes well. */
  faults: readonly Fault[];
  /** What is served from now on. */
  file: ServedFile;
  etag: string | undefined;
  /** Resolves when a body has stalled, or was cut. */
  faulted(): Promise<void>;
  /** Told of bytes that the client has, the server cuts only when it has all that were sent. */
  received(bytes: number): void;
}

export function servedBytes(bytes: Uint8Array): ServedFile {
  return { bytes: bytes.length, read: (from, to) => Readable.from(piecesOf(bytes, from, to)) };
}

export async function servedFile(path: string): Promise<ServedFile> {
  const { size } = await stat(path);
  return { bytes: size, read: (start, to) => createReadStream(path, { start, end: to - 1, highWaterMark: 2 ** 20 }) };
}

const PIECE_BYTES = 2 ** 14;

function* piecesOf(bytes: Uint8Array, from: number, to: number): Generator<Uint8Array> {
  for (let at = from; at < to; at += PIECE_BYTES) yield bytes.subarray(at, Math.min(to, at + PIECE_BYTES));
}

/** Serves one file over HTTP on this machine as RFC 9110 says, and fails as told; over HTTPS with a certificate. */
export async function startFileServer(
  context: CleanUp,
  file: ServedFile,
  certificate?: { readonly key: string; readonly cert: string },
): Promise<FileServer> {
  const requests: { range: string | undefined; ifRange: string | undefined }[] = [];
  let tell: (() => void)[] = [];
  const receipts = new Receipts();
  const state = {
    url: '',
    requests,
    faults: [] as readonly Fault[],
    file,
    etag: '"first"' as string | undefined,
    faulted: () => new Promise<void>((resolve) => void tell.push(resolve)),
    received: (bytes: number) => receipts.tell(bytes),
  };
  const onFault = (): void => {
    for (const each of tell) each();
    tell = [];
  };
  const listener = (request: IncomingMessage, response: ServerResponse): void => {
    const [fault = {}, ...later] = state.faults;
    state.faults = later;
    const { range, 'if-range': ifRange } = request.headers;
    requests.push({ range, ifRange: typeof ifRange === 'string' ? ifRange : undefined });
    void answer({ request, response, state, fault, onFault, receipts });
  };
  const server = certificate === undefined ? createServer(listener) : createTlsServer(certificate, listener);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const scheme = certificate === undefined ? 'http' : 'https';
  state.url = `${scheme}://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}/imagebind_huge.pth`;
  context.after(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });
  return state;
}

async function answer({
  request,
  response,
  state: { file, etag },
  fault,
  onFault,
  receipts,
}: {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly state: { readonly file: ServedFile; readonly etag: string | undefined };
  readonly fault: Fault;
  readonly onFault: () => void;
  readonly receipts: Receipts;
}): Promise<void> {
  response.on('error', () => undefined);
  const { range, 'if-range': ifRange } = request.headers;
  const [, first] = /^bytes=(\d+)-$/.exec(range ?? '') ?? [];
  const isSame = ifRange === undefined || ifRange === etag;
  const isPart = first !== undefined && isSame && fault.ignoresRange !== true;
  const from = isPart ? Number(first) : 0;
  const validators = etag === undefined ? {} : { etag };
  if (fault.status !== undefined && fault.status >= 300) {
    response.writeHead(fault.status, { ...validators, ...fault.headers }).end();
    return;
  }
  if (isPart && from >= file.bytes) {
    response.writeHead(416, { 'content-range': `bytes */${file.bytes}`, ...validators }).end();
    return;
  }
  const headers = {
    'content-type': 'binary/octet-stream',
    'content-length': file.bytes - from,
    ...(isPart ? { 'content-range': `bytes ${from}-${file.bytes - 1}/${file.bytes}` } : {}),
    ...validators,
    ...fault.headers,
  };
  const given = Object.entries(headers).filter(([, value]) => value !== undefined);
  response.writeHead(fault.status ?? (isPart ? 206 : 200), Object.fromEntries(given));
  const last = from + Math.min(fault.cutAfter ?? Infinity, fault.stallAfter ?? Infinity, file.bytes - from);
  const closed = once(response, 'close');
  response.flushHeaders();
  if (last > from) {
    const body = file.read(from, last);
    body.pipe(response, { end: false });
    await Promise.race([once(body, 'end'), closed]);
  }
  if (fault.stallAfter !== undefined) {
    onFault();
    return;
  }
  if (fault.cutAfter === undefined) {
    response.end();
    return;
  }
  await Promise.race([receipts.until(last), closed]);
  response.destroy();
  onFault();
}

/** What the client has said that it has; nothing, where it says nothing. */
class Receipts {
  #bytes: number | undefined;
  #look: () => void = () => undefined;

  tell(bytes: number): void {
    this.#bytes = bytes;
    this.#look();
  }

  async until(bytes: number): Promise<void> {
    if (this.#bytes === undefined || this.#bytes === bytes) return;
    await new Promise<void>((resolve) => {
      this.#look = () => {
        if (this.#bytes === bytes) resolve();
      };
    });
  }
}
