import { createHash, timingSafeEqual } from 'node:crypto';

/** Who may read the metrics. */
export interface MetricsCredentials {
  readonly username: string;
  readonly password: string;
}

/**
 * Whether the `Authorization` header of a request (RFC 7617) is right. Takes the same time for every wrong one, so that
 * nothing can be learnt from it.
 */
export function isAuthorised(header: string | undefined, { username, password }: MetricsCredentials): boolean {
  const given = /^Basic ([A-Za-z0-9+/=]{1,4096})$/i.exec(header ?? '')?.[1] ?? '';
  return timingSafeEqual(digest(Buffer.from(given, 'base64')), digest(Buffer.from(`${username}:${password}`)));
}

/** Of the same length whatever was given. */
function digest(bytes: Buffer): Buffer {
  return createHash('sha256').update(bytes).digest();
}
