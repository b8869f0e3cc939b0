/** How the learning rate changes over a training. */
export interface Schedule {
  /** The highest learning rate. */
  readonly peak: number;
  readonly warmUpSteps: number;
  /** Of the whole training, warm-up included. */
  readonly steps: number;
}

/** The lowest learning rate, as a share of the peak. */
const FLOOR = 0.01;

/** Learning rate of a step, the first being 0: up in a straight line, then down a half cosine (arXiv 1608.03983). */
export function learningRate(step: number, { peak, warmUpSteps, steps }: Schedule): number {
  if (step < warmUpSteps) return (peak * (step + 1)) / warmUpSteps;
  const passed = Math.min(1, (step - warmUpSteps) / Math.max(1, steps - warmUpSteps));
  return peak * (FLOOR + (1 - FLOOR) * 0.5 * (1 + Math.cos(Math.PI * passed)));
}
