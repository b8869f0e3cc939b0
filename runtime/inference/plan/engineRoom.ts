import type { Modality } from '../../reading';
import { mayHaveCuda } from '../cudaLibrary';
import { deviceCacheSettings } from '../deviceCache/settings';
import type { EngineOptions } from '../engine';
import type { EncoderSetup } from '../protocol';
import { requireRoom } from './admission';
import { readMemory } from './memory';

const DEFAULT_RUNTIME = 'onnxruntime-node';

/**
 * What cannot fit together is not begun with; the workers look again before they load each encoder.
 *
 * @throws {SensebindError} `MEMORY_SHORT`.
 */
export async function requireRoomFor(
  setups: Readonly<Record<Modality, EncoderSetup>>,
  { modalities = [], expected = [], memory, deviceCache = {}, ...provided }: EngineOptions,
): Promise<void> {
  const wanted = [...new Set([...modalities, ...expected])].flatMap((modality) => setups[modality] ?? []);
  // What another provider computes lies in its own memory, and on the CPU for a probe only.
  if (memory === 'unchecked' || wanted.length === 0 || !isCpuOnly(provided)) return;
  const left = await readMemory(memory);
  const applicants = (copied: ReadonlySet<string>) =>
    wanted.map((setup) => ({ ...setup, hasDeviceCopy: copied.has(setup.hash) }));
  try {
    requireRoom(applicants(new Set()), left);
  } catch (error) {
    if (deviceCache === 'off') throw error;
    // Read from the disk only where it decides.
    const { CopyStore } = await import('../deviceCache/store.js');
    requireRoom(applicants(await new CopyStore(deviceCacheSettings(deviceCache).folder).encoders()), left);
  }
}

/** Left to itself, an engine takes `cuda` where its library is there. */
function isCpuOnly({ providers, runtimeModule }: Pick<EngineOptions, 'providers' | 'runtimeModule'>): boolean {
  return providers === undefined ? !mayHaveCuda(runtimeModule ?? DEFAULT_RUNTIME) : providers[0] === 'cpu';
}
