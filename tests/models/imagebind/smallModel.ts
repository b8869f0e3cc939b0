import type { ImagebindDimensions } from '../../../models/imagebind/layout';
import type { Variant } from '../../../models/imagebind/variant';

/**
 * A model with no size in common with the published one: other patches (not square, some overlapping, some leaving a
 * rest), strides, inputs, vocabulary, heads and hidden layers. Tokens are counted by hand: floor((size − kernel) /
 * stride) + 1 along each axis, and one for the class token.
 */
export const SMALL_DIMENSIONS: ImagebindDimensions = {
  output: 12,
  towers: {
    // 2 steps of frames × (floor(14 / 4) + 1 = 4) × (floor(23 / 5) + 1 = 5) + 1
    vision: { width: 24, hidden: 40, blocks: 2, tokens: 41, stem: [3, 2, 6, 5] },
    text: { width: 18, hidden: 30, blocks: 2, tokens: 9, stem: [50] },
    // (floor(12 / 4) + 1 = 4) × (floor(28 / 7) + 1 = 5) + 1
    audio: { width: 20, hidden: 48, blocks: 1, tokens: 21, stem: [1, 8, 6] },
    // (floor(13 / 3) + 1 = 5) × (floor(18 / 4) + 1 = 5) + 1
    depth: { width: 16, hidden: 64, blocks: 3, tokens: 26, stem: [1, 5, 4] },
    // (floor(8 / 4) + 1 = 3) × (floor(8 / 4) + 1 = 3) + 1
    thermal: { width: 16, hidden: 24, blocks: 1, tokens: 10, stem: [2, 4, 4] },
    // 40 / 5 + 1
    imu: { width: 14, hidden: 20, blocks: 2, tokens: 9, stem: [15] },
  },
};

export const SMALL_VARIANT: Variant = {
  format: 'sensebind-variant/1',
  name: 'small',
  encoders: {
    vision: { heads: 3, stride: [2, 4, 5], frames: 4, height: 20, width: 28, preset: 'clip' },
    text: { heads: 2, preset: 'clip-bpe' },
    audio: {
      heads: 4,
      stride: [4, 7],
      melBins: 20,
      columns: 34,
      sampleRateHz: 8000,
      clipSeconds: 0.5,
      clips: 2,
      preset: 'kaldi-fbank',
    },
    depth: { heads: 2, stride: [3, 4], height: 18, width: 22, preset: 'metric' },
    thermal: { heads: 1, stride: [4, 4], height: 12, width: 12, preset: 'gray8' },
    imu: { heads: 7, kernel: 5, rateHz: 20, windowSeconds: 2, preset: 'ego4d' },
  },
};
