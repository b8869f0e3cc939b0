import { ramp, sine } from '../maths';
import { Rumble, Vibration } from '../motion/vibration';
import { Random } from '../random';
import { Band } from '../sound/band';
import { Hum } from '../sound/hum';
import type { EventDeclaration } from './event';

const SECONDS = 0.9;

/** 1 while the wheels slip, 0 before and after. */
const slipping = (seconds: number): number => ramp(seconds, 0, 0.05) * (1 - ramp(seconds, SECONDS - 0.1, SECONDS));

export const wheelSlip: EventDeclaration = {
  id: 'wheel_slip',
  sensors: ['vision', 'audio', 'imu'],
  phrases: ['wheel slip', 'wheels slipping on an oily floor', 'a skid on a slick patch', 'the robot skidding on oil'],
  onset: 'sudden',
  mounting: 'robot',
  draw: (stage) => {
    const { random, strength, happening } = stage;
    const [x, z] = [0.5 * happening.place.across, random.between(1.5, 2.1)];
    const [wide, deep] = [0.6 + 0.4 * strength, 0.45 + 0.3 * strength];
    stage.ball({ at: [x, 0.012, z], radii: [wide, 0.012, deep], colour: [16, 14, 22], glow: 0.2 });
    const sheens = [
      [122, 62, 150],
      [58, 120, 142],
      [150, 122, 52],
    ] as const;
    sheens.forEach((colour, index) => {
      const size = 0.7 - 0.2 * index;
      stage.ball({
        at: [x + 0.06 * index, 0.02 + 0.004 * index, z],
        radii: [wide * size, 0.008, deep * size],
        colour,
        glow: 0.3,
      });
    });
    // Tracks of the wheels across it.
    for (const side of [-1, 1]) {
      const from = [x + side * 0.22, 0.02, z - deep] as const;
      stage.rod({ from, to: [x + side * 0.22 + 0.3, 0.02, z + deep + 0.5], radius: 0.04, colour: [12, 11, 12] });
    }
  },
  sound: (stage) => {
    const random = new Random(stage.seed('sound'));
    const squeal = random.between(900, 1400);
    const wobble = random.between(7, 12);
    const motor = random.between(160, 210);
    return [
      new Hum(random, {
        hertz: (s) => squeal * (1 + 0.06 * sine(wobble * s)),
        harmonics: [1, 0.5, 0.2],
        level: (s) => 0.25 * slipping(s),
        highestHz: 1500,
      }),
      new Hum(random, {
        hertz: (s) => motor * (1 + 0.5 * slipping(s)),
        harmonics: [1, 0.6, 0.4],
        level: (s) => 0.12 * slipping(s),
        highestHz: 330,
      }),
      new Band(random, { hertz: 1800, widthHz: 1500, level: (s) => 0.08 * slipping(s) }),
    ];
  },
  motion: (stage) => {
    const random = new Random(stage.seed('motion'));
    const level = 0.5 + stage.strength;
    const hertz = random.between(1.6, 2.6);
    return [
      new Vibration(random, {
        hertz,
        level: (s) => level * slipping(s),
        axes: [0, 0.7, 0, 0, 0, 0.6],
        crossAxes: [0.3, 0.2, 0, 0, 0, 0.1],
      }),
      new Rumble(random, {
        level: (s) => level * slipping(s),
        axes: [
          [0.5, 0, 0, 0, 0, 0],
          [0, 0.35, 0, 0, 0, 0.05],
        ],
      }),
    ];
  },
};
