import { Random } from '../random';
import { timesEvery } from '../schedule';
import { Hum } from '../sound/hum';
import { Strokes } from '../sound/strokes';
import type { EventDeclaration } from './event';

export const electricalArc: EventDeclaration = {
  id: 'electrical_arc',
  sensors: ['vision', 'thermal', 'audio'],
  phrases: ['an electrical arc', 'sparks from a panel', 'a sparking fuse box', 'an electric spark in a cabinet'],
  onset: 'lasting',
  draw: (stage) => {
    const { random, strength, wall } = stage;
    const [x, z] = [wall.x, wall.z - 0.14];
    stage.box({
      at: [x, 1.25, z],
      half: [0.5, 0.62, 0.1],
      colour: stage.nearly([166, 168, 172], 18),
      kelvin: stage.ambientKelvin + 5,
    });
    stage.box({
      at: [x, 1.25, z - 0.11],
      half: [0.42, 0.54, 0.01],
      colour: [62, 64, 70],
      kelvin: stage.ambientKelvin + 9,
    });
    let [across, high] = [random.between(-0.2, 0.2), 1.68];
    for (let piece = 0; piece < 5; piece++) {
      const to = [random.between(-0.3, 0.3), high - random.between(0.12, 0.22)] as const;
      const ends = { from: [x + across, high, z - 0.16], to: [x + to[0], to[1], z - 0.16] } as const;
      stage.rod({
        ...ends,
        radius: 0.03 + 0.02 * strength,
        colour: [214, 230, 255],
        glow: 1.5,
        kelvin: 700 + 250 * strength,
      });
      [across, high] = to;
    }
    stage.cloud({
      at: [x, 1.3, z - 0.2],
      radii: [0.4, 0.45, 0.12],
      colour: [150, 180, 255],
      density: 2.5,
      glow: 1.2,
      kelvin: stage.ambientKelvin + 60,
    });
    stage.lamp({ at: [x, 1.3, z - 0.4], colour: [50, 85, 190], power: 0.7 + 0.9 * strength });
  },
  sound: (stage) => {
    const random = new Random(stage.seed('sound'));
    // Twice a cycle of the mains, but not each time.
    const half = random.chance(0.5) ? 0.01 : 1 / 120;
    function* sparks() {
      for (const atSeconds of timesEvery(random, [half, half])) {
        if (!random.chance(0.45 + 0.4 * stage.strength)) continue;
        yield {
          atSeconds,
          level: random.between(0.3, 1),
          hertz: random.between(3500, 7000),
          decaySeconds: 0.0015,
          noise: 4,
        };
      }
    }
    return [
      new Strokes(new Random(stage.seed('sparks')), sparks()),
      new Hum(random, { hertz: 1 / half, harmonics: [1, 0.4, 0.3, 0.2], level: 0.06 }),
    ];
  },
};
