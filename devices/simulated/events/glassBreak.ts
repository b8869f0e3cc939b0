import { cosine, sine } from '../maths';
import { Random } from '../random';
import type { Stroke } from '../sound/strokes';
import { Strokes } from '../sound/strokes';
import type { EventDeclaration } from './event';

export const glassBreak: EventDeclaration = {
  id: 'glass_break',
  sensors: ['vision', 'thermal', 'audio'],
  phrases: ['breaking glass', 'a broken window', 'glass breaking', 'shattered glass'],
  onset: 'sudden',
  draw: (stage) => {
    const { random, scene, strength, wall } = stage;
    const { outdoorKelvin } = scene.climate;
    const [x, high, z] = [wall.x, random.between(1.35, 1.6), wall.z];
    const cool = stage.ambientKelvin - 2;
    stage.box({
      at: [x, high, z - 0.03],
      half: [0.95, 0.73, 0.02],
      colour: stage.nearly([226, 224, 216]),
      kelvin: cool,
    });
    stage.box({
      at: [x, high, z - 0.05],
      half: [0.86, 0.65, 0.01],
      colour: [150, 190, 215],
      glow: 0.35,
      kelvin: cool - 2,
    });
    // The hole: night outside, and cold air.
    const hole = 0.34 + 0.2 * strength;
    stage.ball({
      at: [x, high, z - 0.06],
      radii: [hole, hole * 0.85, 0.02],
      colour: [10, 12, 20],
      kelvin: outdoorKelvin,
    });
    const cracks = 9;
    for (let crack = 0; crack < cracks; crack++) {
      const turns = (crack + random.between(-0.3, 0.3)) / cracks;
      const reach = random.between(1.2, 1.9) * hole;
      const tip = [x + clip(reach * cosine(turns), 0.84), high + clip(reach * sine(turns), 0.63), z - 0.07] as const;
      stage.rod({ from: [x, high, z - 0.07], to: tip, radius: 0.028, colour: [8, 10, 16], kelvin: outdoorKelvin + 6 });
    }
    for (let shard = 0; shard < 10 + 8 * strength; shard++) {
      const at = [x + random.between(-0.9, 0.9), 0.03, z - random.between(0.25, 1.6)] as const;
      const half = [random.between(0.04, 0.13), 0.012, random.between(0.04, 0.13)] as const;
      const kelvin = cool - 3;
      stage.box({ at, half, yaw: random.between(0, 0.5), colour: [215, 238, 252], glow: 0.6, kelvin });
    }
  },
  sound: (stage) => {
    const random = new Random(stage.seed('sound'));
    const shards: Stroke[] = Array.from({ length: 30 }, () => ({
      atSeconds: 0.01 + 0.7 * random.next() * random.next(),
      level: random.between(0.08, 0.34),
      hertz: random.between(2300, 7000),
      decaySeconds: random.between(0.02, 0.09),
    }));
    const blow: Stroke = { atSeconds: 0, level: 1.1, hertz: 900, decaySeconds: 0.03, noise: 2 };
    return [
      new Strokes(
        random,
        [blow, ...shards].toSorted((a, b) => a.atSeconds - b.atSeconds),
      ),
    ];
  },
};

const clip = (value: number, most: number): number => Math.max(-most, Math.min(most, value));
