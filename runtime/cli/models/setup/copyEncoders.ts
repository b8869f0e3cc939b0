import { availableParallelism } from 'node:os';
import type { Bundle } from '../../../../models/bundle/bundle';
import { copyRequest, makeWhereItFits } from '../../../inference/deviceCache/copyMaker';
import { deviceCacheSettings } from '../../../inference/deviceCache/settings';
import { readMemory } from '../../../inference/plan/memory';
import { encoderSetups } from '../../../inference/setups';
import { formatBytes } from '../../output';

/** How it stands with the copy of an encoder in the device cache, in words. */
export interface CopyNews {
  readonly modality: string;
  readonly isThere: boolean;
  readonly news: string;
}

/**
 * Makes the copies for the device cache that a node would make when it is quiet, each in a process of its own. Where there is
 * no room, or no use, there is none: encoders work without.
 *
 * @throws {SensebindError} `REQUEST_ABORTED`.
 */
export async function copyEncoders(
  bundle: Bundle,
  { signal, onEncoder }: { readonly signal: AbortSignal; readonly onEncoder: (modality: string) => void },
): Promise<readonly CopyNews[]> {
  const settings = deviceCacheSettings();
  const news: CopyNews[] = [];
  for (const setup of Object.values(encoderSetups(bundle))) {
    const { modality, fileBytes } = setup;
    if (fileBytes < settings.minimumBytes) {
      news.push({ modality, isThere: false, news: 'too small to gain by a copy' });
      continue;
    }
    onEncoder(modality);
    const request = {
      ...copyRequest(setup, settings),
      runtimeModule: 'onnxruntime-node',
      threads: availableParallelism(),
      inBackground: false,
    };
    const result = await makeWhereItFits(request, { readMemory, signal });
    const isThere = result.kind === 'made' || result.kind === 'there';
    news.push({ modality, isThere, news: wordsOf(result) });
  }
  return news;
}

function wordsOf(result: Awaited<ReturnType<typeof makeWhereItFits>>): string {
  switch (result.kind) {
    case 'made':
      return `${formatBytes(result.bytes)} in the device cache`;
    case 'there':
      return 'was in the device cache';
    case 'later':
    case 'never':
      return `no copy: ${result.reason}`;
  }
}
