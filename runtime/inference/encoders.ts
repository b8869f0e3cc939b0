import { presetOf } from '../preprocess/presets';
import type { Modality } from '../reading';
import { DeviceCopies } from './deviceCache/copies';
import { Encoder } from './encoder';
import { modalityUnknown } from './engineErrors';
import type { ProviderInUse, WorkerSetup } from './protocol';
import { Providers } from './providers';
import type { WorkerFlags } from './quiesce';
import { loadRuntime } from './session';

/** The encoders of one worker; each comes into being when it is first asked for. */
export class Encoders {
  readonly #setup: WorkerSetup;
  readonly #flags: WorkerFlags;
  readonly #providers: Providers;
  readonly #onProvider: (modality: Modality, inUse: ProviderInUse) => void;
  readonly #encoders = new Map<Modality, Encoder>();

  /**
   * Loads onnxruntime and checks the setup; loads no model.
   *
   * @throws {SensebindError} `CONFIG_INVALID` (no onnxruntime), `PROVIDER_UNSUPPORTED`, `PRESET_UNKNOWN`.
   */
  constructor(
    setup: WorkerSetup,
    options: {
      readonly flags: WorkerFlags;
      readonly onProvider: (modality: Modality, inUse: ProviderInUse) => void;
    },
  ) {
    this.#setup = setup;
    this.#flags = options.flags;
    this.#onProvider = options.onProvider;
    const { runtimeModule, threads, providers, cpuOnlyReason, memory } = setup;
    const runtime = loadRuntime(runtimeModule);
    const copies = new DeviceCopies(runtime, setup.deviceCache);
    this.#providers = new Providers({ runtime, flags: this.#flags, threads, providers, cpuOnlyReason, copies, memory });
    for (const [modality, preset] of Object.entries(setup.chosenPresets)) presetOf(modality, preset);
  }

  /** @throws {SensebindError} `MODALITY_UNKNOWN`. */
  of(modality: Modality): Encoder {
    const known = this.#encoders.get(modality);
    if (known !== undefined) return known;
    const setup = this.#setup.encoders[modality];
    if (setup === undefined) throw modalityUnknown(modality, Object.keys(this.#setup.encoders));
    const encoder = new Encoder({
      modality,
      setup,
      tokenizerPath: this.#setup.tokenizerPath,
      providers: this.#providers,
      flags: this.#flags,
      onProvider: (inUse) => this.#onProvider(modality, inUse),
    });
    this.#encoders.set(modality, encoder);
    return encoder;
  }

  async release(): Promise<void> {
    for (const encoder of this.#encoders.values()) await encoder.release();
    this.#encoders.clear();
  }
}
