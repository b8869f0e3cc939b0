import { readArchive } from '../../models/checkpoint/archive';
import { readPickle } from '../../models/checkpoint/pickle';
import { bytesAccess } from '../../models/checkpoint/randomAccess';
import type { FuzzTarget } from './target';
import { target as zip } from './zip';

/** The pickle machine alone, since the CRC in the zip would keep damaged pickles from it. */
export const target: FuzzTarget = {
  name: 'pickle',
  run(bytes) {
    readPickle(bytes);
  },
  async seeds() {
    const archives = await zip.seeds();
    return Promise.all(archives.map(async (bytes) => (await readArchive(bytesAccess(bytes))).pickle));
  },
};
