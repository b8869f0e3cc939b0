import { isIP } from 'node:net';
import { SensebindError } from '../../errors';
import { UsageError } from '../output';

/** Where a download may lead. */
export interface AddressRules {
  /** Where the hash is known beforehand, nobody on the way can change what arrives. */
  readonly isHashKnown: boolean;
}

/**
 * The address that a person gave.
 *
 * @throws {UsageError} unless it is https; plain http is taken to this machine, and where the hash is known.
 */
export function parseAddress(text: string, rules: AddressRules): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || (url.protocol !== 'https:' && url.protocol !== 'http:')) {
    throw new UsageError(`expected --url with an https address, found ${text}`, 'Leave it out for the published file.');
  }
  if (url.username !== '' || url.password !== '') {
    throw new UsageError(
      'expected --url without a user name or password, found one: it would be kept beside the file',
      'Download the file with another program, and give it to "sensebind models setup --checkpoint".',
    );
  }
  if (isSafe(url, rules)) return url;
  throw new UsageError(
    `expected an https address, found ${url.protocol}//${url.host}: whoever is on the way could change the file`,
    'Take the https address, or say what the file has to be with --sha256.',
  );
}

/**
 * Where a server sends the client on to.
 *
 * @throws {SensebindError} `DOWNLOAD_REFUSED` for anything that is less safe than where it came from.
 */
export function redirectedTo(location: string | undefined, from: URL, rules: AddressRules): URL {
  const url = location !== undefined && URL.canParse(location, from) ? new URL(location, from) : undefined;
  const isDowngrade = from.protocol === 'https:' && url?.protocol !== 'https:';
  if (url !== undefined && !isDowngrade && isSafe(url, rules)) {
    url.username = '';
    url.password = '';
    return url;
  }
  throw new SensebindError(
    'DOWNLOAD_REFUSED',
    `Expected ${from.host} to lead to an https address, found ${url === undefined ? 'none' : `${url.protocol}//${url.host}`}`,
    'Check the address; on networks with a login page, log in with a browser first.',
  );
}

function isSafe({ protocol, hostname }: URL, { isHashKnown }: AddressRules): boolean {
  return protocol === 'https:' || (protocol === 'http:' && (isHashKnown || isLoopback(hostname)));
}

function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || (isIP(hostname) === 4 && hostname.startsWith('127.'));
}
