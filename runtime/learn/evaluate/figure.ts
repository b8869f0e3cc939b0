import { setImmediate } from 'node:timers/promises';
import Type, { type Static } from '#typebox';
import { Random, seedOf } from '../../../devices/simulated/random';
import { SensebindError } from '../../errors';

/** A mean over scenes, with the interval in which 95 % of its resamples lie. Shares of one, not per cent. */
export const Figure = Type.Object(
  {
    value: Type.Number({ minimum: -1, maximum: 1 }),
    low: Type.Number({ minimum: -1, maximum: 1 }),
    high: Type.Number({ minimum: -1, maximum: 1 }),
    scenes: Type.Integer({ minimum: 1, description: 'How many scenes it is the mean of.' }),
  },
  { additionalProperties: false },
);
export type Figure = Static<typeof Figure>;

export const RESAMPLES = 1000;
const OUTSIDE = 0.025;

/** Numbers drawn between two turns of the event loop: a few milliseconds. */
const DRAWS_A_TURN = 2 ** 17;

/**
 * The mean of what each scene gave, a number of [-1, 1], and its bootstrap interval: 1,000 times as many scenes are drawn
 * with replacement, and of the means the middle 95 % are kept (Efron's percentile interval). The same seed gives the same
 * interval. Where every scene gave the same, the interval has no width: that says nothing of scenes not seen.
 *
 * @throws {SensebindError} `INPUT_INVALID` without a scene.
 */
export async function figureOf(outcomes: readonly number[], seed: number): Promise<Figure> {
  const scenes = outcomes.length;
  if (scenes === 0) {
    throw new SensebindError('INPUT_INVALID', 'Expected scenes to judge, found none', 'Ask for more scenes.');
  }
  const random = new Random(seedOf(seed, 'bootstrap'));
  const means = new Float64Array(RESAMPLES);
  for (let resample = 0, drawn = 0; resample < RESAMPLES; resample++) {
    means[resample] = meanOfResample(outcomes, random);
    drawn += scenes;
    if (drawn < DRAWS_A_TURN) continue;
    drawn = 0;
    await setImmediate();
  }
  means.sort();
  const value = outcomes.reduce((sum, outcome) => sum + outcome, 0) / scenes;
  const outside = Math.floor(OUTSIDE * RESAMPLES);
  return { value, low: means[outside] ?? value, high: means[RESAMPLES - 1 - outside] ?? value, scenes };
}

function meanOfResample(outcomes: readonly number[], random: Random): number {
  let sum = 0;
  for (let draw = 0; draw < outcomes.length; draw++) sum += outcomes[random.integer(outcomes.length)] ?? 0;
  return sum / outcomes.length;
}
