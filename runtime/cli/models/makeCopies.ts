import { availableParallelism } from 'node:os';
import type { Bundle } from '../../../models/bundle/bundle';
import { copyRequest, makeWhereItFits } from '../../inference/deviceCache/copyMaker';
import { readMemory } from '../../inference/plan/memory';
import { encoderSetups } from '../../inference/setups';
import { foreignOwner, type NamedDeviceCache } from '../namedDeviceCache';
import { formatBytes } from '../output';

/** What came of the copy of an encoder in the device cache. */
export interface CopyNews {
  readonly modality: string;
  readonly kind: 'made' | 'there' | 'small' | 'off' | 'later' | 'never';
  readonly isThere: boolean;
  /** The same in words. */
  readonly news: string;
}

/**
 * Makes the copies for the device cache that a node would make when it is quiet, each in a process of its own. Where there is
 * no room, or no use, there is none: encoders work without.
 *
 * @throws {SensebindError} `REQUEST_ABORTED`.
 */
export async function makeCopies(
  bundle: Bundle,
  cache: NamedDeviceCache,
  { signal, onEncoder }: { readonly signal: AbortSignal; readonly onEncoder: (modality: string) => void },
): Promise<readonly CopyNews[]> {
  const { settings, runtimeModule } = cache;
  const owner = await foreignOwner(cache);
  const news: CopyNews[] = [];
  for (const setup of Object.values(encoderSetups(bundle))) {
    const { modality, fileBytes } = setup;
    const none = (kind: CopyNews['kind'], reason: string): void => {
      news.push({ modality, kind, isThere: false, news: `no copy: ${reason}` });
    };
    if (cache.isOff) none('off', `the device cache is switched off in ${cache.origin}`);
    else if (fileBytes < settings.minimumBytes) none('small', `${formatBytes(fileBytes)} are too few to gain by one`);
    else if (owner !== undefined) none('later', owner);
    else {
      onEncoder(modality);
      const how = { runtimeModule, threads: availableParallelism(), inBackground: false };
      const result = await makeWhereItFits({ ...copyRequest(setup, settings), ...how }, { readMemory, signal });
      if ('reason' in result) none(result.kind, result.reason);
      else if (result.kind === 'there') news.push({ modality, ...result, isThere: true, news: 'was there' });
      else news.push({ modality, kind: 'made', isThere: true, news: `${formatBytes(result.bytes)} written` });
    }
  }
  return news;
}
