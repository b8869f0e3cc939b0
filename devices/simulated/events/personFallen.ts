import { lyingPerson } from '../bodies';
import { exponential, ramp } from '../maths';
import { Shakes } from '../motion/shakes';
import { Random } from '../random';
import { Hum } from '../sound/hum';
import { Strokes } from '../sound/strokes';
import type { EventDeclaration } from './event';

export const personFallen: EventDeclaration = {
  id: 'person_fallen',
  sensors: ['vision', 'depth', 'thermal', 'audio', 'imu', 'radar'],
  phrases: [
    'a fallen person',
    'a person lying on the floor',
    'someone fallen down',
    'a worker collapsed on the ground',
  ],
  onset: 'sudden',
  reachMetres: 2.8,
  draw: (stage) => lyingPerson(stage, stage),
  sound: (stage) => {
    const random = new Random(stage.seed('sound'));
    const pause = random.between(0.09, 0.2);
    const groan = random.between(105, 200);
    const after = random.between(0.35, 0.5);
    return [
      new Strokes(random, [
        { atSeconds: 0, level: 1, hertz: random.between(52, 75), decaySeconds: 0.07, noise: 1, dullness: 0.85 },
        { atSeconds: pause, level: 0.6, hertz: random.between(80, 110), decaySeconds: 0.05, noise: 1, dullness: 0.8 },
      ]),
      new Hum(random, {
        hertz: (seconds) => groan * (1 - 0.25 * ramp(seconds, after, after + 0.8)),
        harmonics: [0.6, 1, 0.7, 0.5, 0.3, 0.2],
        level: (seconds) => 0.28 * ramp(seconds, after, after + 0.12) * exponential(-3 * Math.max(0, seconds - after)),
        highestHz: 220,
      }),
    ];
  },
  motion: (stage) => {
    const random = new Random(stage.seed('motion'));
    const level = (0.6 + stage.strength) / Math.sqrt(stage.z);
    const hertz = random.between(8, 13);
    const pause = random.between(0.09, 0.2);
    return [
      new Shakes([
        { atSeconds: 0, level: 2.6 * level, hertz, decaySeconds: 0.14, axes: [0.25, 0.15, 1, 0, 0.02, 0] },
        { atSeconds: pause, level: 1.4 * level, hertz: hertz * 1.3, decaySeconds: 0.1, axes: [0.2, 0.1, 1, 0, 0, 0] },
      ]),
    ];
  },
  echoes: ({ z, strength }) => [
    { metres: z - 0.1, strength: 0.5 + 0.2 * strength, spreadMetres: 0.3 },
    { metres: z + 0.15, strength: 0.3, spreadMetres: 0.25 },
  ],
};
