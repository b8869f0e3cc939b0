import { Random } from '../random';
import { Hum } from '../sound/hum';
import type { EventDeclaration } from './event';

export const alarm: EventDeclaration = {
  id: 'alarm',
  sensors: ['vision', 'audio'],
  phrases: ['an alarm', 'an alarm sounding', 'a red warning beacon', 'a siren going off'],
  onset: 'lasting',
  draw: (stage) => {
    const { random, strength, wall } = stage;
    const [x, high, z] = [wall.x, random.between(1.8, 2.1), wall.z - 0.15];
    stage.box({ at: [x, high - 0.26, z], half: [0.2, 0.07, 0.1], colour: [230, 226, 220] });
    stage.ball({ at: [x, high, z], radii: [0.24, 0.24, 0.15], colour: [255, 28, 20], glow: 1.4 });
    stage.lamp({ at: [x, high, z - 0.3], colour: [190, 8, 4], power: 1 + strength });
  },
  sound: (stage) => {
    const random = new Random(stage.seed('sound'));
    const high = random.between(1900, 3100);
    const low = high * random.between(0.72, 0.86);
    const period = random.between(0.25, 0.6);
    const hertz = (seconds: number): number => ((seconds / period) % 1 < 0.5 ? high : low);
    return [new Hum(random, { hertz, harmonics: [1, 0, 0.33], level: 0.3, highestHz: high / 1.2 })];
  },
};
