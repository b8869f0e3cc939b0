import { Random } from '../random';
import type { Stroke } from '../sound/strokes';
import { Strokes } from '../sound/strokes';
import type { EventDeclaration } from './event';

/** Somebody outside knocks at a door or a wall: heard in the room, seen by nobody in it. */
export const knocking: EventDeclaration = {
  id: 'knocking',
  sensors: ['audio'],
  phrases: ['knocking', 'someone knocking', 'a knock at the door', 'knocks on the wall'],
  onset: 'sudden',
  sound: (stage) => {
    const random = new Random(stage.seed('sound'));
    const pause = random.between(0.14, 0.22);
    const hertz = random.between(240, 420);
    const knocks: Stroke[] = Array.from({ length: 3 + random.integer(2) }, (_, index) => ({
      ...{ atSeconds: index * pause * random.between(0.97, 1.03), level: random.between(0.7, 0.9) },
      ...{ hertz: hertz * random.between(0.97, 1.03), decaySeconds: 0.022, noise: 1, dullness: 0.5 },
    }));
    return [new Strokes(random, knocks)];
  },
};
