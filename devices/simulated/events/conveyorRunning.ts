import { Vibration } from '../motion/vibration';
import { Random } from '../random';
import { timesEvery } from '../schedule';
import { Band } from '../sound/band';
import { Hum } from '../sound/hum';
import { Strokes } from '../sound/strokes';
import type { Stage } from '../stage';
import type { EventDeclaration } from './event';

const motorHertz = (stage: Stage): number => new Random(stage.seed('motor')).between(24, 31);

export const conveyorRunning: EventDeclaration = {
  id: 'conveyor_running',
  sensors: ['vision', 'depth', 'thermal', 'audio', 'imu', 'radar'],
  phrases: ['a running conveyor', 'a conveyor belt running', 'a belt carrying boxes', 'a healthy machine in operation'],
  onset: 'lasting',
  draw: (stage) => {
    const { random, x, z, elapsedSeconds } = stage;
    const frame = stage.nearly([60, 96, 168], 25);
    const long = 1.1;
    stage.box({ at: [x, 0.68, z], half: [long, 0.05, 0.27], colour: [36, 36, 40], kelvin: stage.ambientKelvin + 5 });
    stage.box({ at: [x, 0.6, z - 0.28], half: [long, 0.09, 0.03], colour: frame });
    for (const along of [-0.85, 0, 0.85]) {
      stage.box({ at: [x + along, 0.28, z], half: [0.05, 0.28, 0.22], colour: frame });
      stage.ball({
        at: [x + along, 0.62, z - 0.33],
        radii: [0.09, 0.09, 0.06],
        colour: [160, 160, 164],
        kelvin: stage.ambientKelvin + 14,
      });
    }
    const carried = stage.nearly([188, 146, 96], 20);
    for (let item = 0; item < 3; item++) {
      const along = ((item + 0.15 * elapsedSeconds) % 3) / 1.5 - 1 + random.between(-0.1, 0.1);
      const size = random.between(0.13, 0.2);
      stage.box({ at: [x + along * long * 0.85, 0.73 + size, z], half: [size * 1.2, size, size], colour: carried });
    }
  },
  sound: (stage) => {
    const random = new Random(stage.seed('sound'));
    const hertz = motorHertz(stage);
    const pause = random.between(0.16, 0.24);
    function* rollers() {
      for (const atSeconds of timesEvery(random, [pause * 0.98, pause * 1.02])) {
        yield { atSeconds, level: 0.16, hertz: 310, decaySeconds: 0.02, noise: 1, dullness: 0.5 };
      }
    }
    return [
      new Hum(random, { hertz, harmonics: [0.4, 0.6, 0.3, 1, 0.3, 0.5, 0.2, 0.8, 0.2, 0.2, 0.1, 0.5], level: 0.12 }),
      new Band(random, { hertz: 420, widthHz: 300, level: 0.05 }),
      new Strokes(new Random(stage.seed('rollers')), rollers()),
    ];
  },
  motion: (stage) => {
    const random = new Random(stage.seed('motion'));
    const hertz = motorHertz(stage);
    const level = 0.34 * (0.5 + stage.strength);
    return [
      new Vibration(random, { hertz, level, axes: [0, 0.1, 1, 0, 0, 0], crossAxes: [0.5, 0, 0, 0, 0, 0] }),
      new Vibration(random, { hertz: 2 * hertz, level: 0.3 * level, axes: [0.2, 0.4, 1, 0, 0, 0] }),
    ];
  },
  echoes: ({ z, strength }) =>
    [0, 1, 2, 3, 4].map((roller) => ({
      metres: z - 0.4 + 0.25 * roller,
      strength: 0.9 + 0.4 * strength,
      spreadMetres: 0.02,
    })),
};
