import { cosine, sine } from '../maths';
import { Shakes } from '../motion/shakes';
import { Random } from '../random';
import { Strokes } from '../sound/strokes';
import type { EventDeclaration } from './event';

/** The frame stands this far behind the place, so that the open leaf is in it. */
const AWAY = 0.4;

/** A door that a draught throws: it stands open in its frame afterwards. */
export const doorSlam: EventDeclaration = {
  id: 'door_slam',
  sensors: ['vision', 'depth', 'audio', 'imu', 'radar'],
  phrases: ['a door slam', 'a door slamming', 'a door banging', 'a slammed door'],
  onset: 'sudden',
  reachMetres: 3.2,
  draw: (stage) => {
    const { random, x } = stage;
    const z = stage.z + AWAY;
    const side = random.chance(0.5) ? 1 : -1;
    const frame = { colour: stage.nearly([222, 218, 208], 25) };
    for (const edge of [-1, 1]) stage.box({ at: [x + edge * 0.66, 1.05, z], half: [0.2, 1.05, 0.06], ...frame });
    stage.box({ at: [x, 2.15, z], half: [0.86, 0.1, 0.06], ...frame });
    stage.box({ at: [x, 1.03, z + 0.35], half: [0.5, 1.03, 0.02], colour: [16, 15, 18] });
    const wood = stage.nearly([168, 106, 58], 25);
    const swing = random.between(0.09, 0.18);
    const [along, out] = [0.45 * cosine(swing), 0.45 * sine(swing)];
    const hinge = x + side * 0.46;
    const leaf = { half: [0.45, 1, 0.035], yaw: side * swing, colour: wood, glow: 0.15 } as const;
    stage.box({ at: [hinge + side * along, 1.02, z - 0.06 - out], ...leaf });
    const knob = [hinge + side * 1.75 * along, 1, z - 0.14 - 1.75 * out] as const;
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
  echoes: ({ z, strength }) => [
    { metres: z + AWAY, strength: 0.9 + 0.4 * strength, spreadMetres: 0.03 },
    { metres: z + AWAY - 0.4, strength: 0.7 + 0.5 * strength, spreadMetres: 0.25 },
  ],
};
