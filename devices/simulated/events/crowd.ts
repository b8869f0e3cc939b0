import { standingPerson } from '../bodies';
import { sine } from '../maths';
import { Random } from '../random';
import { Spells } from '../schedule';
import { Band } from '../sound/band';
import { Hum } from '../sound/hum';
import { HALF_VIEW, type Stage } from '../stage';
import type { EventDeclaration } from './event';
import { feltSteps, heardSteps } from './steps';

const peopleIn = ({ strength }: Stage): number => 4 + Math.floor(3.99 * strength);

export const crowd: EventDeclaration = {
  id: 'crowd',
  sensors: ['vision', 'depth', 'thermal', 'audio', 'imu', 'radar'],
  phrases: ['a crowd', 'a crowd of people', 'many people talking', 'a busy group of people'],
  onset: 'lasting',
  draw: (stage) => {
    const { random, scene } = stage;
    const count = peopleIn(stage);
    for (let person = 0; person < count; person++) {
      const z = random.between(1.9, Math.min(scene.space.depth - 0.4, 4.6));
      const reach = Math.min(scene.space.halfWidth - 0.3, HALF_VIEW * z * 0.95);
      const x = reach * ((2 * (person + random.next())) / count - 1);
      standingPerson(stage, { x, z, stride: random.between(0, 0.6) });
    }
  },
  sound: (stage) => {
    const random = new Random(stage.seed('sound'));
    return Array.from({ length: 5 }, () => talker(new Random(random.integer(2 ** 30)))).flat();
  },
  motion: (stage) => {
    const random = new Random(stage.seed('motion'));
    return Array.from({ length: peopleIn(stage) }, () =>
      feltSteps(stage, { seed: random.integer(2 ** 30), pause: [0.3, 0.9], level: 0.3 }),
    );
  },
  echoes: (stage) => {
    const random = new Random(stage.seed('echoes'));
    return Array.from({ length: peopleIn(stage) }, () => ({
      metres: random.between(1.7, Math.min(stage.scene.space.depth - 0.3, 4.8)),
      strength: random.between(0.6, 1.3),
      spreadMetres: 0.1,
    }));
  },
};

/** Syllables of one voice: a tone with overtones, and the noise of its consonants. */
function talker(random: Random) {
  const hertz = random.between(95, 240);
  const syllables = new Spells(random, { length: [0.1, 0.28], pause: [0.02, 0.3] });
  const level = (seconds: number): number => {
    const progress = syllables.progress(seconds);
    return progress < 0 ? 0 : 0.09 * sine(progress / 2);
  };
  const melody = (seconds: number): number => hertz * (0.85 + 0.3 * syllables.at(seconds).chance);
  return [
    new Hum(random, { hertz: melody, harmonics: [1, 0.9, 1, 0.6, 0.7, 0.4, 0.25, 0.2], level, highestHz: 300 }),
    new Band(random, { hertz: random.between(600, 1900), widthHz: 350, level: (seconds) => 0.55 * level(seconds) }),
    heardSteps({ seed: random.integer(2 ** 30), pause: [0.5, 1.5], level: 0.06 }),
  ];
}
