import { sine } from '../maths';
import { Shakes } from '../motion/shakes';
import { Vibration } from '../motion/vibration';
import { Random } from '../random';
import { timesEvery } from '../schedule';
import { Hum } from '../sound/hum';
import { Strokes } from '../sound/strokes';
import type { Stage } from '../stage';
import type { EventDeclaration } from './event';

const shaftHertz = (stage: Stage): number => new Random(stage.seed('shaft')).between(23, 31);

/** Balls of a bearing with nine of them pass a flaw of the outer race this often a turn. */
const OUTER_RACE = 3.58;
/** Its cage turns this often a turn of the shaft. */
const CAGE = 0.398;

/** A motor whose bearing is damaged: hot, oily, and knocking with every ball that passes the flaw. */
export const bearingFault: EventDeclaration = {
  id: 'bearing_fault',
  sensors: ['vision', 'depth', 'thermal', 'audio', 'imu', 'radar'],
  phrases: [
    'a bearing fault',
    'a motor with a bearing fault',
    'a damaged rattling motor',
    'a worn bearing in a machine',
  ],
  onset: 'lasting',
  draw: (stage) => {
    const { random, x, z, strength } = stage;
    const body = stage.nearly([70, 122, 88], 20);
    stage.box({ at: [x, 0.12, z], half: [0.72, 0.12, 0.36], colour: [64, 64, 66] });
    stage.rod({
      from: [x - 0.5, 0.58, z],
      to: [x + 0.15, 0.58, z],
      radius: 0.33,
      colour: body,
      kelvin: stage.ambientKelvin + 14,
    });
    stage.rod({
      from: [x + 0.4, 0.58, z],
      to: [x + 0.8, 0.58, z],
      radius: 0.07,
      colour: [170, 170, 176],
      kelvin: stage.ambientKelvin + 20,
    });
    const hot = stage.ambientKelvin + 45 + 35 * strength;
    stage.ball({
      at: [x + 0.52, 0.58, z - 0.05],
      radii: [0.13, 0.22, 0.22],
      colour: [200, 84, 24],
      kelvin: hot,
      glow: 0.3,
    });
    // Oil that ran out of it.
    stage.ball({ at: [x + 0.35, 0.012, z - 0.45], radii: [0.55, 0.012, 0.3], colour: [24, 17, 10] });
    for (let spark = 0; spark < 7; spark++) {
      const at = [x + 0.52 + random.between(-0.28, 0.34), 0.58 + random.between(0.1, 0.55), z - 0.2] as const;
      stage.ball({ at, radii: [0.03, 0.03, 0.03], colour: [255, 226, 120], glow: 1.3 });
    }
  },
  sound: (stage) => {
    const random = new Random(stage.seed('sound'));
    const shaft = shaftHertz(stage);
    const flaw = random.between(2700, 3400);
    const period = 1 / (shaft * OUTER_RACE);
    function* knocks() {
      for (const atSeconds of timesEvery(random, [period * 0.99, period * 1.01])) {
        const level = (0.2 + 0.3 * stage.strength) * (1 + 0.5 * sine(shaft * atSeconds));
        yield { atSeconds, level, hertz: flaw, decaySeconds: 0.0022, noise: 0.3 };
      }
    }
    return [
      new Hum(random, {
        hertz: shaft,
        harmonics: [0.5, 0.8, 0.2, 0.7, 0.2, 0.2, 0.1, 0.6, 0.1, 0.1, 0.1, 0.4],
        level: 0.09,
      }),
      new Strokes(new Random(stage.seed('knocks')), knocks()),
    ];
  },
  motion: (stage) => {
    const random = new Random(stage.seed('motion'));
    const shaft = shaftHertz(stage);
    const pause = 1 / (shaft * CAGE);
    const ringing = random.between(55, 82);
    function* knocks() {
      for (const atSeconds of timesEvery(random, [pause * 0.97, pause * 1.03])) {
        const level = (0.5 + stage.strength) * random.between(1, 1.5);
        yield { atSeconds, level, hertz: ringing, decaySeconds: 0.016, axes: [0.25, 1, 0.5, 0, 0, 0] } as const;
      }
    }
    return [
      new Vibration(random, { hertz: shaft, level: 0.2 * (0.5 + stage.strength), axes: [0, 0.4, 1, 0, 0, 0] }),
      new Shakes(knocks()),
    ];
  },
  echoes: ({ z, strength }) => [
    { metres: z, strength: 2.4 + 0.8 * strength, spreadMetres: 0.03 },
    { metres: z - 0.3, strength: 0.5, spreadMetres: 0.03 },
    { metres: z + 0.3, strength: 0.5, spreadMetres: 0.03 },
  ],
};
