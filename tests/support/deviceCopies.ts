import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { type Bundle, openBundle } from '../../models/bundle/bundle';
import { bundleFolder } from '../../models/mini/location';
import type { CopyResult } from '../../runtime/inference/deviceCache/build';
import { copyRequest, runCopyProcess } from '../../runtime/inference/deviceCache/copyMaker';
import { type DeviceCacheSettings, deviceCacheSettings } from '../../runtime/inference/deviceCache/settings';
import { Engine } from '../../runtime/inference/engine';
import { probeInput } from '../../runtime/inference/probeInput';
import type { DeviceCopy, EncoderSetup } from '../../runtime/inference/protocol';
import { encoderSetups } from '../../runtime/inference/setups';

/** Encoders of the shipped bundle, though small, kept in a device cache. */
export class Copies {
  readonly settings: DeviceCacheSettings;
  readonly #bundle: Bundle;

  private constructor(bundle: Bundle, settings: DeviceCacheSettings) {
    this.#bundle = bundle;
    this.settings = settings;
  }

  static async in(folder: string, wishes: Partial<DeviceCacheSettings> = {}): Promise<Copies> {
    const bundle = await openBundle(bundleFolder(undefined), { stateDirectory: path.join(folder, 'state') });
    const settings = deviceCacheSettings({
      folder: path.join(folder, 'encoders'),
      minimumBytes: 0,
      keepFreeBytes: 0,
      ...wishes,
    });
    return new Copies(bundle, settings);
  }

  get bundle(): Bundle {
    return this.#bundle;
  }

  setup(modality: string): EncoderSetup {
    const setup = encoderSetups(this.#bundle)[modality];
    assert.ok(setup);
    return setup;
  }

  /** Makes the copy of an encoder, in a process of its own as always. */
  make(
    modality: string,
    options: { readonly signal?: AbortSignal; readonly expectedBytes?: number } = {},
  ): Promise<CopyResult> {
    const { signal, ...rest } = options;
    const request = { ...copyRequest(this.setup(modality), this.settings), ...rest };
    return runCopyProcess({ ...request, runtimeModule: 'onnxruntime-node', threads: 1, inBackground: false }, signal);
  }

  /** Folders of copies that are there. */
  async folders(): Promise<readonly string[]> {
    const names = await readdir(this.settings.folder).catch((): string[] => []);
    return names.filter((name) => /^[0-9a-f]{32}$/.test(name)).map((name) => path.join(this.settings.folder, name));
  }

  /** The only copy. */
  async folder(): Promise<string> {
    const [folder, ...others] = await this.folders();
    assert.ok(folder !== undefined && others.length === 0, 'one copy');
    return folder;
  }

  /** `entry.json` of the only copy. */
  async entry() {
    return JSON.parse(await readFile(path.join(await this.folder(), 'entry.json'), 'utf8'));
  }

  /** What a fresh engine makes of a probe, and how it stands with the copy. */
  async encode(
    modality: string,
    deviceCache: DeviceCacheSettings | 'off' = this.settings,
  ): Promise<{ readonly vector: Float32Array; readonly deviceCopy: DeviceCopy }> {
    await using engine = await Engine.open(this.#bundle, { deviceCache });
    const { data, shape } = probeInput(this.setup(modality));
    const { vector } = await engine.encode(modality, { kind: 'tensor', data, shape });
    const deviceCopy = engine.status().providers[modality]?.deviceCopy;
    assert.ok(deviceCopy);
    return { vector, deviceCopy };
  }
}
