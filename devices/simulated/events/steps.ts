import { Shakes } from '../motion/shakes';
import { Random } from '../random';
import { timesEvery } from '../schedule';
import { type Stroke, Strokes } from '../sound/strokes';
import type { Stage } from '../stage';

interface Gait {
  readonly seed: number;
  /** Seconds from one step to the next. */
  readonly pause: readonly [number, number];
  readonly level: number;
}

/** Footsteps as they are heard: heel, then sole. */
export function heardSteps({ seed, pause, level }: Gait): Strokes {
  const random = new Random(seed);
  const shoe = random.between(0, 1);
  function* strokes(): Generator<Stroke> {
    for (const atSeconds of timesEvery(new Random(seed), pause)) {
      const loud = level * random.between(0.75, 1.2);
      const hertz = random.between(75, 125);
      yield { atSeconds, level: loud, hertz, decaySeconds: 0.025, noise: 0.5 + shoe, dullness: 0.75 };
      yield { atSeconds: atSeconds + 0.08, level: 0.35 * loud, decaySeconds: 0.012, noise: 1, dullness: 0.3 };
    }
  }
  return new Strokes(random, strokes());
}

/** The same footsteps as the floor shakes under them. */
export function feltSteps(stage: Stage, { seed, pause, level }: Gait): Shakes {
  const random = new Random(seed);
  const near = 1 / Math.sqrt(stage.z);
  const hertz = random.between(14, 22);
  function* blows() {
    for (const atSeconds of timesEvery(new Random(seed), pause)) {
      const strength = level * near * random.between(0.8, 1.2);
      yield { atSeconds, level: strength, hertz, decaySeconds: 0.05, axes: [0.2, 0.1, 1, 0, 0, 0] } as const;
    }
  }
  return new Shakes(blows());
}
