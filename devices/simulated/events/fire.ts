import { sine } from '../maths';
import { Random } from '../random';
import { timesEvery } from '../schedule';
import { Band } from '../sound/band';
import { Strokes } from '../sound/strokes';
import type { EventDeclaration } from './event';

export const fire: EventDeclaration = {
  id: 'fire',
  sensors: ['vision', 'thermal', 'audio'],
  phrases: ['a fire', 'a fire burning', 'open flames', 'something on fire'],
  onset: 'lasting',
  reachMetres: 3.6,
  draw: (stage) => {
    const { random, strength, x, z, elapsedSeconds } = stage;
    const size = 0.4 + 0.45 * strength;
    const flames = 7 + Math.floor(5 * strength);
    for (let flame = 0; flame < flames; flame++) {
      const height = random.next();
      const flicker = 1 + 0.3 * sine(random.between(1, 3) * elapsedSeconds + random.next());
      const across = random.between(-1, 1) * size * (1 - height) * 0.8;
      const at = [x + across, size * height * 1.7 * flicker + 0.1, z + random.between(-0.15, 0.15)] as const;
      const radii = [0.2 * size * (1.3 - height), 0.42 * size * flicker, 0.2 * size] as const;
      const colour = [255, 235 - 150 * height, 90 - 80 * height] as const;
      stage.cloud({ at, radii, colour, density: 14, glow: 1.15, kelvin: 520 + 380 * (1 - height) });
    }
    stage.lamp({ at: [x, 0.6, z - 0.2], colour: [150, 75, 15], power: 0.6 + 0.7 * strength });
  },
  sound: (stage) => {
    const random = new Random(stage.seed('sound'));
    const breath = random.between(0.7, 1.6);
    function* crackles() {
      for (const atSeconds of timesEvery(random, [0.002, 0.09 - 0.05 * stage.strength])) {
        const hertz = random.between(1500, 5500);
        const level = random.between(0.05, 0.8);
        yield { atSeconds, level, hertz, decaySeconds: random.between(0.001, 0.004), noise: 1.2 };
      }
    }
    const level = (seconds: number): number => 0.14 * (0.75 + 0.25 * sine(breath * seconds));
    return [
      new Band(random, { hertz: 170, widthHz: 240, level }),
      new Strokes(new Random(stage.seed('noise')), crackles()),
    ];
  },
};
