import type { Config, DeviceCacheConfig } from '../config/config';
import type { DeviceCacheSettings } from '../inference/deviceCache/settings';
import type { EngineOptions } from '../inference/engine';
import type { Modality } from '../reading';
import { declarationOf } from './openDevice';

/** How the engine of a configuration works, and what it will have to load. */
export function engineOptions({ inference = {}, ...config }: Config): EngineOptions {
  const { runtime, providers, workers, threads, checkMemory = true } = inference;
  return {
    expected: expectedModalities(config),
    deviceCache: deviceCacheWishes(inference.deviceCache),
    ...(runtime === undefined ? {} : { runtimeModule: runtime }),
    ...(providers === undefined ? {} : { providers }),
    ...(workers === undefined ? {} : { workers }),
    ...(threads === undefined ? {} : { threadsPerWorker: threads }),
    ...(checkMemory ? {} : { memory: 'unchecked' }),
  };
}

/** What a configuration says of the device cache, in the engine's words. */
export function deviceCacheWishes(wishes: DeviceCacheConfig = {}): Partial<DeviceCacheSettings> | 'off' {
  const { enabled = true, folder, maxGigabytes, keepFreeGigabytes } = wishes;
  if (!enabled) return 'off';
  return {
    ...(folder === undefined ? {} : { folder }),
    ...(maxGigabytes === undefined ? {} : { maxBytes: maxGigabytes * 1e9 }),
    ...(keepFreeGigabytes === undefined ? {} : { keepFreeBytes: keepFreeGigabytes * 1e9 }),
  };
}

/** Of its sources; and of words, where there are labels. */
function expectedModalities({ sources, labelSets }: Pick<Config, 'sources' | 'labelSets'>): readonly Modality[] {
  const sensed = sources.filter(({ enabled }) => enabled).map(({ device, id }) => declarationOf(device, id).modality);
  return labelSets.length === 0 ? sensed : [...sensed, 'text'];
}
