import { createRequire } from 'node:module';
import path from 'node:path';
import { messageOf, SensebindError } from '../errors';
import { hasCudaLibraryIn } from './cudaLibrary';
import type { DeviceCopies } from './deviceCache/copies';
import { requireRoom } from './plan/admission';
import { type MemoryRoots, readMemory } from './plan/memory';
import { probeInput } from './probeInput';
import type { DeviceCopy, EncoderSetup, ProviderInUse, TensorData } from './protocol';
import type { WorkerFlags } from './quiesce';
import { EncoderSession, type Runtime, type SessionOptions } from './session';
import { threadsFor, type WorkerThreads } from './threads';
import { dot, unit } from './vectors';

/** Names that onnxruntime gives to its execution providers; a build lists further ones of its own. */
const KNOWN_PROVIDERS: readonly string[] = [
  'cann',
  'coreml',
  'cpu',
  'cuda',
  'dml',
  'migraphx',
  'nnapi',
  'openvino',
  'qnn',
  'rocm',
  'tensorrt',
  'webgpu',
  'xnnpack',
];

/** Another provider is accepted only when it agrees this well with the CPU on a probe (design.md, Choices made). */
export const PROBE_COSINE = 0.999;

/** What has to lie beside the binding for `cuda` to work, by platform. */
export interface ProviderWishes {
  /** By preference; `undefined` leaves the choice to this class. */
  readonly providers: readonly string[] | undefined;
  /** Why nothing but the CPU is to be tried; set after a provider took a worker down. */
  readonly cpuOnlyReason: string | undefined;
}

export interface ProviderOptions extends ProviderWishes {
  readonly runtime: Runtime;
  readonly flags: WorkerFlags;
  readonly threads: WorkerThreads;
  readonly copies: DeviceCopies;
  readonly memory: MemoryRoots | undefined;
}

/** Opens sessions on the best execution provider that works, the CPU at the latest (fault row F19). */
export class Providers {
  readonly #options: ProviderOptions;
  readonly #accelerators: readonly string[];
  /** Why providers are not used, by name; none is tried twice. */
  readonly #refusals = new Map<string, string>();

  /** @throws {SensebindError} `PROVIDER_UNSUPPORTED` for a name that no build of onnxruntime knows. */
  constructor(options: ProviderOptions) {
    this.#options = options;
    const supported = options.runtime.listSupportedBackends().map(({ name }) => name);
    const wanted = options.providers ?? defaultProviders(supported);
    const unknown = wanted.find((name) => !KNOWN_PROVIDERS.includes(name) && !supported.includes(name));
    if (unknown !== undefined) throw unsupported(unknown, supported);
    const cpuAt = wanted.indexOf('cpu');
    this.#accelerators = cpuAt < 0 ? wanted : wanted.slice(0, cpuAt);
    for (const name of this.#accelerators) {
      if (!supported.includes(name)) this.#refusals.set(name, 'this build of onnxruntime does not have it');
      else if (options.cpuOnlyReason !== undefined) this.#refusals.set(name, options.cpuOnlyReason);
    }
  }

  /**
   * @throws {SensebindError} `ENCODE_FAILED`, `BUNDLE_INVALID` or `EMBEDDING_NOT_FINITE` when the encoder does not work on
   * the CPU either; `MEMORY_SHORT`.
   */
  async open(setup: EncoderSetup): Promise<OpenedSession> {
    const opened = await this.#openOnCpu(setup);
    if (this.#accelerators.every((name) => this.#refusals.has(name))) return this.#onCpu(opened, []);
    const { session: cpu } = opened;
    const probe = await this.#probe(cpu, setup);
    const reasons: string[] = [];
    for (const name of this.#accelerators) {
      const attempt = await this.#try(name, setup, probe);
      if (attempt.kind === 'accepted') {
        await cpu.release();
        return { session: attempt.session, inUse: { provider: name, reason: attempt.reason, deviceCopy: NOT_ON_CPU } };
      }
      reasons.push(`${name} is not used: ${attempt.reason}`);
    }
    return this.#onCpu(opened, reasons);
  }

  /** Because of `reason`, and without looking for another provider. */
  async openOnCpu(setup: EncoderSetup, reason: string): Promise<OpenedSession> {
    const { session, deviceCopy } = await this.#openOnCpu(setup);
    return { session, inUse: { provider: 'cpu', reason, deviceCopy } };
  }

  /** From the device cache where it has a copy that can be trusted; else from the bundle. */
  async #openOnCpu(setup: EncoderSetup): Promise<OnCpu> {
    const { copies } = this.#options;
    const found = await copies.hold(setup);
    if (found.kind === 'none') return { session: await this.#openOriginal(setup), deviceCopy: found.deviceCopy };
    const { modelPath, key, release } = found;
    try {
      const session = await EncoderSession.open(
        { ...setup, modelPath },
        { ...this.#sessionOf(setup), provider: 'cpu', onReleased: release },
      );
      return { session, deviceCopy: { state: 'used', reason: 'loaded from the device cache' } };
    } catch (error) {
      await copies.drop(key);
      const reason = `the copy was removed: ${messageOf(error)}`;
      return { session: await this.#openOriginal(setup), deviceCopy: { state: 'absent', reason, key } };
    }
  }

  async #openOriginal(setup: EncoderSetup): Promise<EncoderSession> {
    const { memory } = this.#options;
    if (memory !== undefined) requireRoom([{ ...setup, hasDeviceCopy: false }], await readMemory(memory));
    return EncoderSession.open(setup, { ...this.#sessionOf(setup), provider: 'cpu' });
  }

  #sessionOf(setup: EncoderSetup): Omit<SessionOptions, 'provider'> {
    const { runtime, flags, threads } = this.#options;
    return { runtime, flags, threads: threadsFor(setup, threads) };
  }

  #onCpu({ session, deviceCopy }: OnCpu, probed: readonly string[]): OpenedSession {
    const refused = [...this.#refusals].map(([name, reason]) => `${name} is not used: ${reason}`);
    const reasons = new Set([...refused, ...probed]);
    const reason = [...reasons].join('; ') || 'no other provider is asked for';
    return { session, inUse: { provider: 'cpu', reason, deviceCopy } };
  }

  async #probe(cpu: EncoderSession, setup: EncoderSetup): Promise<Probe> {
    const input = probeInput(setup);
    try {
      const [expected = []] = await cpu.run(input);
      return { input, expected: unit(expected) };
    } catch (error) {
      await cpu.release();
      throw error;
    }
  }

  async #try(provider: string, setup: EncoderSetup, { input, expected }: Probe): Promise<Attempt> {
    const known = this.#refusals.get(provider);
    if (known !== undefined) return { kind: 'refused', reason: known };
    let session: EncoderSession | undefined;
    try {
      session = await EncoderSession.open(setup, { ...this.#sessionOf(setup), provider, activity: 'probing' });
      const [found = []] = await session.run(input, 'probing');
      const cosine = dot(expected, unit(found));
      const figure = `cosine ${cosine.toFixed(6)} to the CPU on a probe, ${PROBE_COSINE} needed`;
      if (cosine >= PROBE_COSINE) return { kind: 'accepted', session, reason: figure };
      return { kind: 'refused', reason: `${figure}${await session.leave()}` };
    } catch (error) {
      const failure = messageOf(error instanceof SensebindError ? (error.cause ?? error) : error);
      const reason = `${failure}${(await session?.leave()) ?? ''}`;
      this.#refusals.set(provider, reason);
      return { kind: 'refused', reason };
    }
  }
}

export interface OpenedSession {
  readonly session: EncoderSession;
  readonly inUse: ProviderInUse;
}

const NOT_ON_CPU: DeviceCopy = { state: 'off', reason: 'copies are for the CPU' };

interface OnCpu {
  readonly session: EncoderSession;
  readonly deviceCopy: DeviceCopy;
}

/** What the CPU makes of {@link probeInput}. */
interface Probe {
  readonly input: TensorData;
  readonly expected: Float32Array;
}

type Attempt =
  | { readonly kind: 'accepted'; readonly session: EncoderSession; readonly reason: string }
  | { readonly kind: 'refused'; readonly reason: string };

/** `cuda` where this build has it and its library is installed; trying without would cost a failed load each start. */
function defaultProviders(supported: readonly string[]): readonly string[] {
  return supported.includes('cuda') && hasCudaLibrary() ? ['cuda', 'cpu'] : ['cpu'];
}

/** Looks beside the binding that this thread has loaded, wherever the module came from. */
function hasCudaLibrary(): boolean {
  const loaded = Object.keys(createRequire(__filename).cache);
  const binding = loaded.find((file) => path.basename(file) === 'onnxruntime_binding.node');
  return binding !== undefined && hasCudaLibraryIn(path.dirname(binding));
}

function unsupported(name: string, supported: readonly string[]): SensebindError {
  return new SensebindError(
    'PROVIDER_UNSUPPORTED',
    `Expected the name of an execution provider, found "${name}"`,
    `This build of onnxruntime has ${supported.join(', ')}; "cpu" always works.`,
  );
}
