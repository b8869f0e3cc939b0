import { isIP } from 'node:net';
import path from 'node:path';
import { isLoopback } from '../metrics/loopback';
import type { Config, DeviceCacheConfig, InferenceConfig, MetricsConfig } from './config';
import { parseDuration } from './duration';
import type { Problem } from './problem';
import type { ConfigDocument } from './schema';

export const DEFAULT_METRICS_HOST = '127.0.0.1';
export const DEFAULT_METRICS_PORT = 9464;

type MetricsDocument = ConfigDocument['metrics'];

/** Metrics and inference with defaults filled in and paths absolute. */
export function resolveService(
  { metrics, inference }: Pick<ConfigDocument, 'metrics' | 'inference'>,
  folder: string,
): Pick<Config, 'metrics' | 'inference'> {
  return {
    ...(metrics === undefined ? {} : { metrics: resolveMetrics(metrics, folder) }),
    ...(inference === undefined ? {} : { inference: resolveInference(inference, folder) }),
  };
}

function resolveMetrics(metrics: NonNullable<MetricsDocument>, folder: string): MetricsConfig {
  const { host, port, username, passwordFile, passwordEnv } = metrics;
  return {
    host: host ?? DEFAULT_METRICS_HOST,
    port: port ?? DEFAULT_METRICS_PORT,
    ...(username === undefined ? {} : { username }),
    ...(passwordFile === undefined ? {} : { password: { file: path.resolve(folder, passwordFile) } }),
    ...(passwordEnv === undefined ? {} : { password: { environment: passwordEnv } }),
  };
}

/** A module is a path where it says so with its first character, else a name. */
function resolveInference(inference: NonNullable<ConfigDocument['inference']>, folder: string): InferenceConfig {
  const { runtime, stuckAfter, deviceCache, ...others } = inference;
  const limit = parseDuration(stuckAfter ?? '');
  return {
    ...others,
    ...(runtime === undefined ? {} : { runtime: /^[./]/.test(runtime) ? path.resolve(folder, runtime) : runtime }),
    ...(limit === undefined ? {} : { stuckAfter: limit }),
    ...(deviceCache === undefined ? {} : { deviceCache: resolveDeviceCache(deviceCache, folder) }),
  };
}

function resolveDeviceCache({ folder: named, ...others }: DeviceCacheConfig, folder: string): DeviceCacheConfig {
  return { ...others, ...(named === undefined ? {} : { folder: path.resolve(folder, named) }) };
}

/** Who may read the metrics: everybody on this machine, nobody else without a password. */
export function metricsProblems(metrics: MetricsDocument): Problem[] {
  if (metrics === undefined) return [];
  const { host = DEFAULT_METRICS_HOST, username, passwordFile, passwordEnv } = metrics;
  const problems: Problem[] = [];
  const at = (key: string, message: string, cure: string) => problems.push({ path: ['metrics', key], message, cure });
  if (isIP(host) === 0 && host !== 'localhost') {
    at('host', `expected an IP address, found ${JSON.stringify(host)}`, 'write it as 127.0.0.1 or 192.168.1.20');
  }
  if (passwordFile !== undefined && passwordEnv !== undefined) {
    at('passwordEnv', 'expected one place of the password, found two', 'remove "passwordFile" or "passwordEnv"');
  }
  const hasPassword = passwordFile !== undefined || passwordEnv !== undefined;
  if (hasPassword !== (username !== undefined)) {
    const found = hasPassword ? 'a password without a user name' : 'a user name without a password';
    const key = hasPassword ? (passwordFile === undefined ? 'passwordEnv' : 'passwordFile') : 'username';
    at(key, `expected both or none, found ${found}`, 'add "username", and "passwordFile" or "passwordEnv"');
  }
  if (!isLoopback(host) && !hasPassword) {
    at(
      'host',
      `expected a user name and a password for an address that others can reach, found ${host} without`,
      'add "username" and "passwordFile", or listen on 127.0.0.1',
    );
  }
  return problems;
}
