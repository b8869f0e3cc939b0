import { randomStateDict } from '../../../models/checkpoint/randomStateDict';
import { IMAGEBIND_MINI, imagebindLayout } from '../../../models/imagebind/layout';
import type { ImagebindModality } from '../../../models/imagebind/modality';
import { type EncoderPlan, planEncoder } from '../../../models/imagebind/plan';
import { readVariant } from '../../../models/imagebind/variant';

/** The small model's encoder before anything is known of its weights. */
export async function miniPlan(modality: ImagebindModality): Promise<EncoderPlan> {
  const layout = imagebindLayout(IMAGEBIND_MINI, [modality]);
  return planEncoder(randomStateDict(layout, { seed: 0 }), await readVariant('imagebind_mini'), modality);
}
