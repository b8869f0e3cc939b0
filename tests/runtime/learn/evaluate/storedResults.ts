import type { TrainingResults } from '../../../../runtime/learn/evaluate/results';

const figure = { value: 0.5, low: 0.4, high: 0.6, scenes: 100 };

/** Results of one further seed, of a bundle of that hash. */
export function resultsOf(bundle: string): TrainingResults {
  return {
    format: 'sensebind-results/1',
    bundle,
    towers: { imu: { seed: 14, steps: 3500, scenes: 40_960, seconds: 200 } },
    judged: { seed: 1, new: 2400, held: 2400 },
    runs: [
      {
        kind: 'furtherSeed',
        modality: 'imu',
        seed: 24,
        steps: 3500,
        seconds: 200,
        new: { top1: figure, top5: figure },
      },
      {
        kind: 'leftOut',
        modality: 'imu',
        seed: 14,
        steps: 3500,
        seconds: 200,
        event: 'collision',
        new: { top1: figure, top5: figure },
      },
    ],
  };
}
