import { homedir } from 'node:os';
import path from 'node:path';

/** Where prepacked copies of encoders are kept on this device, and how much of the disk they may take. */
export interface DeviceCacheSettings {
  readonly folder: string;
  /** All copies together. */
  readonly maxBytes: number;
  /** Left free on the disk whatever the copies would gain. */
  readonly keepFreeBytes: number;
  /** Encoders whose files are smaller gain too little: 5 MB of memory for the shipped bundle's, of 2 MB each. */
  readonly minimumBytes: number;
}

/** The six published encoders in fp32 take 9.7 GB, in int8 2.6 GB. */
const DEFAULT_MAX_BYTES = 12e9;

/** Less than this is soon full of recordings. */
const DEFAULT_KEEP_FREE_BYTES = 2e9;

const DEFAULT_MINIMUM_BYTES = 16e6;

/** What holds where nobody says otherwise. */
export function deviceCacheSettings(wishes: Partial<DeviceCacheSettings> = {}): DeviceCacheSettings {
  return {
    folder: path.join(sensebindCacheDirectory(), 'encoders'),
    maxBytes: DEFAULT_MAX_BYTES,
    keepFreeBytes: DEFAULT_KEEP_FREE_BYTES,
    minimumBytes: DEFAULT_MINIMUM_BYTES,
    ...wishes,
  };
}

/** Where this package keeps what it can make again: `XDG_CACHE_HOME` (XDG Base Directory Specification), else its default. */
export function sensebindCacheDirectory(): string {
  const cacheHome = process.env['XDG_CACHE_HOME'];
  const base = cacheHome && path.isAbsolute(cacheHome) ? cacheHome : path.join(homedir(), '.cache');
  return path.join(base, 'sensebind');
}
