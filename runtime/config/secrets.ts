import { readFile } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';
import { messageOf, SensebindError } from '../errors';
import type { MetricsCredentials } from '../metrics/credentials';
import type { BrokerAccess } from '../mqtt/connection';
import type { BrokerConfig, MetricsConfig, SecretPlace } from './config';

/**
 * Reads the files and environment variables that a configuration names.
 *
 * @throws {SensebindError} `FILE_UNREADABLE`; `CONFIG_INVALID` for a variable that is not set, an empty password, or
 * certificates that OpenSSL does not take.
 */
export async function brokerAccess(broker: BrokerConfig, environment: Environment): Promise<BrokerAccess> {
  const [ca, cert, key] = await Promise.all([broker.caFile, broker.certFile, broker.keyFile].map(readIfNamed));
  const tls = { ...(ca ? { ca } : {}), ...(cert ? { cert } : {}), ...(key ? { key } : {}) };
  requireUsable(tls);
  const password = await readPassword(broker.password, { environment, owner: 'the broker' });
  return {
    url: broker.url,
    clientId: broker.clientId,
    ...(broker.username === undefined ? {} : { username: broker.username }),
    ...(password === undefined ? {} : { password }),
    ...tls,
  };
}

/**
 * What a reader of the metrics must know; `undefined` where nothing is asked for.
 *
 * @throws {SensebindError} `FILE_UNREADABLE`; `CONFIG_INVALID` for a variable that is not set, or an empty password.
 */
export async function metricsCredentials(
  { username, password }: MetricsConfig,
  environment: Environment,
): Promise<MetricsCredentials | undefined> {
  const secret = await readPassword(password, { environment, owner: 'the metrics' });
  return username === undefined || secret === undefined ? undefined : { username, password: secret };
}

type Environment = Readonly<Record<string, string | undefined>>;

async function readPassword(
  password: SecretPlace | undefined,
  { environment, owner }: { readonly environment: Environment; readonly owner: string },
): Promise<string | undefined> {
  if (!password) return undefined;
  const isFile = 'file' in password;
  const text = isFile ? (await readNamed(password.file)).toString('utf8') : environment[password.environment];
  const place = isFile ? password.file : `the environment variable ${password.environment}`;
  // Editors end files with a line end that is not part of the password.
  const secret = text?.replace(/\r?\n$/, '');
  if (secret) return secret;
  throw new SensebindError(
    'CONFIG_INVALID',
    `expected the password of ${owner} in ${place}, found nothing`,
    isFile ? 'write the password into the file' : 'set the variable for the process',
  );
}

/** A certificate that cannot be used would throw in the middle of connecting. */
function requireUsable(tls: { readonly ca?: Buffer; readonly cert?: Buffer; readonly key?: Buffer }): void {
  try {
    createSecureContext(tls);
  } catch (error) {
    throw new SensebindError(
      'CONFIG_INVALID',
      `expected certificates and a key in PEM that belong together, found: ${messageOf(error)}`,
      'check caFile, certFile and keyFile of the broker',
      { cause: error },
    );
  }
}

async function readIfNamed(file: string | undefined): Promise<Buffer | undefined> {
  return file === undefined ? undefined : readNamed(file);
}

async function readNamed(file: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (error) {
    throw new SensebindError(
      'FILE_UNREADABLE',
      `expected a readable file at ${file}, found: ${messageOf(error)}`,
      'check the path and its permissions',
      { cause: error },
    );
  }
}
