import { stat } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { randomStateDict } from '../../models/checkpoint/randomStateDict';
import { writeStateDict } from '../../models/checkpoint/writeStateDict';
import { IMAGEBIND_HUGE, imagebindLayout } from '../../models/imagebind/layout';
import { MODALITIES } from '../../models/imagebind/modality';
import { tensorsOf } from '../support/tensorsOf';

/**
 * `node dist/tests/bench/randomCheckpoint.js OUT.pth [--modalities audio,imu] [--seed N]`: a checkpoint with the full
 * layout of imagebind_huge and random weights (all modalities: 4.8 GB), written without PyTorch.
 */
async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { modalities: { type: 'string', default: MODALITIES.join(',') }, seed: { type: 'string', default: '1' } },
  });
  const [path] = positionals;
  if (path === undefined) throw new Error('expected the path of the checkpoint to write');
  const wanted = values.modalities.split(',');
  const modalities = MODALITIES.filter((modality) => wanted.includes(modality));
  if (modalities.length !== wanted.length) throw new Error(`expected modalities of ${MODALITIES}; found ${wanted}`);
  const started = performance.now();
  const random = randomStateDict(imagebindLayout(IMAGEBIND_HUGE, modalities), { seed: Number(values.seed) });
  await writeStateDict(path, tensorsOf(random));
  const seconds = (performance.now() - started) / 1000;
  const { size } = await stat(path);
  console.log(`${path}: ${size} bytes in ${seconds.toFixed(1)} s, ${(size / seconds / 1e6).toFixed()} MB/s`);
}

void main();
