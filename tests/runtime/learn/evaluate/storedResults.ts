import type { TrainingResults } from '../../../../runtime/learn/evaluate/results';

const figure = { value: 0.5, low: 0.4, high: 0.6, scenes: 100 };
const better = { ...figure, value: 0.55 };
const retrieved = { pool: 200, recall: { at1: figure, at5: figure, at10: figure } };

/** Results of one further seed of a modality, of a bundle of that hash. */
export function resultsOf(bundle: string, modality = 'imu'): TrainingResults {
  return {
    format: 'sensebind-results/1',
    bundle,
    towers: { imu: { seed: 14, steps: 3500, scenes: 40_960, seconds: 200 } },
    judged: { seed: 1, new: 2400, held: 2400 },
    precisions: {
      judged: { seed: 1, new: 2400, held: 2400 },
      floatingPoint: {
        bundle: 'c'.repeat(64),
        modalities: {
          [modality]: {
            new: { top1: better, top5: better },
            held: { top1: better, top5: better },
            toImage: null,
            toCaption: retrieved,
          },
        },
      },
      shipped: {
        bundle,
        modalities: {
          [modality]: {
            new: { top1: figure, top5: figure },
            held: { top1: figure, top5: figure },
            toImage: retrieved,
            toCaption: retrieved,
          },
        },
      },
    },
    runs: [
      {
        kind: 'furtherSeed',
        modality,
        seed: 24,
        steps: 3500,
        seconds: 200,
        new: { top1: figure, top5: figure },
      },
      {
        kind: 'leftOut',
        modality,
        seed: 14,
        steps: 3500,
        seconds: 200,
        event: 'collision',
        new: { top1: figure, top5: figure },
      },
    ],
  };
}
