import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { type Bundle, openBundle } from '../../models/bundle/bundle';
import { bundleFolder } from '../../models/mini/location';
import '../../models/onnx/noTelemetry';
import { type CopyResult, makeCopy } from '../../runtime/inference/deviceCache/build';
import { DeviceCopies } from '../../runtime/inference/deviceCache/copies';
import { copyRequest, runCopyProcess } from '../../runtime/inference/deviceCache/copyMaker';
import { machineKey } from '../../runtime/inference/deviceCache/key';
import { type DeviceCacheSettings, deviceCacheSettings } from '../../runtime/inference/deviceCache/settings';
import { probeInput } from '../../runtime/inference/probeInput';
import type { DeviceCopy, EncoderSetup } from '../../runtime/inference/protocol';
import { Providers } from '../../runtime/inference/providers';
import { WorkerFlags } from '../../runtime/inference/quiesce';
import { loadRuntime } from '../../runtime/inference/session';
import { encoderSetups } from '../../runtime/inference/setups';

/** Encoders of the shipped bundle, though small, kept in a device cache. */
export class Copies {
  readonly settings: DeviceCacheSettings;
  readonly #bundle: Bundle;
  readonly #runtime = loadRuntime('onnxruntime-node');

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

  /** Makes the copy of an encoder, in this process. */
  async make(modality: string, options: { readonly expectedBytes?: number } = {}): Promise<CopyResult> {
    const setup = this.setup(modality);
    const machine = await machineKey(this.#runtime);
    assert.ok(machine);
    const request = { ...copyRequest(setup, this.settings), key: { encoder: setup.hash, ...machine }, ...options };
    return makeCopy(request, { runtime: this.#runtime, threads: 1 });
  }

  /** The same in a process of its own, which the signal kills. */
  makeApart(modality: string, { signal }: { readonly signal?: AbortSignal } = {}): Promise<CopyResult> {
    const request = copyRequest(this.setup(modality), this.settings);
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

  /** What a fresh encoder makes of a probe, loaded as a worker does, and how it stands with the copy. */
  async encode(
    modality: string,
    deviceCache: DeviceCacheSettings | 'off' = this.settings,
  ): Promise<{ readonly vector: Float32Array; readonly deviceCopy: DeviceCopy }> {
    const runtime = this.#runtime;
    const setup = this.setup(modality);
    const providers = new Providers({
      runtime,
      flags: new WorkerFlags(),
      threads: { threadsPerWorker: 1, threadsOfSmall: 1 },
      providers: ['cpu'],
      cpuOnlyReason: undefined,
      copies: new DeviceCopies(runtime, deviceCache === 'off' ? undefined : deviceCache),
      memory: undefined,
    });
    const { session, inUse } = await providers.open(setup);
    try {
      const [vector] = await session.run(probeInput(setup));
      assert.ok(vector);
      return { vector, deviceCopy: inUse.deviceCopy };
    } finally {
      await session.release();
    }
  }
}
