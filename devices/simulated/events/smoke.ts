import { sine } from '../maths';
import type { EventDeclaration } from './event';

/** Cold smoke: it hides what is behind it from eyes and depth cameras, but not from thermal ones, and makes no sound. */
export const smoke: EventDeclaration = {
  id: 'smoke',
  sensors: ['vision', 'depth'],
  phrases: ['smoke', 'thick smoke', 'smoke filling the space', 'a cloud of dark smoke'],
  onset: 'lasting',
  draw: (stage) => {
    const { random, strength, x, z, elapsedSeconds } = stage;
    const shade = random.between(35, 85);
    const puffs = 9;
    for (let puff = 0; puff < puffs; puff++) {
      const rise = puff / puffs;
      const sway = 0.1 * sine(0.2 * elapsedSeconds + random.next());
      const size = 0.2 + (0.35 + 0.35 * strength) * rise;
      const at = [x + sway + random.between(-0.3, 0.3) * rise, 0.15 + 2 * rise, z + random.between(-0.2, 0.2)] as const;
      const radii = [size * 1.1, size * 0.8, size * 0.8] as const;
      const colour = [shade, shade, shade + 4] as const;
      stage.cloud({ at, radii, colour, density: 2.5 + 2.5 * strength, glow: 0.1 });
    }
  },
};
