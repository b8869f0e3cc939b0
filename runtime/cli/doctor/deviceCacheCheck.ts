import { existsSync } from 'node:fs';
import { messageOf } from '../../errors';
import { CopyStore } from '../../inference/deviceCache/store';
import { foreignOwner, foundServiceConfig, type NamedDeviceCache, namedDeviceCache } from '../namedDeviceCache';
import { formatBytes } from '../output';
import type { Finding } from './finding';

/**
 * The device cache of a configuration, else of this user; and that of the system's service, where it can be seen.
 *
 * @throws {SensebindError} what reading the configuration that was named throws.
 */
export async function checkDeviceCaches(config: string | undefined): Promise<readonly Finding[]> {
  const named = await namedDeviceCache(config);
  const service = await foundServiceConfig();
  if (service === undefined || service === named.config) return [await checkDeviceCache(named)];
  return [await checkDeviceCache(named), await checkServiceCache(service)];
}

async function checkServiceCache(config: string): Promise<Finding> {
  try {
    return await checkDeviceCache(await namedDeviceCache(config));
  } catch (error) {
    return {
      kind: 'note',
      what: `the device cache of ${config} is not known, for that cannot be read: ${messageOf(error)}`,
    };
  }
}

/** Where copies of encoders are kept, who says so, and what they take. */
export async function checkDeviceCache(cache: NamedDeviceCache): Promise<Finding> {
  const { settings, isOff, origin } = cache;
  const { folder, maxBytes, keepFreeBytes } = settings;
  if (isOff) return { kind: 'ok', what: `device cache of ${origin}: switched off there` };
  const store = new CopyStore(folder);
  const copies = await store.list();
  const total = copies.reduce((sum, { bytes }) => sum + bytes, await store.unfinishedBytes());
  const what = `device cache of ${origin}: ${copies.length === 1 ? 'one copy' : `${copies.length} copies`} of encoders, ${formatBytes(total)} of ${formatBytes(maxBytes)}, in ${folder}`;
  if (!existsSync(folder)) return { kind: 'ok', what };
  // What root wrote there to try would not say whether its own user may.
  const owner = await foreignOwner(cache);
  if (owner !== undefined) return { kind: 'ok', what: `${what}; for more, ${owner}` };
  const refusal = await store.prepare();
  if (refusal !== undefined) {
    return {
      kind: 'note',
      what: `${what}: not used, for ${refusal}`,
      cure: 'give the folder to the user of sensebind alone (chown, chmod 700), or name another: "folder" of inference.deviceCache, or XDG_CACHE_HOME',
    };
  }
  if ((await store.freeBytes()) >= keepFreeBytes) return { kind: 'ok', what };
  return { kind: 'note', what: `${what}: no new ones, for its disk is short`, cure: 'free some space' };
}
