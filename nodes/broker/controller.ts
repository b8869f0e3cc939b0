import { createHash } from 'node:crypto';
import path from 'node:path';
import { sensebindStateDirectory } from '../../models/bundle/installation';
import { type Millis, systemClock } from '../../runtime/clock';
import type { BrokerAccess, ProtocolVersion } from '../../runtime/mqtt/connection';
import { tryConnection } from '../../runtime/mqtt/tryConnection';
import { packageVersion } from '../../runtime/packageVersion';
import type { Controller, Host } from '../shared/defineNode';
import { type Lease, SharedResources } from '../shared/shared';
import { BrokerService, type BrokerServiceOptions } from './service';
import { accessOf, type BrokerCredentials, type BrokerSettings, defaultNode } from './settings';

/** A deploy must not show every device as gone. */
const GRACE = 5000 as Millis;

const open = new SharedResources<BrokerService>({ clock: systemClock, grace: GRACE });

/** Says which broker its users publish to, and as which node. */
export class BrokerController implements Controller {
  readonly #settings: BrokerSettings;
  readonly #credentials: BrokerCredentials;

  constructor({ settings, credentials }: Pick<Host<BrokerSettings>, 'settings' | 'credentials'>) {
    this.#settings = settings;
    this.#credentials = credentials;
  }

  get url(): string {
    return this.#settings.url;
  }

  /** For a test of the same broker. */
  get credentials(): BrokerCredentials {
    return this.#credentials;
  }

  /**
   * The connection of all that use the same node id and base topic: they have one spool, so they must have one broker.
   *
   * @throws {SensebindError} `CONFIG_INVALID` for certificates that cannot be used, or where another node with the same id
   * has other settings; `FILE_UNREADABLE` for files that are named.
   */
  async acquire(): Promise<Lease<BrokerService>> {
    const settings = this.#settings;
    const access = await accessOf(settings, this.#credentials);
    const { baseTopic: base = 'sensebind', node = defaultNode() } = settings;
    const variant = createHash('sha256')
      .update(JSON.stringify([settings, access]))
      .digest('hex');
    return open.acquire(JSON.stringify([base, node]), () => BrokerService.open(optionsOf(settings, access)), variant);
  }

  async close(): Promise<void> {}
}

/**
 * Connects once with settings that need not be deployed, under a client id of its own: the node itself goes on.
 *
 * @throws {SensebindError} as {@link tryConnection} and {@link accessOf}.
 */
export async function testBroker(settings: BrokerSettings, credentials: BrokerCredentials): Promise<ProtocolVersion> {
  const access = await accessOf(settings, credentials);
  const { protocol = 'auto' } = settings;
  return tryConnection({ ...access, clientId: `${access.clientId}-test` }, { protocol, clock: systemClock });
}

function optionsOf(settings: BrokerSettings, access: BrokerAccess): BrokerServiceOptions {
  const {
    protocol = 'auto',
    baseTopic: base = 'sensebind',
    node = defaultNode(),
    elementType = 'f16le',
    homeAssistant: isEnabled = true,
    homeAssistantPrefix: prefix = 'homeassistant',
    spoolMegabytes,
    spoolHours,
  } = settings;
  // Dots do not occur in what is joined.
  const folder = path.join(sensebindStateDirectory(), 'node-red', 'spool', `${base.replaceAll('/', '.')}.${node}`);
  return {
    access,
    protocol,
    base,
    node,
    elementType,
    version: packageVersion(),
    spool: {
      folder,
      ...(spoolMegabytes === undefined ? {} : { maxBytes: spoolMegabytes * 1e6 }),
      ...(spoolHours === undefined ? {} : { lifeSeconds: Math.ceil(spoolHours * 3600) }),
    },
    homeAssistant: { prefix, isEnabled, folder },
  };
}
