import { sine } from '../maths';
import { Random } from '../random';
import { Band } from '../sound/band';
import { Hum } from '../sound/hum';
import type { EventDeclaration } from './event';

export const drone: EventDeclaration = {
  id: 'drone',
  sensors: ['vision', 'depth', 'thermal', 'audio', 'radar'],
  phrases: ['a drone', 'a drone flying', 'a hovering quadcopter', 'a small aircraft in the air'],
  onset: 'lasting',
  reachMetres: 3.6,
  draw: (stage) => {
    const { random, scene, elapsedSeconds } = stage;
    const size = random.between(1.2, 1.7);
    const z = 0.75 * stage.z;
    const x = 0.7 * stage.x;
    const high =
      Math.min(scene.space.height - 0.4, scene.camera.heightMetres + random.between(0.15, 0.5)) +
      0.05 * sine(0.3 * elapsedSeconds);
    const dark = stage.nearly([36, 36, 42], 12);
    stage.ball({
      at: [x, high, z],
      radii: [0.17 * size, 0.08 * size, 0.17 * size],
      colour: dark,
      kelvin: stage.ambientKelvin + 12,
    });
    stage.ball({ at: [x, high - 0.07 * size, z - 0.1], radii: [0.05, 0.05, 0.05], colour: [60, 220, 90], glow: 1.1 });
    for (const across of [-1, 1]) {
      for (const away of [-1, 1]) {
        const end = [x + across * 0.34 * size, high + 0.02, z + away * 0.16 * size] as const;
        stage.rod({ from: [x, high, z], to: end, radius: 0.025 * size, colour: dark, kelvin: stage.ambientKelvin + 4 });
        stage.ball({
          at: end,
          radii: [0.06 * size, 0.05 * size, 0.06 * size],
          colour: dark,
          kelvin: stage.ambientKelvin + 26,
        });
        const disc = [end[0], end[1] + 0.05 * size, end[2]] as const;
        stage.ball({ at: disc, radii: [0.2 * size, 0.014, 0.2 * size], colour: [140, 142, 150] });
      }
    }
  },
  sound: (stage) => {
    const random = new Random(stage.seed('sound'));
    const hertz = random.between(160, 240);
    const rotors = [0, 1, 2].map((rotor) => {
      const drift = random.between(0.2, 0.7);
      const own = hertz * random.between(0.97, 1.03);
      const harmonics = [1, 0.9, 0.6, 0.6, 0.4, 0.4, 0.3, 0.3, 0.2, 0.2, 0.15, 0.15];
      return new Hum(random, {
        hertz: (s) => own * (1 + 0.02 * sine(drift * s + rotor / 3)),
        harmonics,
        level: 0.07,
        highestHz: 255,
      });
    });
    return [...rotors, new Band(random, { hertz: 4000, widthHz: 3000, level: 0.03 })];
  },
  echoes: (stage) => {
    const at = 0.75 * stage.z;
    return [
      { metres: at, strength: 0.4 + 0.2 * stage.strength, spreadMetres: 0.02 },
      { metres: at - 0.22, strength: 0.28, spreadMetres: 0.02 },
      { metres: at + 0.22, strength: 0.28, spreadMetres: 0.02 },
    ];
  },
};
