import type { DeviceCopy, EncoderSetup } from '../protocol';
import type { Runtime } from '../session';
import type { CacheKey, MachineKey } from './key';
import type { DeviceCacheSettings } from './settings';
import type { CopyStore } from './store';

/** What came of looking for the copy of an encoder. */
export type HeldCopy =
  | {
      readonly kind: 'held';
      readonly modelPath: string;
      readonly key: CacheKey;
      readonly release: () => Promise<void>;
    }
  | { readonly kind: 'none'; readonly deviceCopy: Exclude<DeviceCopy, { readonly state: 'used' }> };

/** The copies of encoders in the device cache, as an encoder worker sees them. */
export class DeviceCopies {
  readonly #settings: DeviceCacheSettings | undefined;
  readonly #runtime: Runtime;
  #machine: Promise<MachineKey | undefined> | undefined;

  /** @param settings - Nothing where the device cache is switched off. */
  constructor(runtime: Runtime, settings: DeviceCacheSettings | undefined) {
    this.#runtime = runtime;
    this.#settings = settings;
  }

  /** Looks for the copy of an encoder; one that was found stays until it is released. */
  async hold(setup: Pick<EncoderSetup, 'hash' | 'fileBytes'>): Promise<HeldCopy> {
    if (this.#settings === undefined) return off('the device cache is switched off');
    const { folder, minimumBytes } = this.#settings;
    if (setup.fileBytes < minimumBytes) return off('the encoder is too small to gain by a copy');
    this.#machine ??= import('./key.js').then(({ machineKey }) => machineKey(this.#runtime));
    const machine = await this.#machine;
    if (machine === undefined) return unusable('this build of onnxruntime does not say which one it is');
    const key: CacheKey = { encoder: setup.hash, ...machine };
    const found = await (await storeIn(folder)).hold(key);
    switch (found.kind) {
      case 'held':
        return { ...found, key };
      case 'absent':
        return { kind: 'none', deviceCopy: { state: 'absent', reason: found.reason, key } };
      case 'unusable':
        return unusable(found.reason);
    }
  }

  /** Removes a copy that does not load. */
  async drop(key: CacheKey): Promise<void> {
    if (this.#settings !== undefined) await (await storeIn(this.#settings.folder)).drop(key);
  }
}

/** Loaded where it is needed: a node with small encoders alone does without. */
async function storeIn(folder: string): Promise<CopyStore> {
  const { CopyStore } = await import('./store.js');
  return new CopyStore(folder);
}

function off(reason: string): HeldCopy {
  return { kind: 'none', deviceCopy: { state: 'off', reason } };
}

function unusable(reason: string): HeldCopy {
  return { kind: 'none', deviceCopy: { state: 'unusable', reason } };
}
