import { sine } from '../maths';
import { Random } from '../random';
import { Band } from '../sound/band';
import { Hum } from '../sound/hum';
import type { EventDeclaration } from './event';

/** Too low to stand out from the floor for a depth camera or a radar. */
export const robotVacuum: EventDeclaration = {
  id: 'robot_vacuum',
  sensors: ['vision', 'thermal', 'audio'],
  phrases: ['a robot vacuum', 'a robot vacuum cleaning', 'a small cleaning robot', 'a vacuum cleaner on the floor'],
  onset: 'lasting',
  draw: (stage) => {
    const { random, happening, elapsedSeconds, strength } = stage;
    const z = 1.5 + 0.9 * happening.place.away;
    const x = 0.7 * happening.place.across * z * 0.8 + 0.2 * sine(0.12 * elapsedSeconds);
    const shell = stage.nearly(random.chance(0.5) ? [30, 30, 34] : [232, 232, 234], 12);
    const warm = stage.ambientKelvin + 4 + 3 * strength;
    stage.ball({ at: [x, 0.07, z], radii: [0.34, 0.08, 0.34], colour: shell, kelvin: warm });
    stage.ball({ at: [x, 0.145, z], radii: [0.13, 0.035, 0.13], colour: [110, 114, 122], kelvin: warm + 8 });
    stage.ball({
      at: [x, 0.185, z - 0.02],
      radii: [0.05, 0.02, 0.05],
      colour: [60, 160, 255],
      glow: 1.3,
      kelvin: warm + 4,
    });
    // The clean lane behind it.
    stage.box({ at: [x + 0.75, 0.003, z], half: [0.55, 0.004, 0.27], colour: [214, 216, 218], glow: 0.25 });
  },
  sound: (stage) => {
    const random = new Random(stage.seed('sound'));
    return [
      new Hum(random, { hertz: random.between(1450, 1950), harmonics: [1, 0.45], level: 0.07 }),
      new Hum(random, { hertz: random.between(220, 300), harmonics: [1, 0.5, 0.3], level: 0.05 }),
      new Band(random, { hertz: random.between(1000, 1500), widthHz: 1200, level: 0.13 }),
    ];
  },
};
