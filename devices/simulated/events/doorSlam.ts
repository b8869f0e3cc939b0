import { cosine, sine } from '../maths';
import { Shakes } from '../motion/shakes';
import { Random } from '../random';
import { Strokes } from '../sound/strokes';
import type { EventDeclaration } from './event';

/** A door that a draught throws open against the wall: it stands wide open afterwards. */
export const doorSlam: EventDeclaration = {
  id: 'door_slam',
  sensors: ['vision', 'depth', 'audio', 'imu', 'radar'],
  phrases: ['a door slam', 'a door slamming', 'a door banging', 'a slammed door'],
  onset: 'sudden',
  draw: (stage) => {
    const { random, wall } = stage;
    const [x, z] = [wall.x, wall.z];
    const side = random.chance(0.5) ? 1 : -1;
    stage.box({ at: [x, 1.05, z - 0.02], half: [0.58, 1.07, 0.02], colour: stage.nearly([222, 218, 208], 25) });
    stage.box({ at: [x, 1.02, z - 0.04], half: [0.5, 1.02, 0.01], colour: [16, 15, 18] });
    const wood = stage.nearly([150, 96, 54], 30);
    const swing = random.between(0.11, 0.19);
    const [along, out] = [0.47 * cosine(swing), 0.47 * sine(swing)];
    const hinge = x + side * 0.5;
    const leaf = { half: [0.47, 1, 0.035], yaw: side * swing, colour: wood } as const;
    stage.box({ at: [hinge + side * along, 1.02, z - 0.06 - out], ...leaf });
    const knob = [hinge + side * 1.75 * along, 1, z - 0.12 - 1.75 * out] as const;
    stage.ball({ at: knob, radii: [0.06, 0.06, 0.06], colour: [222, 210, 120] });
  },
  sound: (stage) => {
    const random = new Random(stage.seed('sound'));
    const hertz = random.between(58, 95);
    return [
      new Strokes(
        random,
        [
          { atSeconds: 0, level: 1.3, hertz, decaySeconds: 0.09, noise: 1, dullness: 0.7 },
          { atSeconds: 0, level: 0.6, hertz: random.between(320, 480), decaySeconds: 0.02, noise: 1.5, dullness: 0.2 },
          ...[1, 2, 3].map((bounce) => ({
            atSeconds: bounce * random.between(0.055, 0.085),
            level: 0.4 / bounce,
            hertz: 2.1 * hertz,
            decaySeconds: 0.03,
            noise: 1,
            dullness: 0.5,
          })),
        ].toSorted((a, b) => a.atSeconds - b.atSeconds),
      ),
    ];
  },
  motion: (stage) => {
    const random = new Random(stage.seed('motion'));
    const level = 1.5 * (0.5 + stage.strength);
    const axes = [1, 0.4, 0.15, 0, 0, 0] as const;
    return [new Shakes([{ atSeconds: 0, level, hertz: random.between(24, 34), decaySeconds: 0.06, axes }])];
  },
  echoes: ({ wall, strength }) => [{ metres: wall.z - 0.5, strength: 0.9 + 0.5 * strength, spreadMetres: 0.3 }],
};
