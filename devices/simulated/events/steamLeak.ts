import { sine } from '../maths';
import { Random } from '../random';
import { Band } from '../sound/band';
import type { EventDeclaration } from './event';

export const steamLeak: EventDeclaration = {
  id: 'steam_leak',
  sensors: ['vision', 'thermal', 'audio'],
  phrases: ['a steam leak', 'hot steam escaping from a pipe', 'a hissing steam pipe', 'a burst steam pipe'],
  onset: 'lasting',
  reachMetres: 3.2,
  draw: (stage) => {
    const { random, strength, x, z, elapsedSeconds } = stage;
    const high = random.between(0.8, 1.5);
    const way = random.chance(0.5) ? 1 : -1;
    const pipe = { radius: 0.065, colour: stage.nearly([150, 150, 158]), kelvin: 362 + random.between(-8, 8) };
    stage.rod({ from: [x - 0.85, high, z + 0.15], to: [x + 0.85, high, z + 0.15], ...pipe });
    stage.ball({ at: [x, high, z + 0.1], radii: [0.11, 0.11, 0.11], colour: [170, 60, 45], kelvin: 366 });
    const white = random.between(228, 250);
    for (let puff = 0; puff < 9; puff++) {
      const reach = puff * (0.09 + 0.07 * strength);
      const rise = 0.07 * puff + 0.02 * sine(0.8 * elapsedSeconds + puff / 3);
      const size = 0.09 + 0.045 * puff;
      const at = [x + way * reach, high + rise, z] as const;
      const colour = [white, white, white + 3] as const;
      stage.cloud({
        at,
        radii: [size, size * 0.85, size],
        colour,
        density: 9 - 0.5 * puff,
        glow: 0.55,
        kelvin: 366 - 5 * puff,
      });
    }
  },
  sound: (stage) => {
    const random = new Random(stage.seed('sound'));
    const flutter = random.between(4, 9);
    return [
      new Band(random, { hertz: random.between(4300, 5800), widthHz: 3000, level: 0.2 }),
      new Band(random, {
        hertz: random.between(2000, 3000),
        widthHz: 900,
        level: (s) => 0.09 * (1 + 0.5 * sine(flutter * s)),
      }),
    ];
  },
};
