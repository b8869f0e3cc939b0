import os from 'node:os';
import path from 'node:path';
import Type, { type Static } from '#typebox';
import type { BrokerConfig } from '../../runtime/config/config';
import { Broker, Publish, Spool } from '../../runtime/config/schema';
import { brokerAccess } from '../../runtime/config/secrets';
import type { BrokerAccess } from '../../runtime/mqtt/connection';
import { ID_PATTERN } from '../../runtime/mqtt/topics';

const { url, protocol, clientId, caFile, certFile, keyFile, homeAssistant } = Broker.properties;

/** Settings of the broker's node: one level, as Node-RED edits them. User name and password are its credentials. */
export const BrokerSettings = Type.Object({
  url,
  protocol,
  clientId,
  caFile,
  certFile,
  keyFile,
  baseTopic: Type.Optional(
    Type.String({
      pattern: '^[a-z0-9_-]{1,64}(/[a-z0-9_-]{1,64})*$',
      maxLength: 512,
      title: 'levels of a-z, 0-9, - or _',
    }),
  ),
  node: Type.Optional(Type.String({ pattern: ID_PATTERN, title: '1 to 64 letters a-z, digits, "-" or "_"' })),
  elementType: Publish.properties.embeddings.properties.elementType,
  homeAssistant: Type.Optional(Type.Boolean()),
  homeAssistantPrefix: homeAssistant.properties.prefix,
  spoolMegabytes: Spool.properties.maxMegabytes,
  spoolHours: Type.Optional(Type.Number({ minimum: 1, maximum: 8760 })),
});
export type BrokerSettings = Static<typeof BrokerSettings>;

/** User name and password. */
export type BrokerCredentials = Readonly<Record<string, string | undefined>>;

/** The node id of what says none: the name of the machine, as far as it can be one. */
export function defaultNode(hostName: string = os.hostname()): string {
  const name = hostName
    .toLowerCase()
    .replace(/[^a-z0-9_-]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 64);
  return name === '' ? 'node-red' : name;
}

/**
 * Reads the certificates that the settings name.
 *
 * @throws {SensebindError} `FILE_UNREADABLE`; `CONFIG_INVALID` for certificates that cannot be used.
 */
export async function accessOf(settings: BrokerSettings, credentials: BrokerCredentials): Promise<BrokerAccess> {
  const { url: address, protocol: version = 'auto', node = defaultNode(), clientId: client = node } = settings;
  const { username, password } = credentials;
  const broker: BrokerConfig = {
    url: address,
    protocol: version,
    clientId: client,
    ...(username ? { username } : {}),
    ...absolute('caFile', settings.caFile),
    ...absolute('certFile', settings.certFile),
    ...absolute('keyFile', settings.keyFile),
  };
  return { ...(await brokerAccess(broker, {})), ...(password ? { password } : {}) };
}

function absolute<Name extends string>(name: Name, file: string | undefined): { readonly [Key in Name]?: string } {
  return file === undefined ? {} : ({ [name]: path.resolve(file) } as { readonly [Key in Name]: string });
}
