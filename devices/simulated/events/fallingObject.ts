import { Shakes } from '../motion/shakes';
import { Random } from '../random';
import { Strokes } from '../sound/strokes';
import type { Stage } from '../stage';
import type { EventDeclaration } from './event';

/** When the boxes hit the floor, one after another, and how hard. */
function hits(stage: Stage): { readonly atSeconds: number; readonly level: number }[] {
  const random = new Random(stage.seed('hits'));
  const count = 4 + Math.floor(3 * stage.strength);
  let atSeconds = 0;
  return Array.from({ length: count }, (_, index) => {
    const hit = { atSeconds, level: 1 / (1 + 0.35 * index) };
    atSeconds += random.between(0.07, 0.17);
    return hit;
  });
}

export const fallingObject: EventDeclaration = {
  id: 'falling_object',
  sensors: ['vision', 'depth', 'audio', 'imu', 'radar'],
  phrases: ['a falling object', 'boxes falling over', 'a toppled stack of boxes', 'things dropped on the floor'],
  onset: 'sudden',
  reachMetres: 3,
  draw: (stage) => {
    const { random, x, z, strength } = stage;
    const card = stage.nearly([190, 146, 96], 15);
    for (let box = 0; box < 7 + Math.floor(3 * strength); box++) {
      const size = random.between(0.13, 0.22);
      const heap = box < 2 ? 0.28 : 0;
      const at = [
        x + random.between(-0.75, 0.75) * (heap ? 0.3 : 1),
        size + heap,
        z + random.between(-0.4, 0.45),
      ] as const;
      const half = [size * random.between(0.9, 1.5), size, size * random.between(0.8, 1.3)] as const;
      stage.box({ at, half, yaw: random.between(0, 0.5), colour: stage.nearly([card[0], card[1], card[2]], 12) });
    }
  },
  sound: (stage) => {
    const random = new Random(stage.seed('sound'));
    const strokes = hits(stage).map(({ atSeconds, level }) => ({
      ...{ atSeconds, level: 0.9 * level, hertz: random.between(130, 320) },
      ...{ decaySeconds: 0.03, noise: 1.6, dullness: 0.45 },
    }));
    return [new Strokes(random, strokes)];
  },
  motion: (stage) => {
    const random = new Random(stage.seed('motion'));
    const near = 1 / Math.sqrt(stage.z);
    return [
      new Shakes(
        hits(stage).map(({ atSeconds, level }) => ({
          ...{ atSeconds, level: 1.6 * near * level * (0.6 + 0.6 * stage.strength), hertz: random.between(26, 42) },
          ...{ decaySeconds: 0.03, axes: [0.3, 0.3, 1, 0, 0, 0] as const },
        })),
      ),
    ];
  },
  echoes: (stage) =>
    Array.from({ length: 5 }, () => ({
      metres: stage.z + stage.random.between(-0.5, 0.5),
      strength: stage.random.between(0.15, 0.5),
      spreadMetres: 0.03,
    })),
};
