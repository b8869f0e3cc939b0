import { Vibration } from '../motion/vibration';
import { Random } from '../random';
import { Band } from '../sound/band';
import { Hum } from '../sound/hum';
import type { EventDeclaration } from './event';

export const forklift: EventDeclaration = {
  id: 'forklift',
  sensors: ['vision', 'depth', 'thermal', 'audio', 'imu', 'radar'],
  phrases: ['a forklift', 'a forklift driving by', 'a yellow forklift', 'a passing lift truck'],
  onset: 'lasting',
  draw: (stage) => {
    const { random, z, strength } = stage;
    const way = random.chance(0.5) ? 1 : -1;
    const x = stage.x * 0.8;
    const warm = stage.ambientKelvin + 10 + 10 * strength;
    const at = (along: number, high: number, aside = 0) => [x + way * along, high, z + aside] as const;
    stage.box({ at: at(0, 0.65), half: [0.62, 0.38, 0.45], colour: stage.nearly([240, 190, 24], 15), kelvin: warm });
    stage.box({ at: at(-0.5, 0.95), half: [0.16, 0.2, 0.42], colour: [46, 46, 50], kelvin: warm + 12 });
    for (const along of [-0.45, 0.4])
      stage.rod({ from: at(along, 1, -0.4), to: at(along, 1.95, -0.4), radius: 0.04, colour: [42, 42, 46] });
    stage.box({ at: at(0, 1.98), half: [0.52, 0.04, 0.45], colour: [42, 42, 46] });
    stage.box({ at: at(0.76, 1.15), half: [0.05, 1.12, 0.32], colour: [52, 52, 58] });
    for (const aside of [-0.2, 0.2])
      stage.box({ at: at(1.15, 0.14, aside), half: [0.42, 0.035, 0.07], colour: [66, 66, 70] });
    for (const along of [-0.42, 0.42]) {
      stage.ball({
        at: at(along, 0.26, -0.46),
        radii: [0.26, 0.26, 0.09],
        colour: [20, 20, 22],
        kelvin: stage.ambientKelvin + 4,
      });
    }
  },
  sound: (stage) => {
    const random = new Random(stage.seed('sound'));
    const period = random.between(0.8, 1.1);
    const beep = (seconds: number): number => ((seconds / period) % 1 < 0.5 ? 0.12 : 0);
    return [
      new Hum(random, { hertz: random.between(36, 48), harmonics: [1, 0.7, 0.6, 0.2, 0.45, 0.1, 0.35], level: 0.16 }),
      new Band(random, { hertz: 220, widthHz: 200, level: 0.1 }),
      new Hum(random, { hertz: random.between(1100, 1350), harmonics: [1, 0.2], level: beep }),
    ];
  },
  motion: (stage) => {
    const random = new Random(stage.seed('motion'));
    const level = (0.5 * (0.6 + stage.strength)) / Math.sqrt(stage.z);
    return [
      new Vibration(random, {
        hertz: random.between(9, 12),
        level,
        axes: [0.1, 0.2, 1, 0, 0, 0],
        crossAxes: [0.3, 0, 0, 0, 0, 0],
      }),
      new Vibration(random, { hertz: random.between(18, 23), level: 0.7 * level, axes: [1, 0.3, 0.2, 0, 0, 0] }),
    ];
  },
  echoes: ({ z, strength }) => [
    { metres: z - 0.45, strength: 2.2 + strength, spreadMetres: 0.06 },
    { metres: z + 0.5, strength: 1.6, spreadMetres: 0.1 },
  ],
};
