import { randomStateDict } from '../../../models/checkpoint/randomStateDict';
import { type EncoderPlan, planEncoder } from '../../../models/imagebind/encoder';
import { type ImagebindDimensions, imagebindLayout } from '../../../models/imagebind/layout';
import type { ImagebindModality } from '../../../models/imagebind/modality';
import type { Variant } from '../../../models/imagebind/variant';

const SIZES = { width: 8, hidden: 12, blocks: 2 };

/** The smallest towers that hold all that the published ones do: patches that overlap, and some that leave a rest. */
const DIMENSIONS: ImagebindDimensions = {
  output: 6,
  towers: {
    vision: { ...SIZES, tokens: 5, stem: [2, 2, 2, 2] },
    text: { ...SIZES, tokens: 5, stem: [11] },
    audio: { ...SIZES, tokens: 5, stem: [1, 3, 2] },
    depth: { ...SIZES, tokens: 5, stem: [1, 2, 2] },
    thermal: { ...SIZES, tokens: 3, stem: [1, 3, 3] },
    imu: { ...SIZES, tokens: 5, stem: [6] },
  },
};

const VARIANT: Variant = {
  format: 'sensebind-variant/1',
  name: 'tiny',
  encoders: {
    vision: { heads: 2, stride: [2, 2, 2], frames: 2, height: 4, width: 5, preset: 'clip' },
    text: { heads: 2, preset: 'clip-bpe' },
    audio: {
      heads: 4,
      stride: [2, 3],
      melBins: 5,
      columns: 6,
      sampleRateHz: 8000,
      clipSeconds: 0.5,
      clips: 1,
      preset: 'kaldi-fbank',
    },
    depth: { heads: 2, stride: [2, 2], height: 4, width: 4, preset: 'metric' },
    thermal: { heads: 1, stride: [3, 3], height: 3, width: 6, preset: 'gray8' },
    imu: { heads: 2, kernel: 2, rateHz: 8, windowSeconds: 1, preset: 'ego4d' },
  },
};

/** The plan of one of six encoders of about a thousand parameters each. */
export async function tinyPlan(modality: ImagebindModality): Promise<EncoderPlan> {
  return planEncoder(randomStateDict(imagebindLayout(DIMENSIONS), { seed: 1 }), VARIANT, modality);
}
