import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Clock, Millis, Timer } from '../clock';
import { messageOf, SensebindError } from '../errors';
import { isAuthorised, type MetricsCredentials } from './credentials';
import type { Exposition } from './exposition';
import { isLoopback } from './loopback';

export interface MetricsServerOptions {
  readonly host: string;
  readonly port: number;
  /** Left out: everybody who reaches the address may read. */
  readonly credentials?: MetricsCredentials;
  readonly exposition: Pick<Exposition, 'text' | 'contentType'>;
  readonly clock: Clock;
  readonly onEvent: (event: MetricsEvent) => void;
}

export type MetricsEvent =
  | { readonly kind: 'listening'; readonly url: string }
  /** The address cannot be had; it is tried again. Told once until `listening`. */
  | { readonly kind: 'failed'; readonly error: SensebindError };

/** One that scrapes, one that looks: more than this at once is something else. */
const MAX_CONNECTIONS = 16;
const MAX_HEADER_BYTES = 8192;
const REQUEST_TIMEOUT = 5000;
const RETRY = 10_000 as Millis;

/**
 * `GET /metrics`, and nothing else. Never in the way of the service: when its address is taken, it waits for it.
 */
export class MetricsServer {
  readonly #options: MetricsServerOptions;
  #server: Server | undefined;
  #retry: Timer | undefined;
  #isFailing: boolean = false;
  #isClosed: boolean = false;

  constructor(options: MetricsServerOptions) {
    this.#options = options;
  }

  start(): void {
    const { host, port, clock, onEvent } = this.#options;
    const server = createServer(
      { maxHeaderSize: MAX_HEADER_BYTES, requestTimeout: REQUEST_TIMEOUT, headersTimeout: REQUEST_TIMEOUT },
      (request, response) => {
        void this.#answer(request, response);
      },
    );
    server.maxConnections = MAX_CONNECTIONS;
    this.#server = server;
    server.once('listening', () => {
      this.#isFailing = false;
      onEvent({ kind: 'listening', url: urlOf(server.address()) });
    });
    server.on('error', (error) => {
      if (this.#isClosed) return;
      server.close();
      if (!this.#isFailing) onEvent({ kind: 'failed', error: addressProblem(this.#options, error) });
      this.#isFailing = true;
      this.#retry = clock.setTimer(RETRY, () => this.start(), { background: true });
    });
    server.listen(port, host);
    // The service ends when its work does.
    server.unref();
  }

  /** Always ends; requests that are under way are cut off. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#retry?.cancel();
    const server = this.#server;
    if (!server?.listening) return;
    await new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { credentials, exposition } = this.#options;
    if (credentials !== undefined && !isAuthorised(request.headers.authorization, credentials)) {
      response.setHeader('WWW-Authenticate', 'Basic realm="sensebind", charset="UTF-8"');
      return end(response, 401, 'a user name and password are needed\n');
    }
    if (credentials === undefined && !isLoopback(hostOf(request))) {
      // A page in a browser of this machine may have its own name point here.
      return end(response, 403, 'ask under the name localhost\n');
    }
    if (request.url !== '/metrics') return end(response, 404, 'only /metrics is here\n');
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.setHeader('Allow', 'GET, HEAD');
      return end(response, 405, 'only GET and HEAD\n');
    }
    try {
      const text = await exposition.text();
      response.setHeader('Content-Type', exposition.contentType);
      end(response, 200, request.method === 'HEAD' ? '' : text);
    } catch (error) {
      end(response, 500, `${messageOf(error)}\n`);
    }
  }
}

/** The name that a client asked for, without its port. */
function hostOf({ headers }: IncomingMessage): string {
  return (headers.host ?? '')
    .replace(/:\d+$/, '')
    .replace(/^\[(.*)\]$/, '$1')
    .toLowerCase();
}

function end(response: ServerResponse, status: number, body: string): void {
  response.statusCode = status;
  response.setHeader('X-Content-Type-Options', 'nosniff');
  response.setHeader('Cache-Control', 'no-store');
  response.end(body);
}

function urlOf(address: AddressInfo | string | null): string {
  if (typeof address !== 'object' || address === null) return 'unknown';
  const host = address.family === 'IPv6' ? `[${address.address}]` : address.address;
  return `http://${host}:${address.port}/metrics`;
}

function addressProblem({ host, port }: MetricsServerOptions, cause: Error): SensebindError {
  return new SensebindError(
    'ADDRESS_UNAVAILABLE',
    `expected to offer metrics at ${host} port ${port}, found: ${messageOf(cause)}`,
    'end what listens there, or choose another port in "metrics"; trying again',
    { cause },
  );
}
