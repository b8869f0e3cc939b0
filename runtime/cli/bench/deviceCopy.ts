import { availableParallelism } from 'node:os';
import { copyRequest, makeWhereItFits } from '../../inference/deviceCache/copyMaker';
import type { DeviceCacheSettings } from '../../inference/deviceCache/settings';
import { readMemory } from '../../inference/plan/memory';
import type { EncoderSetup } from '../../inference/protocol';

/**
 * Makes the copy of an encoder where there is none, so that none is made while its encoder is measured.
 *
 * @returns why none could be made; nothing where there is one now.
 * @throws {SensebindError} `REQUEST_ABORTED` by the signal.
 */
export async function requireCopy(
  setup: EncoderSetup,
  { settings, signal }: { readonly settings: DeviceCacheSettings; readonly signal: AbortSignal },
): Promise<string | undefined> {
  if (setup.fileBytes < settings.minimumBytes) return 'the encoder is too small to gain by a copy';
  const how = { runtimeModule: 'onnxruntime-node', threads: availableParallelism(), inBackground: false };
  const made = await makeWhereItFits({ ...copyRequest(setup, settings), ...how }, { readMemory, signal });
  return 'reason' in made ? made.reason : undefined;
}
