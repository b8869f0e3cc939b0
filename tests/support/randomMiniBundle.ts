import path from 'node:path';
import type { Manifest } from '../../models/bundle/manifest';
import { randomStateDict } from '../../models/checkpoint/randomStateDict';
import { writeStateDict } from '../../models/checkpoint/writeStateDict';
import { IMAGEBIND_MINI, imagebindLayout } from '../../models/imagebind/layout';
import { makeMiniBundle } from '../../models/mini/makeBundle';
import { worldTokenizer } from '../../runtime/learn/worldTokenizer';
import { fewInputs } from './fewInputs';
import { tensorsOf } from './tensorsOf';

/** Makes the bundle that is shipped as training does, but of weights that nobody trained. */
export async function randomMiniBundle(outputDirectory: string): Promise<Manifest> {
  const beside = path.dirname(outputDirectory);
  const checkpoint = path.join(beside, 'mini.pth');
  await writeStateDict(checkpoint, tensorsOf(randomStateDict(imagebindLayout(IMAGEBIND_MINI), { seed: 11 })));
  return makeMiniBundle({
    checkpoint,
    outputDirectory,
    floatingPoint: path.join(beside, 'floating-point'),
    tokenizer: worldTokenizer(),
    calibration: fewInputs(2),
  });
}
