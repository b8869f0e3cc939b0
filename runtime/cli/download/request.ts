import { once } from 'node:events';
import http, { type IncomingMessage } from 'node:http';
import https from 'node:https';
import { SensebindError } from '../../errors';
import { type AddressRules, redirectedTo } from './address';

const REDIRECTS: readonly (number | undefined)[] = [301, 302, 303, 307, 308];
const MAX_REDIRECTS = 5;

export interface GetOptions extends AddressRules {
  readonly headers: Readonly<Record<string, string>>;
  /** Ends the request and the answer. */
  readonly signal: AbortSignal;
}

/**
 * Asks for an address, through the proxy that the environment names, and follows where it leads. The body is read by the
 * caller.
 *
 * @throws {SensebindError} `DOWNLOAD_REFUSED` where it leads to something unsafe, or on and on. What the network throws
 * comes as it is.
 */
export async function get(address: URL, options: GetOptions): Promise<IncomingMessage> {
  let url = address;
  for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
    const response = await getOnce(url, options);
    if (!REDIRECTS.includes(response.statusCode)) return response;
    response.destroy();
    url = redirectedTo(response.headers.location, url, options);
  }
  throw new SensebindError(
    'DOWNLOAD_REFUSED',
    `Expected ${address.host} to lead to the file, found that it leads on more than ${MAX_REDIRECTS} times`,
    'Check the address with a browser.',
  );
}

async function getOnce(url: URL, { headers, signal }: GetOptions): Promise<IncomingMessage> {
  const { request, Agent } = url.protocol === 'https:' ? https : http;
  const agent = new Agent({ proxyEnv: process.env });
  // Compressed bytes could neither be counted nor gone on with.
  const sent = request(url, { agent, signal, headers: { 'accept-encoding': 'identity', ...headers } });
  sent.end();
  const [response]: IncomingMessage[] = await once(sent, 'response');
  if (response === undefined) throw new Error('the server did not answer');
  // Whoever destroys it must not be told; who reads it, is.
  response.on('error', () => undefined);
  sent.on('error', () => undefined);
  return response;
}

const PROXY_VARIABLES = ['HTTPS_PROXY', 'https_proxy', 'HTTP_PROXY', 'http_proxy'];

/** What a person should know who set a proxy that this version of Node.js does not use; `undefined` when all is well. */
export function proxyRemark(
  environment: Readonly<Record<string, string | undefined>> = process.env,
  version = process.versions.node,
): string | undefined {
  const named = PROXY_VARIABLES.find((name) => (environment[name] ?? '') !== '');
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const usesProxies = major > 24 || (major === 24 && minor >= 5) || (major === 22 && minor >= 21);
  if (named === undefined || usesProxies) return undefined;
  return `${named} is set, but Node.js ${version} cannot use it: from 22.21 and 24.5 on it does`;
}
