import { sine } from '../maths';
import { Random } from '../random';
import { Spells } from '../schedule';
import { Band } from '../sound/band';
import { Hum } from '../sound/hum';
import type { EventDeclaration } from './event';

export const dogBarking: EventDeclaration = {
  id: 'dog_barking',
  sensors: ['vision', 'depth', 'thermal', 'audio', 'radar'],
  phrases: ['a barking dog', 'a dog barking', 'a loud dog', 'a dog making noise'],
  onset: 'lasting',
  reachMetres: 3,
  draw: (stage) => {
    const { random, x, z } = stage;
    const size = random.between(0.95, 1.35);
    const way = random.chance(0.5) ? 1 : -1;
    const fur = stage.nearly(
      random.pick([
        [70, 46, 28],
        [150, 104, 58],
        [28, 26, 26],
        [214, 196, 164],
      ]),
      15,
    );
    const at = (along: number, high: number, aside = 0) => [x + way * along * size, high * size, z + aside] as const;
    const look = { colour: fur, kelvin: 304 };
    stage.rod({ from: at(-0.34, 0.5), to: at(0.3, 0.53), radius: 0.145 * size, ...look });
    stage.rod({ from: at(0.3, 0.56), to: at(0.48, 0.78), radius: 0.095 * size, ...look });
    stage.ball({ at: at(0.52, 0.82), radii: [0.14 * size, 0.12 * size, 0.1 * size], colour: fur, kelvin: 306 });
    stage.rod({ from: at(0.6, 0.79), to: at(0.72, 0.77), radius: 0.05 * size, colour: [30, 24, 22], kelvin: 307 });
    stage.rod({ from: at(-0.44, 0.56), to: at(-0.66, 0.86), radius: 0.04 * size, colour: fur, kelvin: 301 });
    for (const along of [-0.36, 0.28]) {
      for (const aside of [-0.09, 0.09]) {
        const foot = at(along + random.between(-0.06, 0.06), 0.05, aside);
        stage.rod({ from: at(along, 0.42, aside), to: foot, radius: 0.05 * size, colour: fur, kelvin: 302 });
      }
    }
  },
  sound: (stage) => {
    const random = new Random(stage.seed('sound'));
    const hertz = random.between(300, 620);
    const barks = new Spells(random, { length: [0.12, 0.2], pause: [0.12, 0.5] });
    const level = (seconds: number): number => {
      const progress = barks.progress(seconds);
      return progress < 0 ? 0 : 0.4 * Math.sqrt(sine(Math.min(progress, 1) / 2));
    };
    const pitch = (seconds: number): number =>
      hertz * (0.9 + 0.2 * barks.at(seconds).chance) * (1 + 0.4 * sine(Math.max(0, barks.progress(seconds)) / 2));
    return [
      new Hum(random, { hertz: pitch, harmonics: [1, 0.8, 0.5, 0.4, 0.25, 0.2], level, highestHz: 950 }),
      new Band(random, { hertz: 1400, widthHz: 1400, level: (seconds) => 0.5 * level(seconds) }),
    ];
  },
  echoes: ({ z, strength }) => [
    { metres: z - 0.12, strength: 0.35 + 0.2 * strength, spreadMetres: 0.05 },
    { metres: z + 0.18, strength: 0.3, spreadMetres: 0.05 },
  ],
};
