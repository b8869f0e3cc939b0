import { sine } from '../maths';
import { Random } from '../random';
import { Band } from '../sound/band';
import { Hum } from '../sound/hum';
import type { EventDeclaration } from './event';

/** Compressed air out of a fitting that no camera sees. */
export const gasLeak: EventDeclaration = {
  id: 'gas_leak',
  sensors: ['audio'],
  phrases: ['a gas leak', 'air escaping from a fitting', 'a whistling gas line', 'a leaking compressed air hose'],
  onset: 'lasting',
  sound: (stage) => {
    const random = new Random(stage.seed('sound'));
    const whistle = random.between(3200, 4600);
    const drift = random.between(0.3, 1.2);
    const hertz = (seconds: number): number => whistle * (1 + 0.012 * sine(drift * seconds));
    return [
      new Band(random, { hertz: whistle, widthHz: 500, level: 0.1 }),
      new Hum(random, { hertz, harmonics: [1], level: 0.1, highestHz: 4700 }),
    ];
  },
};
