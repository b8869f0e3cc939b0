import { type Bundle, openBundle } from '../../models/bundle/bundle';
import { bundleFolder } from '../../models/mini/location';
import { type Millis, systemClock } from '../../runtime/clock';
import { Engine, type EngineOptions } from '../../runtime/inference/engine';
import type { EngineStatus } from '../../runtime/inference/stats';
import { type Lease, SharedResources } from './shared';

/** Which bundle, and how it runs. */
export interface EncoderSettings {
  /** A folder, or `mini`; the shipped one where it is left out. */
  readonly bundle?: string;
  readonly workers?: number;
  readonly threads?: number;
  readonly providers?: readonly string[];
  /** Name or path of the onnxruntime module: own builds on Jetson. */
  readonly runtime?: string;
  /** What copies of encoders may take on this device; 0 for none. */
  readonly deviceCacheGigabytes?: number;
  /** Loads encoders that cannot fit in memory all the same. */
  readonly skipMemoryCheck?: boolean;
}

/** An open bundle and its engine. */
export interface Encoders {
  readonly bundle: Bundle;
  readonly engine: Engine;
  /** Tells of the state of its workers until the returned function is called. */
  watch(listener: (status: EngineStatus) => void): () => void;
  close(): Promise<void>;
  setBackground(isBackground: boolean): void;
}

/** A deploy must not load gigabytes again. */
const GRACE = 30_000 as Millis;

const open = new SharedResources<Encoders>({ clock: systemClock, grace: GRACE });

/** What a configuration node says, in the engine's words. */
export function engineOptionsOf(settings: EncoderSettings): EngineOptions {
  const { workers, threads, providers, runtime, deviceCacheGigabytes: gigabytes, skipMemoryCheck = false } = settings;
  return {
    ...(workers === undefined ? {} : { workers }),
    ...(threads === undefined ? {} : { threadsPerWorker: threads }),
    ...(providers === undefined ? {} : { providers }),
    ...(runtime === undefined ? {} : { runtimeModule: runtime }),
    ...(gigabytes === undefined ? {} : { deviceCache: gigabytes === 0 ? 'off' : { maxBytes: gigabytes * 1e9 } }),
    ...(skipMemoryCheck ? { memory: 'unchecked' } : {}),
  };
}

/**
 * The encoders of a bundle, once in the process however many nodes use them.
 *
 * @throws {SensebindError} what opening the bundle or the engine throws.
 */
export function acquireEncoders(settings: EncoderSettings): Promise<Lease<Encoders>> {
  const folder = bundleFolder(settings.bundle);
  return open.acquire(JSON.stringify({ ...settings, bundle: folder }), async () => {
    const bundle = await openBundle(folder);
    const listeners = new Set<(status: EngineStatus) => void>();
    const engine = await Engine.open(bundle, {
      clock: systemClock,
      onStatus: (status) => {
        for (const listener of listeners) listener(status);
      },
      ...engineOptionsOf(settings),
    });
    return {
      bundle,
      engine,
      watch: (listener) => {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
      close: () => engine.close(),
      setBackground: (isBackground) => engine.setBackground(isBackground),
    };
  });
}
