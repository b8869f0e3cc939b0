import { access, constants, stat } from 'node:fs/promises';
import path from 'node:path';
import { type DeviceCacheSettings, deviceCacheSettings } from '../inference/deviceCache/settings';
import { deviceCacheWishes } from './engineOptions';

/** What `--config` means for commands that look after the device cache. */
export const CACHE_CONFIG_HELP =
  'configuration whose device cache is meant, and whose runtime; default: that of this user';

/** Where the service of the system has its configuration, and its cache (deploy/systemd). */
export const SERVICE_CONFIG = '/etc/sensebind/config.yaml';
const SERVICE_CACHE = '/var/cache/sensebind';

/** A device cache, and who says that it is this one. */
export interface NamedDeviceCache {
  readonly settings: DeviceCacheSettings;
  readonly isOff: boolean;
  /** Name or path of the onnxruntime module that it is for. */
  readonly runtimeModule: string;
  /** Path of the configuration; nothing where it is the default of this user. */
  readonly config: string | undefined;
  /** The same in words. */
  readonly origin: string;
}

/**
 * The device cache that an engine uses: of a configuration, else the default of this user.
 *
 * @throws {SensebindError} what reading a configuration throws.
 */
export async function namedDeviceCache(config: string | undefined): Promise<NamedDeviceCache> {
  const own = { isOff: false, runtimeModule: 'onnxruntime-node', config: undefined, origin: 'this user' };
  if (config === undefined) return { ...own, settings: deviceCacheSettings() };
  // Loaded where it is needed: they know all devices.
  const { readConfig } = await import('../config/readConfig.js');
  const { deviceDeclarations } = await import('../../devices/catalogue.js');
  const { inference = {} } = await readConfig(config, deviceDeclarations);
  const wishes = deviceCacheWishes(inference.deviceCache);
  const isOff = wishes === 'off';
  const place = await serviceFolder(config);
  return {
    settings: deviceCacheSettings({ ...(place === undefined ? {} : { folder: place }), ...(isOff ? {} : wishes) }),
    isOff,
    runtimeModule: inference.runtime ?? own.runtimeModule,
    config: path.resolve(config),
    origin: path.resolve(config),
  };
}

/** The configuration of the system's service, where this user may read one. */
export async function foundServiceConfig(): Promise<string | undefined> {
  return access(SERVICE_CONFIG, constants.R_OK).then(
    () => SERVICE_CONFIG,
    () => undefined,
  );
}

/** The service has a cache of its own, whoever asks for it. */
async function serviceFolder(config: string): Promise<string | undefined> {
  if (path.resolve(config) !== SERVICE_CONFIG || (await ownerOf(SERVICE_CACHE)) === undefined) return undefined;
  return path.join(SERVICE_CACHE, 'encoders');
}

/**
 * Why this user must not write into the cache of a configuration: what root makes there, the service's own user could not
 * use. Nothing where it may.
 */
export async function foreignOwner({ settings, config }: NamedDeviceCache): Promise<string | undefined> {
  if (config === undefined || process.getuid === undefined) return undefined;
  let place = settings.folder;
  let owner = await ownerOf(place);
  while (owner === undefined && path.dirname(place) !== place) {
    place = path.dirname(place);
    owner = await ownerOf(place);
  }
  const own = process.getuid();
  const isMine = owner === own || (own !== 0 && place !== settings.folder);
  if (isMine) return undefined;
  return `${place} belongs to the user ${owner}: run this command as that user (sudo -u "#${owner}")`;
}

async function ownerOf(place: string): Promise<number | undefined> {
  return (await stat(place).catch(() => undefined))?.uid;
}
