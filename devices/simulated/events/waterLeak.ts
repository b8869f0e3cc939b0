import { Random } from '../random';
import { timesEvery } from '../schedule';
import { Band } from '../sound/band';
import { Strokes } from '../sound/strokes';
import type { EventDeclaration } from './event';

export const waterLeak: EventDeclaration = {
  id: 'water_leak',
  sensors: ['vision', 'thermal', 'audio'],
  phrases: [
    'a water leak',
    'water dripping on the floor',
    'a puddle from a leaking pipe',
    'water running out of a pipe',
  ],
  onset: 'lasting',
  reachMetres: 3.2,
  draw: (stage) => {
    const { random, strength, x, z } = stage;
    const cold = stage.ambientKelvin - 6 - 4 * strength;
    const water = stage.nearly([72, 122, 178], 18);
    const [wide, deep] = [0.55 + 0.55 * strength, 0.4 + 0.35 * strength];
    stage.ball({ at: [x, 0.012, z], radii: [wide, 0.014, deep], colour: water, kelvin: cold, glow: 0.25 });
    const glint = [205, 226, 240] as const;
    stage.ball({
      at: [x - 0.25 * wide, 0.024, z + 0.2 * deep],
      radii: [0.3 * wide, 0.006, 0.12],
      colour: glint,
      kelvin: cold,
      glow: 0.5,
    });
    const high = random.between(1.2, 1.9);
    const pipe = { radius: 0.06, colour: stage.nearly([150, 152, 156]), kelvin: cold + 2 };
    stage.rod({ from: [x - 0.7, high, z + 0.12], to: [x + 0.7, high, z + 0.12], ...pipe });
    const jet = { colour: [165, 200, 235], kelvin: cold, glow: 0.5 } as const;
    const sideways = random.between(-0.15, 0.15);
    stage.rod({
      from: [x, high - 0.05, z + 0.05],
      to: [x + sideways, 0.05, z],
      radius: 0.03 + 0.02 * strength,
      ...jet,
    });
  },
  sound: (stage) => {
    const random = new Random(stage.seed('sound'));
    function* drops() {
      for (const atSeconds of timesEvery(random, [0.05, 0.4 - 0.25 * stage.strength])) {
        const hertz = random.between(700, 1500);
        yield {
          atSeconds,
          level: random.between(0.2, 0.6),
          hertz,
          glide: random.between(1.4, 2.2),
          decaySeconds: random.between(0.01, 0.025),
        };
      }
    }
    return [
      new Strokes(random, drops()),
      new Band(new Random(stage.seed('splash')), { hertz: 2600, widthHz: 1800, level: 0.015 + 0.03 * stage.strength }),
    ];
  },
};
