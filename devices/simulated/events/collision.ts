import { Shakes } from '../motion/shakes';
import { Random } from '../random';
import { Strokes } from '../sound/strokes';
import type { EventDeclaration } from './event';

/** The robot has driven into something: it fills much of the picture. */
export const collision: EventDeclaration = {
  id: 'collision',
  sensors: ['vision', 'depth', 'audio', 'imu', 'radar'],
  phrases: [
    'a collision',
    'a collision with an obstacle',
    'the robot hitting an obstacle',
    'a crash into something close',
  ],
  onset: 'sudden',
  mounting: 'robot',
  draw: (stage) => {
    const { random, happening, scene } = stage;
    const x = 0.22 * happening.place.across;
    const z = random.between(0.5, 0.7);
    const high = scene.camera.heightMetres - random.between(0.05, 0.25);
    const half = [random.between(0.24, 0.36), high / 2, 0.12] as const;
    stage.box({
      at: [x, high / 2, z],
      half,
      yaw: random.between(-0.05, 0.05),
      colour: stage.nearly([172, 130, 84], 30),
    });
    // What was on it falls towards the camera.
    const thrown = stage.nearly([150, 110, 70], 30);
    stage.box({ at: [x + 0.2, high + 0.06, z], half: [0.08, 0.06, 0.06], yaw: 0.1, colour: thrown });
    stage.box({ at: [x, high * 0.75, z - 0.13], half: [0.05, high * 0.2, 0.005], colour: [235, 60, 50] });
  },
  sound: (stage) => {
    const random = new Random(stage.seed('sound'));
    return [
      new Strokes(random, [
        { atSeconds: 0, level: 1.3, hertz: random.between(120, 200), decaySeconds: 0.05, noise: 1.2, dullness: 0.3 },
        { atSeconds: 0, level: 0.5, hertz: random.between(420, 700), decaySeconds: 0.15 },
        {
          atSeconds: random.between(0.08, 0.14),
          level: 0.5,
          hertz: 260,
          decaySeconds: 0.04,
          noise: 1.2,
          dullness: 0.4,
        },
      ]),
    ];
  },
  motion: (stage) => {
    const random = new Random(stage.seed('motion'));
    const level = 9 * (0.5 + stage.strength);
    const hertz = random.between(15, 24);
    return [
      new Shakes([
        { atSeconds: 0, level, hertz, decaySeconds: 0.08, axes: [-1, 0.2, 0.3, 0.01, 0.06, 0.03] },
        { atSeconds: 0, level: 0.3 * level, hertz: 0, decaySeconds: 0.05, axes: [-1, 0, 0, 0, 0, 0] },
      ]),
    ];
  },
  echoes: ({ strength, random }) => [{ metres: random.between(0.5, 0.7), strength: 3 + strength, spreadMetres: 0.04 }],
};
